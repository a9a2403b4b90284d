// Writing of the rare records.
#include "map_record.h"

#include <sys/mman.h>
#include <unistd.h>

namespace heapledger::hook {

namespace {

/// Calls `write(lane, frame)` with the lane ready for records and its clock up to date.
template <class Write>
void record(const Guard& guard, Write write) noexcept {
  if (!guard.backing() && !guard.records()) return;
  write_pending();
  const std::byte* frame = python::frame_of_call();
  const Writing writing;
  Lane* lane = lane_with_room();
  if (lane == nullptr) return;
  tick(*lane);
  write(*lane, frame);
}

std::uint64_t map_stamp(Lane& lane) noexcept {
  return skipped(lane, trace::kMapShard, take_stamp(lane, trace::kMapShard));
}

std::uint64_t address_of(const void* p) noexcept { return reinterpret_cast<std::uintptr_t>(p); }

std::uint64_t whole_pages(std::size_t n) noexcept {
  static const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  return (n + page - 1) / page * page;
}

}  // namespace

EarlyStamp early_map_stamp(const Guard& guard) noexcept {
  if (!guard.backing() && !guard.records()) return {nullptr, 0};
  write_pending();
  const Writing writing;
  return EarlyStamp::take(lane_with_room(), trace::kMapShard);
}

void record_map(const Guard& guard, void* p, std::size_t n, int prot, int flags) noexcept {
  record(guard, [&](Lane& lane, const std::byte* frame) {
    trace::Map map;
    map.site = python::site_of_stack(lane, frame, Api::mmap);
    map.flags = (prot != PROT_NONE ? trace::kMapUsable : 0u) | ((flags & MAP_ANONYMOUS) == 0 ? trace::kMapFile : 0u) |
                ((flags & MAP_TYPE) != MAP_PRIVATE ? trace::kMapShared : 0u) | (guard.backing() ? trace::kMapBacking : 0u);
    map.address = address_of(p);
    map.size = whole_pages(n);
    map.skipped = map_stamp(lane);
    lane.append(map);
  });
}

void record_unmap(const Guard& guard, void* p, std::size_t n, EarlyStamp stamp, bool done) noexcept {
  record(guard, [&](Lane& lane, const std::byte*) {
    const std::uint64_t gap = skipped(lane, trace::kMapShard, stamp.of(lane, trace::kMapShard));
    if (!done) return static_cast<void>(lane.append(trace::VoidStamp{0, gap}));
    lane.append(trace::Unmap{address_of(p), whole_pages(n), gap});
  });
}

void record_remap(const Guard& guard, void* old, std::size_t old_n, void* p, std::size_t n, EarlyStamp stamp) noexcept {
  record(guard, [&](Lane& lane, const std::byte* frame) {
    const std::uint64_t gap = skipped(lane, trace::kMapShard, stamp.of(lane, trace::kMapShard));
    if (p == MAP_FAILED) return static_cast<void>(lane.append(trace::VoidStamp{0, gap}));
    trace::Remap remap;
    remap.site = python::site_of_stack(lane, frame, Api::mremap);
    remap.old_address = address_of(old);
    remap.old_size = whole_pages(old_n);
    remap.address = address_of(p);
    remap.size = whole_pages(n);
    remap.skipped_before = gap;
    remap.skipped_after = map_stamp(lane);
    lane.append(remap);
  });
}

void record_protect(const Guard& guard, void* p, std::size_t n, int prot) noexcept {
  record(guard, [&](Lane& lane, const std::byte*) {
    lane.append(trace::Protect{address_of(p), whole_pages(n), prot != PROT_NONE ? 1u : 0u, map_stamp(lane)});
  });
}

void record_break(const Guard& guard, void* old, std::intptr_t change) noexcept {
  record(guard, [&](Lane& lane, const std::byte* frame) {
    trace::Break record;
    record.site = python::site_of_stack(lane, frame, Api::sbrk);
    record.change = change;
    record.address = address_of(old);
    record.skipped = map_stamp(lane);
    record.flags = guard.backing() ? trace::kMapBacking : 0u;
    lane.append(record);
  });
}

std::uint64_t record_stack(std::size_t bytes) noexcept {
  constinit static std::atomic<std::uint64_t> last = 0;
  const Guard guard;
  if (!guard.records()) return 0;
  const std::uint64_t number = last.fetch_add(1, std::memory_order_relaxed) + 1;
  record(guard, [&](Lane& lane, const std::byte* frame) {
    const std::uint32_t site = python::site_of_stack(lane, frame, Api::thread_stack);
    lane.append(trace::Stack{site, number, bytes, map_stamp(lane)});
  });
  return number;
}

void record_stack_end(std::uint64_t number) noexcept {
  const Guard guard;
  record(guard, [&](Lane& lane, const std::byte*) { lane.append(trace::StackEnd{number, map_stamp(lane)}); });
}

}  // namespace heapledger::hook
