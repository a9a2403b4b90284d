// A lane: one ordered stream of records and everything its writer remembers. A thread owns a lane while it lives; the
// next thread inherits the lane with its tables, so that ten thousand short threads cost one set.
//
//   free (owner 0) --acquire()--> owned by a thread --release() at its end--> free ...
//
// Lanes lie in memory that fork wipes (see Recording): a lane full of zeros has no room, and the first event of a forked
// child finds its way into refill() by that alone. No lock, no system call on the hot path.
#pragma once

#include <atomic>
#include <cstdint>

#include "../trace/codec.h"
#include "intern_table.h"
#include "trace_file.h"

#pragma GCC visibility push(hidden)  // see meson.build
namespace heapledger {

/// One Python frame of the last stack that was walked, outermost first.
struct SeenFrame {
  const std::byte* frame;
  const std::byte* code;
  std::uint64_t position;  ///< instruction pointer or f_lasti, as it lies in the frame
  std::uint32_t node;      ///< this frame as caller; kNoNode until somebody asks
  std::uint32_t flags;     ///< kHidden: an interpreter-internal frame, no node of its own
};
inline constexpr std::uint32_t kNoNode = 0xffffffff;

/// A frame under its callers, in a role: as a caller itself, or as the place of a call to an allocator.
struct NameKey {
  std::uint64_t place;    ///< its code object, position and role; kNowhere: they do not fit
  std::uint32_t parent;   ///< node of its callers
};
inline constexpr std::uint64_t kNowhere = ~std::uint64_t{0};
/// The number that it has: of a node or of a site. What is all zeros names nothing.
struct Name {
  std::uint64_t place;
  std::uint32_t parent, number;
  /// One branch for all of it.
  [[nodiscard]] bool is_of(NameKey key) const noexcept {
    return ((place ^ key.place) | (parent ^ key.parent)) == 0;
  }
};
/// Names that want the same place, the newest first. A program's hot ones should fit into the first cache beside its own
/// data, and be found there: those of a function called from everywhere are some hundred.
struct alignas(64) NameSet {
  Name names[4];
};
inline constexpr std::uint32_t kNameSets = 256;
/// Role of a frame: trace::Api, or this.
inline constexpr std::uint32_t kAsCaller = 31;
static_assert(trace::kApiCount <= kAsCaller);

/// SeenFrame::flags: the interpreter's own, never named.
inline constexpr std::uint32_t kHidden = 1;

inline constexpr std::uint32_t kBlank = 4;

/// Last stack of a lane, for comparison with the present one (python/remembered_stack.cc). Its array begins with kBlank
/// frames that are all zeros: what is outside the outermost frame has no address, and node 0.
struct StackCache {
  GrowingArray<SeenFrame> frames;
  SeenFrame* innermost;
  SeenFrame* visible;     ///< innermost that is not hidden; a blank one: there is none
  std::uint32_t epoch;    ///< python::g_code_epoch when the names were given
  std::uint32_t bare[trace::kApiCount];  ///< sites of calls without a Python frame, 0: not named yet
  NameSet names[kNameSets];

