// Which Python type a block is an object of.
//
// A block becomes an object after the allocator returned it. So its type is read at the next event of its thread that
// holds the interpreter's lock - a call of the MEM or OBJ domain -, which mostly comes when the object is complete; and
// before the block is freed. Nobody can free it in between without such an event: when another thread has taken the lock
// over, its first event reads the type on behalf of the one before (worlds.h). Free-threaded builds have no such lock; there
// whoever frees a block takes it off the list of what is pending.
//
// A reader of the trace takes a block for an object of the type that its site had last; only differences are written.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>

#include "../lane.h"
#include "code.h"
#include "reuse.h"
#include "runtime.h"
#include "worlds.h"

#pragma GCC visibility push(hidden)  // see meson.build
namespace heapledger::python {

/// Where objects keep their types; constant once there is an interpreter.
struct TypeReader {
  std::uint32_t words[3] = {};  ///< where a block may have ob_type: objects with a collector's header, bare ones, ...
  bool is_on = false;           ///< types are read
  bool free_threaded = false;
};
extern constinit TypeReader g_type_reader;
/// Called when the interpreter was found, with its layout in place.
void start_types(const void* type_type) noexcept;
/// What is recorded from here on has no types.
void stop_types() noexcept;

/// Whether blocks that the calling thread allocates on its lane get types; settle() has been called.
inline bool has_types(const Lane& lane) noexcept {
  const void* interpreter = t_state.interpreter;
  return interpreter != nullptr && (interpreter == g_adopted.load(std::memory_order_relaxed) || adopt_interpreter(lane));
}

/// As for code objects: type objects freed in each class of addresses, and all of them.
inline constexpr std::uint32_t kTypeGenerations = 1024;
extern constinit std::atomic<std::uint32_t> g_type_generation[kTypeGenerations];
extern constinit std::atomic<std::uint32_t> g_type_epoch;
/// All type objects that were ever named and can end lie in this range.
extern constinit std::atomic<std::uintptr_t> g_type_low, g_type_high;

[[gnu::cold, gnu::noinline]] void note_type_end(const void* block) noexcept;
/// False: the address may be another type's by now.
[[nodiscard]] bool is_alive(const KnownType& known) noexcept;

/// An OBJ block is about to be freed or moved; it may be a type.
inline void forget_type(const void* block) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  const std::uintptr_t low = g_type_low.load(std::memory_order_relaxed);
  if (address - low < g_type_high.load(std::memory_order_relaxed) - low) [[unlikely]] note_type_end(block);
}

/// Free-threaded builds, before a block is freed: its thread must not look at it any more.
[[gnu::cold, gnu::noinline]] void cancel_pending(const void* block) noexcept;

[[gnu::noinline]] void settle_slowly(Lane& lane, const void* ending) noexcept;
/// The last record's block is of an interpreter without types: readers are not to take it for what the site had last.
[[gnu::cold, gnu::noinline]] void disown(Lane& lane, std::uint32_t site) noexcept;
/// Reads on behalf of a lane whose thread does not hold the lock any more.
void find_for(Lane& lane, const PendingObject& object, PendingState& state) noexcept;
/// Free-threaded builds: between `block` and 0 the lane's pending word is `block | 1` while the block is read.
void settle_claimed(Lane& lane) noexcept;

/// The thread is about to do something with Python's allocators: what it allocated before is an object by now.
/// `ending`: the block that it is about to free.
[[gnu::always_inline]] inline void settle(Lane& lane, const void* ending = nullptr) noexcept {
  if (g_recording->object_lane.load(std::memory_order_relaxed) != &lane) [[unlikely]]
    take_over(lane);
  const PendingObject& pending = lane.pending;
  if (lane.aside_count == 0) [[likely]] {
    if (pending.block == nullptr) [[likely]] return;
    const KnownType& known = lane.types.data()[pending.predicted];
    if (known.word + sizeof(void*) <= pending.size && known.epoch == g_type_epoch.load(std::memory_order_relaxed) &&
        load<const std::byte*>(pending.block, known.word) == known.type) [[likely]] {
      lane.pending.block = nullptr;
      return;
    }
  }
  settle_slowly(lane, ending);
}

/// A fresh block must not show the type of what lay there before: blanks the words 8, 24 and 40, where types are, and those
/// between.
[[gnu::always_inline]] inline void blank(void* block, std::size_t size) noexcept {
  auto* const from = static_cast<std::byte*>(block) + 8;
  if (size >= 48) {
    std::memset(from, 0, 40);
  } else if (size >= 32) {
    std::memset(from, 0, 24);
  } else if (size >= 16) {
    std::memset(from, 0, 8);
  }
}

/// As below, of a type that the site did not have last.
[[gnu::cold, gnu::noinline]] std::uint32_t number_of_reused(Lane& lane, const std::byte* type) noexcept;
/// Whether the lane can predict the type.
[[nodiscard]] bool knows_type(Lane& lane, const std::byte* type) noexcept;

/// Number of the type of an object that begins in a block that is none of the allocator's; 0: types are not read here.
[[gnu::always_inline]] inline std::uint32_t type_of_reuse(Lane& lane, const std::byte* type, std::uint32_t site) noexcept {
  if (!has_types(lane)) [[unlikely]] return 0;
  const std::uint32_t predicted = lane.sites.data()[site].last_type;
  const KnownType& known = lane.types.data()[predicted];
  const bool right = known.type == type && known.epoch == g_type_epoch.load(std::memory_order_relaxed);
  return right ? predicted : number_of_reused(lane, type);
}

/// The lane's last record is the allocation of this block of the object domain.
[[gnu::always_inline]] inline void expect(Lane& lane, const void* block, std::size_t size, std::uint32_t site) noexcept {
  if (g_follows_reuse.load(std::memory_order_relaxed)) [[unlikely]]
    note_birth(lane, block, size, site);
  if (site == 0) [[unlikely]] return;  // there was no memory for it; nothing can be said of its blocks
  const void* interpreter = t_state.interpreter;
  if (interpreter != g_adopted.load(std::memory_order_relaxed) || interpreter == nullptr) [[unlikely]]
    if (!adopt_interpreter(lane)) return disown(lane, site);
  lane.pending = {static_cast<const std::byte*>(block), size, lane.cursor, site, lane.sites.data()[site].last_type};
}

}  // namespace heapledger::python
#pragma GCC visibility pop
