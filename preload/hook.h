// THE hot path: from an exported allocator function to bytes in this thread's chunk.
//
//   malloc(n)  interpose_malloc.cc
//     -> Guard            nobody records twice, and nothing that an allocator asks for on behalf of a block
//     -> real malloc      (an allocation is stamped after it, a free before, a realloc on both sides)
//     -> record_alloc     room, stamp, clock, site
//     -> trace::put_alloc bytes; Lane::commit publishes them
//
// Everything here is inlined into the exported function; what is rare is out of line and cold. Any thread, any context,
// also signal handlers: a handler that interrupts the writing of a record is passed through and counted.
#pragma once

#include "clock.h"
#include "lane.h"
#include "lifecycle.h"
#include "python/frames.h"
#include "python/types.h"
#include "stamp.h"

namespace heapledger {
namespace hook {

using trace::Api;

/// States of ThreadState::depth.
enum Depth : std::uint32_t {
  kIdle = 0,
  kInside = 1,   ///< in the real allocator: what it asks of malloc or mmap is backing
  kWriting = 2,  ///< between stamp and commit: only a signal handler can come here
};

/// Taken first in every hook. Only the outermost call on a thread records.
class Guard {
 public:
  Guard() noexcept : outer_(t_state.depth) {
    if (outer_ == kIdle) [[likely]] t_state.depth = kInside;
  }
  ~Guard() {
    if (outer_ == kIdle) [[likely]] t_state.depth = kIdle;
  }
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

  /// True when this call is to be recorded.
  [[nodiscard]] bool records() const noexcept {
    using lifecycle::Mode;
    const Mode mode = lifecycle::g_mode.load(std::memory_order_relaxed);
    if (outer_ == kIdle && mode == Mode::on) [[likely]] return true;
    return mode == Mode::unknown ? outer_ == kIdle && lifecycle::initialise() : reject();
  }
  /// True when a record that is no event may be written.
  [[nodiscard]] bool records_rare() const noexcept {
    return outer_ == kIdle && (records() || lifecycle::g_mode.load(std::memory_order_relaxed) == lifecycle::Mode::rare);
  }
  /// True when an allocator asked on behalf of a block that is recorded itself.
  [[nodiscard]] bool backing() const noexcept {
    return outer_ == kInside && lifecycle::g_mode.load(std::memory_order_relaxed) == lifecycle::Mode::on;
  }

 private:
  [[nodiscard]] bool reject() const noexcept {
    if (outer_ == kWriting) [[unlikely]] count_handler_event();
    return false;
  }
  [[gnu::cold]] static void count_handler_event() noexcept {
    if (trace::FileHeader* h = g_recording->header.load(std::memory_order_acquire); h != nullptr)
      h->handler_events.fetch_add(1, std::memory_order_relaxed);
  }
  std::uint32_t outer_;
};

/// Marks the stretch in which a lane is looked for or is inconsistent: a signal handler must not use it then.
class Writing {
 public:
  Writing() noexcept : outer_(t_state.depth) {
    t_state.depth = kWriting;
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }
  ~Writing() {
    std::atomic_signal_fence(std::memory_order_seq_cst);
    t_state.depth = outer_;
  }
  Writing(const Writing&) = delete;
  Writing& operator=(const Writing&) = delete;

