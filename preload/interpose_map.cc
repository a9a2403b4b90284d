// The exported mmap family. Rare calls: the records are written out of line.
#undef _FILE_OFFSET_BITS  // with it, libc's header would rename mmap to mmap64, and both are defined here
#include <cerrno>
#include <cstdarg>
#include <sys/mman.h>

#include "map_record.h"
#include "real.h"

#define EXPORT extern "C" [[gnu::visibility("default")]]

namespace {

using heapledger::g_real;
using namespace heapledger::hook;

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
  const EarlyStamp stamp = early_map_stamp(guard);
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
  const EarlyStamp stamp = early_map_stamp(guard);
  void* p = g_real.mremap(old, old_n, n, flags, target);
  record_remap(guard, old, old_n, p, n, stamp);
  return p;
}

EXPORT int mprotect(void* p, std::size_t n, int prot) noexcept {
  const Guard guard;
  const int status = g_real.mprotect(p, n, prot);
  if (status == 0) record_protect(guard, p, n, prot);
  return status;
}

// Only the program's own calls come here: libc's malloc moves the break by an internal function.
EXPORT void* sbrk(std::intptr_t change) noexcept {
  const Guard guard;
  void* old = g_real.sbrk(change);
  if (change != 0 && old != reinterpret_cast<void*>(-1)) record_break(guard, old, change);
  return old;
}

EXPORT int brk(void* end) noexcept {
  const Guard guard;
  void* old = g_real.sbrk(0);
  const int status = g_real.brk(end);
  const std::intptr_t change = static_cast<std::byte*>(end) - static_cast<std::byte*>(old);
  if (status == 0 && change != 0) record_break(guard, old, change);
  return status;
}
