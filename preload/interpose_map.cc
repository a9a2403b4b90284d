// The exported mmap family. Rare calls: the records are written out of line.
#undef _FILE_OFFSET_BITS  // with it, libc's header would rename mmap to mmap64, and both are defined here
#include <cerrno>
#include <cstdarg>
#include <sys/mman.h>

#include "hook.h"
#include "real.h"

#define EXPORT extern "C" [[gnu::visibility("default")]]

namespace {

using heapledger::g_real;
using heapledger::Lane;
using namespace heapledger::hook;
namespace trace = heapledger::trace;

/// Calls `write(lane)` with the lane ready for records. Also for backing: an allocator maps inside a hooked call.
template <class Write>
[[gnu::noinline]] void record(const Guard& guard, Write write) noexcept {
  if (!guard.backing() && !guard.records()) return;
  Lane* lane = heapledger::lane_with_room();
  if (lane == nullptr) return;
  const Writing writing;
  timespec now;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  if (now.tv_nsec != lane->clock_ns) lane->commit(put_time(*lane, lane->cursor, now));
  write(*lane);
}

std::uint64_t map_stamp(Lane& lane) noexcept {
  return skipped(lane, trace::kMapShard, take_stamp(trace::kMapShard));
}

/// A stamp taken before the real call. Like a free's, it must not wait until after: the range may be mapped again.
std::uint32_t early_stamp(const Guard& guard) noexcept {
  const bool wanted = (guard.backing() || guard.records()) && heapledger::lane_with_room() != nullptr;
  return wanted ? take_stamp(trace::kMapShard) : 0;
}

std::uint64_t address_of(const void* p) noexcept { return reinterpret_cast<std::uintptr_t>(p); }

std::uint64_t whole_pages(std::size_t n) noexcept {
  const std::uint64_t page = heapledger::g_recording->header.load(std::memory_order_relaxed)->page_bytes;
  return (n + page - 1) / page * page;
}

void record_map(const Guard& guard, void* p, std::size_t n, int prot, int flags) noexcept {
  record(guard, [&](Lane& lane) {
    trace::Map map;
    map.site = current_site(lane, Api::mmap);
    map.flags = (prot != PROT_NONE ? trace::kMapUsable : 0u) | ((flags & MAP_ANONYMOUS) == 0 ? trace::kMapFile : 0u) |
                ((flags & MAP_PRIVATE) == 0 ? trace::kMapShared : 0u) | (guard.backing() ? trace::kMapBacking : 0u);
    map.address = address_of(p);
    map.size = whole_pages(n);
    map.skipped = map_stamp(lane);
    lane.append(map);
  });
}

void record_unmap(const Guard& guard, void* p, std::size_t n, std::uint32_t stamp, bool done) noexcept {
  record(guard, [&](Lane& lane) {
    const std::uint64_t gap = skipped(lane, trace::kMapShard, stamp);
    if (!done) return static_cast<void>(lane.append(trace::VoidStamp{0, gap}));
    lane.append(trace::Unmap{address_of(p), whole_pages(n), gap});
  });
}

void record_remap(const Guard& guard, void* old, std::size_t old_n, void* p, std::size_t n, std::uint32_t stamp) noexcept {
  record(guard, [&](Lane& lane) {
    const std::uint64_t gap = skipped(lane, trace::kMapShard, stamp);
    if (p == MAP_FAILED) return static_cast<void>(lane.append(trace::VoidStamp{0, gap}));
    trace::Remap remap;
    remap.site = current_site(lane, Api::mremap);
    remap.old_address = address_of(old);
    remap.old_size = whole_pages(old_n);
    remap.address = address_of(p);
    remap.size = whole_pages(n);
    remap.skipped_before = gap;
    remap.skipped_after = map_stamp(lane);
    lane.append(remap);
  });
}

}  // namespace

EXPORT void* mmap(void* wanted, std::size_t n, int prot, int flags, int fd, off_t offset) noexcept {
  const Guard guard;
  void* p = g_real.mmap(wanted, n, prot, flags, fd, offset);
  if (p != MAP_FAILED) record_map(guard, p, n, prot, flags);
  return p;
}

EXPORT void* mmap64(void* wanted, std::size_t n, int prot, int flags, int fd, off64_t offset) noexcept {
  static_assert(sizeof(off_t) == sizeof(off64_t));
  return mmap(wanted, n, prot, flags, fd, offset);
}

EXPORT int munmap(void* p, std::size_t n) noexcept {
  const Guard guard;
  const std::uint32_t stamp = early_stamp(guard);
  const int status = g_real.munmap(p, n);
  record_unmap(guard, p, n, stamp, status == 0);
  return status;
}

EXPORT void* mremap(void* old, std::size_t old_n, std::size_t n, int flags, ...) noexcept {
  std::va_list list;
  va_start(list, flags);
  void* target = (flags & MREMAP_FIXED) != 0 ? va_arg(list, void*) : nullptr;
  va_end(list);
  const Guard guard;
  const std::uint32_t stamp = early_stamp(guard);
  void* p = g_real.mremap(old, old_n, n, flags, target);
  record_remap(guard, old, old_n, p, n, stamp);
  return p;
}

EXPORT int mprotect(void* p, std::size_t n, int prot) noexcept {
  const Guard guard;
  const int status = g_real.mprotect(p, n, prot);
  if (status == 0)
    record(guard, [&](Lane& lane) {
      lane.append(trace::Protect{address_of(p), whole_pages(n), prot != PROT_NONE ? 1u : 0u, map_stamp(lane)});
    });
  return status;
}