  /// The blank frame next to the outermost one.
  [[nodiscard]] SeenFrame* outside() noexcept { return frames.data() + kBlank - 1; }
  /// Remembers no stack. The array is there.
  void forget() noexcept { innermost = visible = outside(); }
};

/// A code object known by address; valid while the generation of its address stands (python/code.h).
struct CodeSlot {
  const std::byte* code;
  std::uint32_t generation;
  std::uint32_t number;
};
inline constexpr std::uint32_t kCodeSlots = 2048;

/// A type of Python as the lane knows it: where a block has the pointer to it.
inline constexpr std::uint32_t kNoWord = 0x7fffffff;
struct KnownType {
  const std::byte* type;
  std::uint32_t word;     ///< offset of ob_type in blocks of this type; of number 0: kNoWord, behind every block
  std::uint32_t epoch;    ///< python::g_type_epoch when it was seen last; in another, the address may be another type's
  std::uint32_t generation;  ///< of the address when it was seen last
  std::uint32_t attributes;  ///< names of its instances' attributes that are in the trace
  std::uint32_t world;       ///< Lane::world_serial when it was seen last
  std::uint8_t waits;        ///< so many more of its instances wait for parts (python/parts.h), and are not settled at first sight
};
/// The same by address. Valid while the generation of the address stands (python/types.h).
struct TypeSlot {
  const std::byte* type;
  std::uint32_t generation;
  std::uint32_t number;  ///< 0: no type lies there
  std::uint32_t word;
};
inline constexpr std::uint32_t kTypeSlots = 2048;

/// A block of the object domain whose type is not known yet: the program has not made an object of it.
struct PendingObject {
  const std::byte* block;  ///< nullptr: there is none
  std::uint64_t size;
  const std::byte* end;    ///< of its record; the lane's cursor while it is the last one
  std::uint32_t site;
  std::uint32_t predicted; ///< the type that a reader takes it for
};
/// What is known of a pending object without looking at it.
struct PendingState {
  /// Found by another thread, when that took over the interpreter: the block may be gone by now.
  const std::byte* type;
  std::uint32_t generation;
  bool found;
  bool passed;             ///< another thread took over and saw nothing yet: the block may have ended out of our sight
  std::uint8_t looks;      ///< how often it was looked at in vain
};
struct SetAside {
  PendingObject object;
  PendingState state;
};
inline constexpr std::uint32_t kPendingObjects = 8;

using World = Recording::World;
inline constexpr std::uint32_t kNoWorld = 0xffffffff;
/// Pending objects of another world than the one that the lane's thread is in.
struct LeftBehind {
  World* world;
  std::uint32_t serial;
  std::uint32_t count;
  SetAside set[kPendingObjects + 1];
};
inline constexpr std::uint32_t kWorldsLeft = 8;

struct Lane {
  // Hot: where the next record goes.
  std::byte* cursor;
  std::byte* limit;  ///< a hot record fits when cursor < limit
  trace::ChunkHeader* chunk;
  /// That it belongs to. Another one than g_recording only in a child that a signal handler has forked in the midst of a
  /// record: what its parent's lane was writing there, nobody reads (interpose_fork.cc).
  Recording* recording;
  trace::LaneModel model;
  std::int64_t seen_tick;  ///< tick() when the clock was looked at last
  GrowingArray<trace::SiteModel> sites;
  PendingObject pending;
  const std::byte* newborn;  ///< block of the object domain that was allocated or moved last (reuse.h)
  std::size_t newborn_size;  ///< bytes asked for; 0 when it is an object by now
  std::uint32_t aside_count;
  GrowingArray<KnownType> types;
  StackCache stack;
  // Names of things.
  InternTable node_table, site_table, code_table;
  CodeSlot code_slots[kCodeSlots];
  InternTable type_table;
  TypeSlot type_slots[kTypeSlots];
  PendingState pending_state;
  SetAside aside[kPendingObjects];  ///< still not initialised at the next event
  World* world;                ///< whose objects are pending; nullptr: the first one's
  std::uint32_t world_serial;
  std::uint32_t types_met;      ///< counts changes of `types`
  std::uint32_t types_adopted;  ///< of which other lanes know so many (python/attributes.cc)
  LeftBehind left[kWorldsLeft];
  // Cold.
  std::uint64_t time_us;   ///< as the reader reconstructs it
  std::uint64_t start_ns;  ///< of the trace, CLOCK_MONOTONIC
  std::atomic<std::uint32_t> owner;  ///< kernel thread id, 0 = free
  std::uint32_t serves;              ///< kernel thread id of the last thread record
  std::uint32_t number;
  std::uint32_t tenure;  ///< counts the threads that any lane has served: one of a lane
  std::uint32_t chunk_serial;
  std::uint32_t thread_serial;
  std::atomic<std::uint32_t> orphan;  ///< taken by a thread after its last destructor: nobody will give it back
  Lane* next;
  std::uint32_t next_stamp[trace::kShardCount];

