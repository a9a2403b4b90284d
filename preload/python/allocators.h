// The wrapped PyMem domains.
#pragma once

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

/// Wraps the MEM and OBJ domains as they are now, and RAW from 3.15 on, where it may be mimalloc. Before, libc's malloc
/// sees RAW, and CPython exchanges it during start-up.
void wrap_domains() noexcept;

/// Puts things right when the domains were replaced without wrapping ours; see kWatchDomains.
[[gnu::cold]] void recheck_domains() noexcept;

}  // namespace heapledger::python
