// Acquiring, refilling and handing on of lanes.
#include "lane.h"

#include <cstring>
#include <sys/prctl.h>

#include "hook.h"
#include "lifecycle.h"
#include "sys.h"

namespace heapledger {

constinit thread_local ThreadState t_state = {};

namespace {

constexpr std::uint64_t kFirstChunk = 64 * 1024;
constexpr std::uint64_t kLargestChunk = 1024 * 1024;
constexpr std::uint32_t kDestructorRounds = 4;  // glibc runs the destructors of keys that were set again so often
constexpr std::uint32_t kManyLanes = 16;  // beyond this, chunks stay small so that idle threads cost little

std::uint64_t chunk_size(std::uint32_t serial) noexcept {
  const bool many = g_recording->lane_count.load(std::memory_order_relaxed) > kManyLanes;
  if (serial == 0) return many ? trace::kGranule : kFirstChunk;
  const std::uint64_t wanted = kFirstChunk << (serial < 8 ? serial : 8);
  const std::uint64_t largest = many ? kLargestChunk / 4 : kLargestChunk;
  return wanted < largest ? wanted : largest;
}

Lane* take_free_lane(std::uint32_t tid) noexcept {
  for (Lane* lane = g_recording->lanes.load(std::memory_order_acquire); lane != nullptr; lane = lane->next) {
    std::uint32_t free = 0;
    if (lane->owner.load(std::memory_order_relaxed) == 0 &&
        lane->owner.compare_exchange_strong(free, tid, std::memory_order_acquire))
      return lane;
  }
  return nullptr;
}

/// Lanes that threads took behind their last destructor: free when the thread is gone.
Lane* take_orphan(std::uint32_t tid) noexcept {
  for (Lane* lane = g_recording->lanes.load(std::memory_order_acquire); lane != nullptr; lane = lane->next) {
    if (lane->orphan.load(std::memory_order_relaxed) == 0) continue;
    std::uint32_t owner = lane->owner.load(std::memory_order_relaxed);
    const bool gone = owner == tid || sys::call(SYS_tgkill, sys::process_id(), owner, 0) == -ESRCH;
    if (gone && lane->owner.compare_exchange_strong(owner, tid, std::memory_order_acquire)) {
      lane->orphan.store(0, std::memory_order_relaxed);
      return lane;
    }
  }
  return nullptr;
}

Lane* make_lane(std::uint32_t tid) noexcept {
  auto* lane = static_cast<Lane*>(sys::map_memory(sizeof(Lane), MADV_WIPEONFORK));
  if (lane == nullptr) return nullptr;
  // Site 0, the unknown one, has a model like any other; and type 0 is of no block.
  if (!lane->sites.reserve(0) || !lane->types.reserve(0) || !lane->stack.frames.reserve(kBlank)) {
    trace_file::stop(trace::StopReason::map_failed);  // the next event would map all of it again
    return nullptr;
  }
  lane->stack.forget();
  lane->types.data()[0].word = kNoWord;
  lane->recording = g_recording;
  lane->number = g_recording->lane_count.fetch_add(1, std::memory_order_relaxed);
  lane->owner.store(tid, std::memory_order_relaxed);
  lane->next = g_recording->lanes.load(std::memory_order_relaxed);
  while (!g_recording->lanes.compare_exchange_weak(lane->next, lane, std::memory_order_release,
                                                   std::memory_order_relaxed)) {
  }
  return lane;
}

void announce_thread(Lane& lane, std::uint32_t tid) noexcept {
  lane.serves = tid;
  lane.tenure = g_recording->tenures.fetch_add(1, std::memory_order_relaxed) + 1;
  if (t_state.thread_serial == 0)
    t_state.thread_serial = g_recording->thread_count.fetch_add(1, std::memory_order_relaxed) + 1;
  lane.thread_serial = t_state.thread_serial - 1;
  char name[17] = {};
  sys::call(SYS_prctl, PR_GET_NAME, name, 0, 0, 0);
  trace::Thread record;
  record.tid = tid;
  record.serial = lane.thread_serial;
  record.name = {name, std::strlen(name)};
  lane.append(record);
}

}  // namespace

bool Lane::refill(std::uint64_t bytes) noexcept {
  const sys::SignalsHeld one_process;  // a child forked here by a handler would go on with the parent's file, or its chunk
  sys::ErrnoKeeper keep;
  if (recording != g_recording) {
    cursor = reinterpret_cast<std::byte*>(chunk + 1);  // nobody reads it
    return cursor + bytes < limit;
  }
  std::uint64_t size = chunk_size(chunk_serial);
  const std::uint64_t needed = bytes + sizeof(trace::ChunkHeader) + 2 * trace::kMaxHotRecord;
  if (needed > trace::kMaxChunk) {  // numbers of definitions would drift apart from the reader's
    trace_file::stop(trace::StopReason::internal);
    limit = nullptr;
    return false;
  }
  if (size < needed) size = needed;
  trace::ChunkHeader* fresh = trace_file::claim(number, chunk_serial, size);
  const trace::FileHeader* header = g_recording->header.load(std::memory_order_acquire);
  if (fresh == nullptr || header == nullptr) {
    limit = nullptr;  // every later event comes here and is counted
    return false;
  }
  trace::ChunkHeader* const full = chunk;
  chunk = fresh;  // before the old one goes: a fork in a signal handler may look at it at any moment
  ++chunk_serial;
  start_ns = header->start_monotonic_ns;
  timespec now;
  (void)read_clock(now);  // is it that clock still?
  cursor = reinterpret_cast<std::byte*>(fresh + 1);
  limit = reinterpret_cast<std::byte*>(fresh) + fresh->bytes - trace::kMaxHotRecord;
  if (full != nullptr) trace_file::release(full);
  return true;
}

/// A lane for a thread that has none, or whose lane was wiped because this is a forked child.
static Lane* take_lane(std::uint32_t tid) noexcept {
  if (t_state.lane != nullptr) t_state.thread_serial = 0;
  Lane* lane = take_free_lane(tid);
  if (lane == nullptr) lane = take_orphan(tid);
  if (lane == nullptr) lane = make_lane(tid);
  t_state.lane = lane;
  if (lane == nullptr) return nullptr;
  if (t_state.endings >= kDestructorRounds) lane->orphan.store(1, std::memory_order_relaxed);
  lifecycle::watch_thread_end();
  return lane;
}

Lane* acquire_lane() noexcept {
  sys::ErrnoKeeper keep;
  if (!lifecycle::ensure_started()) return trace_file::count_lost(), nullptr;
  const sys::SignalsHeld one_process;  // a child that a handler forks knows none of the lanes
  t_state.depth = hook::kWriting;      // which it is, but for a child that goes on in its parent's hook
  Lane* lane = t_state.lane;
  const std::uint32_t tid = sys::thread_id();
  if (lane == nullptr || lane->owner.load(std::memory_order_relaxed) == 0) lane = take_lane(tid);
  if (lane == nullptr) return trace_file::count_lost(), nullptr;
  if (lane->cursor >= lane->limit && !lane->refill()) return trace_file::count_lost(), nullptr;
  if (lane->serves != tid) {
    lane->stack.forget();  // of another thread
    const bool first = lane->number == 0 && lane->chunk_serial == 1 && lane->serves == 0 && t_state.thread_serial == 0;
    announce_thread(*lane, tid);
    if (first && lane->thread_serial == 0) lifecycle::describe_process(*lane);
  }
  if (lane->cursor >= lane->limit && !lane->refill()) return trace_file::count_lost(), nullptr;
  return lane;
}

void release_lane() noexcept {
  Lane* lane = t_state.lane;
  if (lane == nullptr) return;
  if (lane->cursor < lane->limit) {
    trace::ThreadEnd record;
    record.serial = lane->thread_serial;
    lane->append(record);
  }
  lane->serves = 0;
  t_state.lane = nullptr;  // not earlier: a child that a handler forks has to find the lane that is written to
  lane->owner.store(0, std::memory_order_release);
}

}  // namespace heapledger