  /// Makes the bytes before `end` part of the trace.
  void commit(std::byte* end) noexcept {
    cursor = end;
    chunk->committed.store(static_cast<std::uint32_t>(end - reinterpret_cast<std::byte*>(chunk + 1)),
                           std::memory_order_release);
  }

  /// Appends a rare record; false when it was lost.
  template <class Record>
  [[gnu::noinline, gnu::cold]] bool append(const Record& record) noexcept {
    const std::uint64_t size = trace::extended_size(record);
    if (cursor + size >= limit && !refill(size)) return false;
    commit(trace::put_extended(cursor, record));
    return true;
  }

  /// Moves on to a new chunk with room for `bytes` and a hot record; false when recording has stopped.
  [[gnu::cold, gnu::noinline]] bool refill(std::uint64_t bytes = 0) noexcept;
};

/// A garbage collection that its callback was told the begin of.
struct OpenCollection {
  const void* interpreter;
  std::uint64_t ns, cpu_ns;  ///< then, by CLOCK_MONOTONIC and by the thread's CPU clock
  std::uint32_t generation;
};
inline constexpr std::uint32_t kNestedCollections = 4;

/// Per-thread state of the shim, all of it. Zero-initialised, no constructor, no destructor, initial-exec.
struct ThreadState {
  Lane* lane;
  std::uint32_t depth;   ///< see Guard in hook.h
  std::uint32_t endings;        ///< how often the thread's key destructor has run
  std::uint32_t thread_serial;  ///< of this thread in the trace, plus 1; 0: not announced yet
  const void* ending_block;  ///< what the outermost call is freeing; the allocators below get the same address
  std::uint64_t stack;       ///< number of the thread's stack in the trace, 0: not recorded
  struct PendingRealloc* pending;  ///< of the outermost call, between its two stamps
  const void* interpreter;         ///< of the Python code that it runs; nullptr: it has none
  /// Of the stack that its lane remembers; kept while the thread only lets go of the lock. What a thread state leaves
  /// behind at its end - copies of bytecode, in 3.14 without a lock - may be another's at the same addresses.
  const void* entered;
  std::uint64_t self;              ///< pthread_self(), 0: not asked yet; asking takes a call (2 ns)
  bool forked_inside;              ///< this process was forked by a handler in the midst of a hook
  bool steps_controls;             ///< in step_controls(): what that asks of malloc is no reason to step again
  std::uint32_t looks;             ///< how often it looks whether it runs a new interpreter by now
  std::uint32_t open_collections;  ///< of different interpreters, that this thread is in; a finalizer may run another one
  OpenCollection collections[kNestedCollections];  ///< outermost first
};
extern constinit thread_local ThreadState t_state [[gnu::tls_model("initial-exec")]];

/// A lane of the calling thread with room for a hot record, or nullptr: the event is lost (and counted).
[[gnu::cold, gnu::noinline]] Lane* acquire_lane() noexcept;
/// Gives the lane back for other threads.
void release_lane() noexcept;

/// The calling thread's lane; nullptr: it has none, or a forked child's, wiped.
inline Lane* own_lane() noexcept {
  Lane* lane = t_state.lane;
  return lane != nullptr && lane->owner.load(std::memory_order_relaxed) == sys::thread_id() ? lane : nullptr;
}

/// The lane to write the next hot record to.
inline Lane* lane_with_room() noexcept {
  Lane* lane = t_state.lane;
  if (lane != nullptr && lane->cursor < lane->limit) [[likely]] return lane;
  return acquire_lane();
}

}  // namespace heapledger
#pragma GCC visibility pop
