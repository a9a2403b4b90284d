// Look-up of the C++ allocation operators.
#include "operators.h"

#include <cstdint>
#include <cstdlib>
#include <dlfcn.h>

#include "real.h"

namespace heapledger {

constinit Operators g_operators = {{"_Znwm", nullptr, nullptr, false},
                                   {"_Znam", nullptr, nullptr, false},
                                   {"_ZnwmSt11align_val_t", nullptr, nullptr, false},
                                   {"_ZnamSt11align_val_t", nullptr, nullptr, false},
                                   nullptr,
                                   nullptr,
                                   nullptr,
                                   nullptr};

namespace {

template <class Function>
void set(Function& slot, const char* name) noexcept {
  slot = reinterpret_cast<Function>(next_function(name));
}

const void* object_of(void* function) noexcept {
  Dl_info info{};
  return function != nullptr && dladdr(function, &info) != 0 ? info.dli_fbase : nullptr;
}

template <class Delete, class... Args>
void find_family(Family<Args...>& f, const char* nothrow, Delete& release, const char* release_name) noexcept {
  set(f.throwing, f.name);
  set(f.nothrow, nothrow);
  set(release, release_name);
  const void* allocator = object_of(reinterpret_cast<void*>(g_real.malloc));
  f.recorded = allocator != nullptr && release != nullptr && object_of(reinterpret_cast<void*>(f.throwing)) == allocator &&
               object_of(reinterpret_cast<void*>(f.nothrow)) == allocator &&
               object_of(reinterpret_cast<void*>(release)) == allocator;
}

}  // namespace

void resolve_operators() noexcept {
  Operators& o = g_operators;
  find_family(o.plain, "_ZnwmRKSt9nothrow_t", o.free_plain, "_ZdlPv");
  find_family(o.array, "_ZnamRKSt9nothrow_t", o.free_array, "_ZdaPv");
  find_family(o.aligned, "_ZnwmSt11align_val_tRKSt9nothrow_t", o.free_aligned, "_ZdlPvSt11align_val_t");
  find_family(o.aligned_array, "_ZnamSt11align_val_tRKSt9nothrow_t", o.free_aligned_array, "_ZdaPvSt11align_val_t");
}

void* plain_memory(std::size_t n) noexcept { return std::malloc(n != 0 ? n : 1); }

void* plain_memory(std::size_t n, std::align_val_t alignment) noexcept {
  const auto a = static_cast<std::size_t>(alignment);
  return n > SIZE_MAX - a ? nullptr : std::aligned_alloc(a, (n + a - 1) / a * a != 0 ? (n + a - 1) / a * a : a);
}

}  // namespace heapledger
