// The next allocator behind the shim: libc's, or whatever else is preloaded or linked (jemalloc, tcmalloc, mimalloc).
//
// Until the functions are known each pointer leads to a resolver, so the hot path has no test. What the loader asks for
// while it resolves them comes from a small arena that free and realloc know.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <pthread.h>
#include <spawn.h>
#include <sys/types.h>
#include <wordexp.h>

#pragma GCC visibility push(hidden)  // see meson.build
namespace heapledger {

struct Real {
  void* (*malloc)(std::size_t);
  void* (*calloc)(std::size_t, std::size_t);
  void* (*realloc)(void*, std::size_t);
  void (*free)(void*);
  void* (*reallocarray)(void*, std::size_t, std::size_t);
  int (*posix_memalign)(void**, std::size_t, std::size_t);
  void* (*aligned_alloc)(std::size_t, std::size_t);
  void* (*memalign)(std::size_t, std::size_t);
  void* (*valloc)(std::size_t);
  void* (*pvalloc)(std::size_t);
  std::size_t (*malloc_usable_size)(void*);
  void* (*mmap)(void*, std::size_t, int, int, int, off_t);
  int (*munmap)(void*, std::size_t);
  void* (*mremap)(void*, std::size_t, std::size_t, int, ...);
  int (*mprotect)(void*, std::size_t, int);
  void* (*sbrk)(std::intptr_t);
  int (*brk)(void*);
  int (*pthread_create)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  pid_t (*fork)();
  pid_t (*fork_bare)();     ///< _Fork
  void* (*dlopen)(const char*, int);
  int (*dlclose)(void*);
  void (*exit_now)(int);    ///< _exit
  void (*quick_exit)(int);
  int (*execve)(const char*, char* const*, char* const*);
  int (*execvpe)(const char*, char* const*, char* const*);
  int (*fexecve)(int, char* const*, char* const*);
  int (*execveat)(int, const char*, char* const*, char* const*, int);
  decltype(&::posix_spawn) posix_spawn;
  decltype(&::posix_spawnp) posix_spawnp;
  int (*system)(const char*);
  decltype(&::popen) popen;
  decltype(&::wordexp) wordexp;
};

extern constinit Real g_real;

/// Function behind ours of that name, nullptr when there is none. Leaves dlerror() as it was.
void* next_function(const char* name) noexcept;

/// Resolves everything now. The constructor calls it; an earlier allocation does so itself.
void resolve_real() noexcept;

/// Blocks handed out while functions were being resolved.
inline constexpr std::size_t kBootBytes = 64 * 1024;
alignas(64) extern constinit std::byte g_boot[kBootBytes];
inline bool is_boot_block(const void* p) noexcept {
  return reinterpret_cast<std::uintptr_t>(p) - reinterpret_cast<std::uintptr_t>(g_boot) < kBootBytes;
}
/// realloc of such a block: moved into real memory.
void* move_boot_block(void* block, std::size_t size) noexcept;
/// Bytes that may be used behind such a block.
std::size_t boot_block_size(const void* block) noexcept;

}  // namespace heapledger
#pragma GCC visibility pop
