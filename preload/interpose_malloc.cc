// The exported malloc family; each body is one line of meaning. See hook.h for what happens inside.
#include <cerrno>
#include <cstddef>

#include "hook.h"
#include "python/lookout.h"
#include "python/runtime.h"
#include "real.h"

#define EXPORT extern "C" [[gnu::visibility("default")]]

namespace {

using heapledger::g_real;
using heapledger::is_boot_block;
using heapledger::hook::allocate;
using heapledger::hook::Api;
using heapledger::hook::deallocate;
using heapledger::hook::reallocate;

/// See python::Watch. The address is the caller's of the exported function.
#define WATCH_PYTHON()                                                                        \
  if (heapledger::python::g_watch.load(std::memory_order_relaxed) != 0) [[unlikely]]           \
  heapledger::python::watch(__builtin_return_address(0))

/// n * each, or SIZE_MAX when that overflows: the real function fails then, and nothing is recorded.
inline std::size_t product(std::size_t n, std::size_t each) noexcept {
  std::size_t size = 0;
  return __builtin_mul_overflow(n, each, &size) ? SIZE_MAX : size;
}

}  // namespace

EXPORT void* malloc(std::size_t n) noexcept {
  WATCH_PYTHON();
  return allocate(Api::malloc, n, [=] { return g_real.malloc(n); });
}

EXPORT void* calloc(std::size_t n, std::size_t each) noexcept {
  WATCH_PYTHON();
  const std::size_t size = product(n, each);
  if (size >= heapledger::python::kLeastInterpreter) [[unlikely]] heapledger::python::expect_interpreter(size);
  return allocate(Api::calloc, size, [=] { return g_real.calloc(n, each); });
}

EXPORT void* realloc(void* p, std::size_t n) noexcept {
  if (is_boot_block(p)) [[unlikely]]
    return allocate(Api::realloc, n, [=] { return heapledger::move_boot_block(p, n); });
  return reallocate(Api::realloc, p, n, [=] { return g_real.realloc(p, n); });
}

EXPORT void* reallocarray(void* p, std::size_t n, std::size_t each) noexcept {
  if (is_boot_block(p)) [[unlikely]]
    return realloc(p, product(n, each));
  return reallocate(Api::realloc, p, product(n, each), [=] { return g_real.reallocarray(p, n, each); });
}

EXPORT void free(void* p) noexcept {
  if (is_boot_block(p)) [[unlikely]]
    return;
  deallocate(p, [=] { g_real.free(p); });
}

EXPORT void cfree(void* p) noexcept { free(p); }

// C23; the sizes are promises of the caller, the block is the same.
EXPORT void free_sized(void* p, std::size_t) noexcept { free(p); }
EXPORT void free_aligned_sized(void* p, std::size_t, std::size_t) noexcept { free(p); }

EXPORT int posix_memalign(void** out, std::size_t alignment, std::size_t n) noexcept {
  int status = 0;
  void* block = nullptr;
  allocate(Api::memalign, n, [&] {
    status = g_real.posix_memalign(&block, alignment, n);
    return status == 0 ? block : nullptr;
  });
  if (status == 0) *out = block;
  return status;
}

EXPORT void* aligned_alloc(std::size_t alignment, std::size_t n) noexcept {
  return allocate(Api::memalign, n, [=] { return g_real.aligned_alloc(alignment, n); });
}

EXPORT void* memalign(std::size_t alignment, std::size_t n) noexcept {
  return allocate(Api::memalign, n, [=] { return g_real.memalign(alignment, n); });
}

EXPORT void* valloc(std::size_t n) noexcept {
  return allocate(Api::memalign, n, [=] { return g_real.valloc(n); });
}

EXPORT void* pvalloc(std::size_t n) noexcept {
  return allocate(Api::memalign, n, [=] { return g_real.pvalloc(n); });
}

EXPORT std::size_t malloc_usable_size(void* p) noexcept {
  if (is_boot_block(p)) [[unlikely]]
    return heapledger::boot_block_size(p);
  return g_real.malloc_usable_size(p);
}
