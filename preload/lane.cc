// Acquiring, refilling and handing on of lanes.
#include "lane.h"

#include <cstring>
#include <sys/prctl.h>

#include "lifecycle.h"
#include "sys.h"

namespace heapledger {

constinit thread_local ThreadState t_state = {};

namespace {

constexpr std::uint64_t kFirstChunk = 64 * 1024;
constexpr std::uint64_t kLargestChunk = 1024 * 1024;
constexpr std::uint32_t kManyLanes = 16;  // beyond this, chunks stay small so that idle threads cost little

std::uint64_t chunk_size(std::uint32_t serial) noexcept {
  if (serial == 0) return kFirstChunk;
  const bool many = g_recording->lane_count.load(std::memory_order_relaxed) > kManyLanes;
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

Lane* make_lane(std::uint32_t tid) noexcept {
  auto* lane = static_cast<Lane*>(sys::map_memory(sizeof(Lane), MADV_WIPEONFORK));
  if (lane == nullptr) return nullptr;
  if (!lane->sites.reserve(0)) return nullptr;  // site 0, the unknown one, has a model like any other
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
  lane.thread_serial = g_recording->thread_count.fetch_add(1, std::memory_order_relaxed);
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
  sys::ErrnoKeeper keep;
  std::uint64_t size = chunk_size(chunk_serial);
  const std::uint64_t needed = bytes + sizeof(trace::ChunkHeader) + 2 * trace::kMaxHotRecord;
  if (needed > trace::kMaxChunk) return false;
  if (size < needed) size = needed;
  trace::ChunkHeader* fresh = trace_file::claim(number, chunk_serial, size);
  if (fresh == nullptr) {
    limit = nullptr;  // every later event comes here and is counted
    return false;
  }
  if (chunk != nullptr) trace_file::release(chunk);
  chunk = fresh;
  ++chunk_serial;
  cursor = reinterpret_cast<std::byte*>(fresh + 1);
  limit = reinterpret_cast<std::byte*>(fresh) + fresh->bytes - trace::kMaxHotRecord;
  return true;
}

Lane* acquire_lane() noexcept {
  sys::ErrnoKeeper keep;
  if (!lifecycle::ensure_started()) return trace_file::count_lost(), nullptr;
  Lane* lane = t_state.lane;
  const std::uint32_t tid = sys::thread_id();
  const std::uint32_t pid_wiped = lane != nullptr && lane->owner.load(std::memory_order_relaxed) == 0;
  if (lane == nullptr || pid_wiped) {  // a new thread, or the first event of a forked child
    lane = take_free_lane(tid);
    if (lane == nullptr) lane = make_lane(tid);
    if (lane == nullptr) return trace_file::count_lost(), nullptr;
    t_state.lane = lane;
    if (t_state.ending == 0) lifecycle::watch_thread_end();
  }
  if (lane->cursor >= lane->limit && !lane->refill()) return trace_file::count_lost(), nullptr;
  if (lane->serves != tid) {
    const bool first = lane->number == 0 && lane->thread_serial == 0 && lane->chunk_serial == 1 && lane->serves == 0;
    announce_thread(*lane, tid);
    if (first) lifecycle::describe_process(*lane);
  }
  if (lane->cursor >= lane->limit && !lane->refill()) return trace_file::count_lost(), nullptr;
  return lane;
}

void release_lane() noexcept {
  Lane* lane = t_state.lane;
  t_state.lane = nullptr;
  if (lane == nullptr) return;
  if (lane->cursor < lane->limit) {
    trace::ThreadEnd record;
    record.serial = lane->thread_serial;
    lane->append(record);
  }
  lane->serves = 0;
  lane->stack.depth = 0;
  std::memset(lane->stack.site, 0, sizeof lane->stack.site);
  lane->owner.store(0, std::memory_order_release);
}

}  // namespace heapledger
