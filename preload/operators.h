// The next operator new and delete, looked up once and before anything else runs: doing it on first use would take the
// loader's lock wherever the program happens to be.
#pragma once

#include <cstddef>
#include <new>

#pragma GCC visibility push(hidden)  // see meson.build
namespace heapledger {

/// One operator new in its throwing and nothrow form; nullptr where there is none behind ours.
template <class... Args>
struct Family {
  const char* name;  ///< of the throwing form
  void* (*throwing)(Args...);
  void* (*nothrow)(Args..., const std::nothrow_t&);
  bool recorded;  ///< both belong to the allocator itself: malloc does not see its blocks
};

struct Operators {
  Family<std::size_t> plain, array;
  Family<std::size_t, std::align_val_t> aligned, aligned_array;
  void (*free_plain)(void*);
  void (*free_array)(void*);
  void (*free_aligned)(void*, std::align_val_t);
  void (*free_aligned_array)(void*, std::align_val_t);
};

extern constinit Operators g_operators;

/// Called by resolve_real() when the next malloc is known.
void resolve_operators() noexcept;

/// What libstdc++'s operators do; the exported malloc records it.
void* plain_memory(std::size_t n) noexcept;
void* plain_memory(std::size_t n, std::align_val_t alignment) noexcept;

}  // namespace heapledger
#pragma GCC visibility pop
