// Resolving of the next allocator's functions, and the arena for calls made meanwhile.
#include "real.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <dlfcn.h>

#include "operators.h"
#include "sys.h"

namespace heapledger {

alignas(64) constinit std::byte g_boot[kBootBytes] = {};

namespace {

constinit std::atomic<std::size_t> g_boot_used = 0;
constinit std::atomic<bool> g_resolved = false;
constinit thread_local bool t_resolving [[gnu::tls_model("initial-exec")]] = false;

/// Every block is preceded by its size.
void* boot_allocate(std::size_t size, std::size_t alignment) noexcept {
  constexpr std::size_t kHead = 16;
  if (alignment < kHead) alignment = kHead;
  if (size > kBootBytes / 2 || alignment > 4096) return nullptr;
  const std::size_t total = (size + kHead + 2 * alignment) & ~(alignment - 1);
  const std::size_t at = g_boot_used.fetch_add(total, std::memory_order_relaxed);
  if (at + total > kBootBytes) return nullptr;
  auto start = reinterpret_cast<std::uintptr_t>(g_boot) + at + kHead;
  start = (start + alignment - 1) & ~(alignment - 1);
  std::memcpy(reinterpret_cast<void*>(start - sizeof size), &size, sizeof size);
  return reinterpret_cast<void*>(start);
}

/// True when the real functions are there; false while this very thread is looking for them.
bool ready() noexcept {
  if (!t_resolving) resolve_real();
  return g_resolved.load(std::memory_order_acquire);
}

void* boot_malloc(std::size_t n) { return ready() ? g_real.malloc(n) : boot_allocate(n, 16); }
void* boot_calloc(std::size_t n, std::size_t each) {
  if (ready()) return g_real.calloc(n, each);
  std::size_t size = 0;
  return __builtin_mul_overflow(n, each, &size) ? nullptr : boot_allocate(size, 16);  // the arena starts zeroed
}
void* boot_realloc(void* p, std::size_t n) {
  if (ready()) return g_real.realloc(p, n);
  void* fresh = boot_allocate(n, 16);
  if (fresh != nullptr && p != nullptr) std::memcpy(fresh, p, boot_block_size(p) < n ? boot_block_size(p) : n);
  return fresh;
}
void boot_free(void* p) {
  if (ready()) g_real.free(p);
}
void* boot_reallocarray(void* p, std::size_t n, std::size_t each) {
  return ready() && g_real.reallocarray != boot_reallocarray ? g_real.reallocarray(p, n, each) : nullptr;
}
int boot_posix_memalign(void** out, std::size_t alignment, std::size_t n) {
  return ready() ? g_real.posix_memalign(out, alignment, n) : ENOMEM;
}
void* boot_aligned_alloc(std::size_t alignment, std::size_t n) {
  return ready() ? g_real.aligned_alloc(alignment, n) : boot_allocate(n, alignment);
}
void* boot_memalign(std::size_t alignment, std::size_t n) {
  return ready() ? g_real.memalign(alignment, n) : boot_allocate(n, alignment);
}
void* boot_valloc(std::size_t n) { return ready() && g_real.valloc != boot_valloc ? g_real.valloc(n) : nullptr; }
void* boot_pvalloc(std::size_t n) { return ready() && g_real.pvalloc != boot_pvalloc ? g_real.pvalloc(n) : nullptr; }
std::size_t boot_usable_size(void* p) { return ready() && g_real.malloc_usable_size != boot_usable_size ? g_real.malloc_usable_size(p) : 0; }

// The mmap family needs no arena: without the real function the system call does the same.
void* as_libc(long result) noexcept {
  if (result >= -4095 && result < 0) {
    errno = static_cast<int>(-result);
    return MAP_FAILED;
  }
  return reinterpret_cast<void*>(result);
}
void* boot_mmap(void* p, std::size_t n, int prot, int flags, int fd, off_t offset) {
  return as_libc(sys::call(SYS_mmap, p, n, prot, flags, fd, offset));
}
int boot_munmap(void* p, std::size_t n) { return as_libc(sys::call(SYS_munmap, p, n)) == nullptr ? 0 : -1; }
void* boot_mremap(void* p, std::size_t old_size, std::size_t n, int flags, ...) {
  __builtin_va_list list;
  __builtin_va_start(list, flags);
  void* target = (flags & MREMAP_FIXED) != 0 ? __builtin_va_arg(list, void*) : nullptr;
  __builtin_va_end(list);
  return as_libc(sys::call(SYS_mremap, p, old_size, n, flags, target));
}
int boot_mprotect(void* p, std::size_t n, int prot) {
  return as_libc(sys::call(SYS_mprotect, p, n, prot)) == nullptr ? 0 : -1;
}

void* boot_sbrk(std::intptr_t change) {
  if (ready() && g_real.sbrk != boot_sbrk) return g_real.sbrk(change);
  errno = ENOMEM;
  return reinterpret_cast<void*>(-1);
}
int boot_brk(void* end) { return ready() && g_real.brk != boot_brk ? g_real.brk(end) : (errno = ENOMEM, -1); }

int boot_pthread_create(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*) { return EAGAIN; }
pid_t boot_fork() { return ready() && g_real.fork != boot_fork ? g_real.fork() : (errno = EAGAIN, -1); }
void* boot_dlopen(const char* name, int flags) {
  return ready() && g_real.dlopen != boot_dlopen ? g_real.dlopen(name, flags) : nullptr;
}
int boot_dlclose(void* handle) { return ready() && g_real.dlclose != boot_dlclose ? g_real.dlclose(handle) : -1; }
void boot_exit(int status) {
  for (;;) sys::call(SYS_exit_group, status);
}

// A libc without one of these: as if the kernel had not got it.
template <class... Args>
int boot_start(Args...) {
  errno = ENOSYS;
  return -1;
}
template <class... Args>
int boot_spawn(Args...) {
  return ENOSYS;
}
FILE* boot_popen(const char*, const char*) {
  errno = ENOSYS;
  return nullptr;
}
int boot_wordexp(const char*, wordexp_t*, int) { return WRDE_NOSPACE; }

template <class Function>
void set(Function& slot, const char* name) noexcept {
  if (void* found = next_function(name); found != nullptr) slot = reinterpret_cast<Function>(found);
}

}  // namespace

constinit Real g_real = {boot_malloc,        boot_calloc,   boot_realloc,     boot_free,    boot_reallocarray,
                         boot_posix_memalign, boot_aligned_alloc, boot_memalign, boot_valloc, boot_pvalloc,
                         boot_usable_size,   boot_mmap,     boot_munmap,      boot_mremap,  boot_mprotect,
                         boot_sbrk,          boot_brk,      boot_pthread_create, boot_fork,
                         boot_fork,          boot_dlopen,   boot_dlclose,
                         boot_exit,          boot_exit,     boot_start,       boot_start,   boot_start,
                         boot_start,         boot_spawn,    boot_spawn,       boot_start,   boot_popen,
                         boot_wordexp};

void* next_function(const char* name) noexcept {
  void* found = dlsym(RTLD_NEXT, name);
  if (found == nullptr) dlerror(), dlerror();  // the first takes our message, the second frees it
  return found;
}

void resolve_real() noexcept {
  if (g_resolved.load(std::memory_order_acquire)) return;
  t_resolving = true;
  Real found = g_real;  // two threads here at once find the same
  set(found.malloc, "malloc");
  set(found.calloc, "calloc");
  set(found.realloc, "realloc");
  set(found.free, "free");
  set(found.reallocarray, "reallocarray");
  set(found.posix_memalign, "posix_memalign");
  set(found.aligned_alloc, "aligned_alloc");
  set(found.memalign, "memalign");
  set(found.valloc, "valloc");
  set(found.pvalloc, "pvalloc");
  set(found.malloc_usable_size, "malloc_usable_size");
  set(found.mmap, "mmap");
  set(found.munmap, "munmap");
  set(found.mremap, "mremap");
  set(found.mprotect, "mprotect");
  set(found.sbrk, "sbrk");
  set(found.brk, "brk");
  set(found.pthread_create, "pthread_create");
  set(found.fork, "fork");
  set(found.fork_bare, "_Fork");
  set(found.dlopen, "dlopen");
  set(found.dlclose, "dlclose");
  set(found.exit_now, "_exit");
  set(found.quick_exit, "quick_exit");
  set(found.execve, "execve");
  set(found.execvpe, "execvpe");
  set(found.fexecve, "fexecve");
  set(found.execveat, "execveat");
  set(found.posix_spawn, "posix_spawn");
  set(found.posix_spawnp, "posix_spawnp");
  set(found.system, "system");
  set(found.popen, "popen");
  set(found.wordexp, "wordexp");
  g_real = found;
  resolve_operators();
  g_resolved.store(true, std::memory_order_release);
  t_resolving = false;
}

void* move_boot_block(void* block, std::size_t size) noexcept {
  void* fresh = g_real.malloc(size);
  const std::size_t old = boot_block_size(block);
  if (fresh != nullptr) std::memcpy(fresh, block, old < size ? old : size);
  return fresh;
}

std::size_t boot_block_size(const void* block) noexcept {
  std::size_t size = 0;
  std::memcpy(&size, static_cast<const std::byte*>(block) - sizeof size, sizeof size);
  return size;
}

}  // namespace heapledger
