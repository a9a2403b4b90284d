// The wrapped PyMem domains.
#pragma once

#include <atomic>
#include <cstddef>

namespace heapledger::python {

/// PyMemAllocatorEx.
struct Allocator {
  void* context;
  void* (*malloc)(void*, std::size_t);
  void* (*calloc)(void*, std::size_t, std::size_t);
  void* (*realloc)(void*, void*, std::size_t);
  void (*free)(void*, void*);
};

/// Wraps the MEM and OBJ domains as they are now. RAW is not wrapped: libc's malloc sees it, and CPython exchanges it
/// during start-up.
void wrap_domains() noexcept;

/// True while the domains may be replaced without wrapping ours: from the first wrapping until the first call
/// (PYTHONMALLOC and -X dev replace them at pre-initialisation), and after Py_Finalize (a second Py_Initialize starts
/// from a fresh copy of the runtime). recheck_domains() then puts things right; libc's malloc asks for it.
extern constinit std::atomic<bool> g_watch_domains;
[[gnu::cold]] void recheck_domains() noexcept;

}  // namespace heapledger::python