 private:
  std::uint32_t outer_;
};

[[gnu::cold, gnu::noinline]] std::byte* put_time(Lane& lane, std::byte* at) noexcept;

/// Prefixes of a record: the clock when it moved (every 1 to 4 ms), the order when another thread came between.
[[gnu::always_inline]] inline std::byte* put_prefixes(Lane& lane, std::byte* at, std::uint32_t gap) noexcept {
  if (tick() != lane.seen_tick) [[unlikely]] at = put_time(lane, at);
  if (gap != 0) [[unlikely]] at = trace::put_extended(at, trace::Order{gap});
  return at;
}

/// A rare record that belongs to no call of an allocator: `write(lane)` appends it, unless nothing is recorded here.
template <class Write>
void record_apart(Write write) noexcept {
  const Guard guard;
  if (!guard.records_rare()) return;
  const Writing writing;
  if (Lane* lane = lane_with_room(); lane != nullptr) write(*lane);
}
/// Brings the clock of a lane up to date for the record to come.
inline void tick(Lane& lane) noexcept { lane.commit(put_prefixes(lane, lane.cursor, 0)); }

/// A rare record of something that has a time.
template <class Record>
void record_with_time(const Record& record) noexcept {
  record_apart([&](Lane& lane) {
    tick(lane);
    lane.append(record);
  });
}

[[gnu::always_inline]] inline void record_alloc(Api api, void* block, std::size_t size) noexcept {
  const std::byte* frame = python::frame_of_call();
  const Writing writing;
  Lane* lane = lane_with_room();
  if (lane == nullptr) [[unlikely]] return;
  if (trace::is_python(api)) python::settle(*lane);
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  const std::uint32_t shard = trace::shard_of(address);
  const std::uint32_t gap = skipped(*lane, shard, take_stamp_alone(*lane, shard));
  const std::uint32_t site = python::site_of_stack(*lane, frame, api);
  if (lane->cursor >= lane->limit && !lane->refill()) [[unlikely]] return trace_file::count_lost();
  std::byte* at = put_prefixes(*lane, lane->cursor, gap);
  const trace::Alloc alloc{site, address, size};
  trace::SiteModel& model = lane->sites.data()[site];
  std::byte* end = trace::put_alloc(at, lane->model, model, alloc);
  if (end == nullptr) [[unlikely]] {
    end = trace::put_extended(at, trace::AllocWide{site, address, size});
    model.last_address = lane->model.last_address = address;
  }
  lane->commit(end);
  if (trace::is_object(api)) {
    if (api == Api::py_obj_malloc) python::blank(block, size);
    python::expect(*lane, block, size, site);
  }
}

/// `under_lock`: the caller holds the interpreter's lock.
template <bool under_lock>
[[gnu::always_inline]] inline void record_free(const void* block, std::uint8_t flags = 0) noexcept {
  const Writing writing;
  Lane* lane = lane_with_room();
  if (lane == nullptr) [[unlikely]] return;
  if (under_lock) python::settle(*lane, block);
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  const std::uint32_t shard = trace::shard_of(address);
  const std::uint32_t gap = skipped(*lane, shard, take_stamp_alone(*lane, shard));
  std::byte* at = put_prefixes(*lane, lane->cursor, gap);
  std::byte* end = trace::put_free(at, lane->model, address, flags);
  if (end == nullptr) [[unlikely]] {
    end = trace::put_extended(at, trace::FreeWide{address, flags});
    lane->model.last_address = address;
  }
  lane->commit(end);
}

}  // namespace hook

/// A realloc between its stamps. The first is taken before the real call, since the old block may be another thread's as
/// soon as that returns; the record is written afterwards, when it is known whether the call succeeded. An inner free
/// in between writes the first half at once, so that the records of a lane stay in the order of their stamps.
struct PendingRealloc {
  const void* block;
  hook::EarlyStamp stamp;
  bool written;  ///< the end of the old block is in the trace already
};

namespace hook {

inline PendingRealloc begin_realloc(Api api, const void* block) noexcept {
  const Writing writing;
  Lane* lane = lane_with_room();
  if (lane != nullptr && trace::is_python(api)) python::settle(*lane, block);
  return {block, EarlyStamp::take(lane, trace::shard_of(reinterpret_cast<std::uintptr_t>(block))), false};
}

/// Writes the first half of the outermost call's realloc, if there is one: somebody is about to record in between.
void write_pending() noexcept;

/// A free on behalf of another call. Mostly of a block that was never recorded, but a layer between may drop memory of its
/// own there that was (tracemalloc forgets a trace while the allocator below frees the block).
[[gnu::cold, gnu::noinline]] void record_inner_free(const void* block) noexcept;

/// After the real call: moved or grown, freed (realloc(p, 0) of glibc), or failed and unchanged.
enum class Outcome { resized, freed, failed };
[[gnu::noinline]] void record_realloc(Api api, const PendingRealloc& pending, void* now, std::size_t size,
                                      Outcome outcome) noexcept;

// The three shapes of an allocator function. `call` is the real one.

template <class Call>
[[gnu::always_inline]] inline void* allocate(Api api, std::size_t size, Call call) noexcept {
  const Guard guard;
  const bool wanted = guard.records();
  void* block = call();
  if (block != nullptr && wanted) [[likely]] record_alloc(api, block, size);
  return block;
}

template <bool under_lock = false, class Call>
[[gnu::always_inline]] inline void deallocate(void* block, Call call, std::uint8_t flags = 0) noexcept {
  const Guard guard;
  if (block != nullptr) [[likely]] {
    if (guard.records()) [[likely]] {
      t_state.ending_block = block;
      record_free<under_lock>(block, flags);
    } else if (guard.backing() && block != t_state.ending_block) [[unlikely]] {
      record_inner_free(block);
    }
  }
  call();
}

template <class Call>
[[gnu::always_inline]] inline void* reallocate(Api api, void* old, std::size_t size, Call call) noexcept {
  if (old == nullptr) return allocate(api, size, call);
  const Guard guard;
  if (!guard.records()) return call();
  t_state.ending_block = old;
  PendingRealloc pending = begin_realloc(api, old);
  t_state.pending = &pending;
  void* now = call();
  t_state.pending = nullptr;
  const Outcome outcome = now != nullptr ? Outcome::resized : size == 0 ? Outcome::freed : Outcome::failed;
  record_realloc(api, pending, now, size, outcome);
  return now;
}

}  // namespace hook
}  // namespace heapledger
