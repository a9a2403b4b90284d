// The exported operator new and delete, for allocators that implement them without malloc.
//
// libstdc++'s operators call malloc and free, where they are recorded. tcmalloc, jemalloc and mimalloc bring operators of
// their own that do not; those are recorded here. Which it is, is decided once: an object that defines both malloc and
// operator new is such an allocator. Each block is counted once either way.
//
// No exception may pass a live Guard (the shim has no unwinding code): the throwing forms try the nothrow form under the
// guard, and only when that fails call the real one, unguarded, to run the new-handler or throw.
#include <cstddef>
#include <dlfcn.h>
#include <new>

#include "hook.h"
#include "real.h"

#define EXPORT extern "C" [[gnu::visibility("default")]]

namespace {

using heapledger::next_function;
using heapledger::hook::allocate;
using heapledger::hook::Api;
using heapledger::hook::deallocate;

using New = void* (*)(std::size_t);
using NewNothrow = void* (*)(std::size_t, const std::nothrow_t&);
using NewAligned = void* (*)(std::size_t, std::align_val_t);
using NewAlignedNothrow = void* (*)(std::size_t, std::align_val_t, const std::nothrow_t&);
using Delete = void (*)(void*);
using DeleteAligned = void (*)(void*, std::align_val_t);

const std::nothrow_t kNothrow{};

/// One operator of the next object that has it, looked up when it is first called: only C++ programs have them.
template <class Function>
struct Operator {
  const char* name;
  std::atomic<Function> function;
  Function get() noexcept {
    Function f = function.load(std::memory_order_acquire);
    if (f == nullptr) [[unlikely]] {
      f = reinterpret_cast<Function>(next_function(name));
      function.store(f, std::memory_order_release);
    }
    return f;
  }
};

constinit Operator<New> g_new{"_Znwm", nullptr}, g_new_array{"_Znam", nullptr};
constinit Operator<NewNothrow> g_new_nothrow{"_ZnwmRKSt9nothrow_t", nullptr},
    g_new_array_nothrow{"_ZnamRKSt9nothrow_t", nullptr};
constinit Operator<NewAligned> g_new_aligned{"_ZnwmSt11align_val_t", nullptr},
    g_new_array_aligned{"_ZnamSt11align_val_t", nullptr};
constinit Operator<NewAlignedNothrow> g_new_aligned_nothrow{"_ZnwmSt11align_val_tRKSt9nothrow_t", nullptr},
    g_new_array_aligned_nothrow{"_ZnamSt11align_val_tRKSt9nothrow_t", nullptr};
constinit Operator<Delete> g_delete{"_ZdlPv", nullptr}, g_delete_array{"_ZdaPv", nullptr};
constinit Operator<DeleteAligned> g_delete_aligned{"_ZdlPvSt11align_val_t", nullptr},
    g_delete_array_aligned{"_ZdaPvSt11align_val_t", nullptr};

const void* object_of(void* function) noexcept {
  Dl_info info{};
  return function != nullptr && dladdr(function, &info) != 0 ? info.dli_fbase : nullptr;
}

/// True when the next operator new is part of an allocator, so that malloc will not see its blocks.
bool records_here() noexcept {
  enum : int { kUnknown, kNo, kYes };
  constinit static std::atomic<int> answer = kUnknown;
  int a = answer.load(std::memory_order_relaxed);
  if (a == kUnknown) [[unlikely]] {
    const void* with_new = object_of(reinterpret_cast<void*>(g_new.get()));
    a = with_new != nullptr && with_new == object_of(reinterpret_cast<void*>(heapledger::g_real.malloc)) ? kYes : kNo;
    answer.store(a, std::memory_order_relaxed);
  }
  return a == kYes;
}

template <class Throwing, class Nothrow>
inline void* allocate_or_throw(std::size_t n, Throwing throwing, Nothrow nothrow) {
  if (records_here())
    if (void* block = allocate(Api::operator_new, n, nothrow); block != nullptr) return block;
  return throwing();
}
template <class Nothrow>
inline void* allocate_nothrow(std::size_t n, Nothrow nothrow) noexcept {
  return records_here() ? allocate(Api::operator_new, n, nothrow) : nothrow();
}
template <class Call>
inline void release(void* block, Call call) noexcept {
  if (records_here()) return deallocate(block, call);
  call();
}

}  // namespace

// Mangled names, so that one table of exports serves compiler and linker: w = operator new, a = operator new[].
EXPORT void* _Znwm(std::size_t n) {
  return allocate_or_throw(n, [=] { return g_new.get()(n); }, [=] { return g_new_nothrow.get()(n, kNothrow); });
}
EXPORT void* _Znam(std::size_t n) {
  return allocate_or_throw(n, [=] { return g_new_array.get()(n); },
                           [=] { return g_new_array_nothrow.get()(n, kNothrow); });
}
EXPORT void* _ZnwmRKSt9nothrow_t(std::size_t n, const std::nothrow_t& t) noexcept {
  return allocate_nothrow(n, [&] { return g_new_nothrow.get()(n, t); });
}
EXPORT void* _ZnamRKSt9nothrow_t(std::size_t n, const std::nothrow_t& t) noexcept {
  return allocate_nothrow(n, [&] { return g_new_array_nothrow.get()(n, t); });
}
EXPORT void* _ZnwmSt11align_val_t(std::size_t n, std::align_val_t a) {
  return allocate_or_throw(n, [=] { return g_new_aligned.get()(n, a); },
                           [=] { return g_new_aligned_nothrow.get()(n, a, kNothrow); });
}
EXPORT void* _ZnamSt11align_val_t(std::size_t n, std::align_val_t a) {
  return allocate_or_throw(n, [=] { return g_new_array_aligned.get()(n, a); },
                           [=] { return g_new_array_aligned_nothrow.get()(n, a, kNothrow); });
}
EXPORT void* _ZnwmSt11align_val_tRKSt9nothrow_t(std::size_t n, std::align_val_t a, const std::nothrow_t& t) noexcept {
  return allocate_nothrow(n, [&] { return g_new_aligned_nothrow.get()(n, a, t); });
}
EXPORT void* _ZnamSt11align_val_tRKSt9nothrow_t(std::size_t n, std::align_val_t a, const std::nothrow_t& t) noexcept {
  return allocate_nothrow(n, [&] { return g_new_array_aligned_nothrow.get()(n, a, t); });
}

// The sized and nothrow forms of delete are the plain ones: sizes are promises of the caller.
EXPORT void _ZdlPv(void* p) noexcept {
  release(p, [=] { g_delete.get()(p); });
}
EXPORT void _ZdaPv(void* p) noexcept {
  release(p, [=] { g_delete_array.get()(p); });
}
EXPORT void _ZdlPvm(void* p, std::size_t) noexcept { _ZdlPv(p); }
EXPORT void _ZdaPvm(void* p, std::size_t) noexcept { _ZdaPv(p); }
EXPORT void _ZdlPvRKSt9nothrow_t(void* p, const std::nothrow_t&) noexcept { _ZdlPv(p); }
EXPORT void _ZdaPvRKSt9nothrow_t(void* p, const std::nothrow_t&) noexcept { _ZdaPv(p); }
EXPORT void _ZdlPvSt11align_val_t(void* p, std::align_val_t a) noexcept {
  release(p, [=] { g_delete_aligned.get()(p, a); });
}
EXPORT void _ZdaPvSt11align_val_t(void* p, std::align_val_t a) noexcept {
  release(p, [=] { g_delete_array_aligned.get()(p, a); });
}
EXPORT void _ZdlPvmSt11align_val_t(void* p, std::size_t, std::align_val_t a) noexcept { _ZdlPvSt11align_val_t(p, a); }
EXPORT void _ZdaPvmSt11align_val_t(void* p, std::size_t, std::align_val_t a) noexcept { _ZdaPvSt11align_val_t(p, a); }
EXPORT void _ZdlPvSt11align_val_tRKSt9nothrow_t(void* p, std::align_val_t a, const std::nothrow_t&) noexcept {
  _ZdlPvSt11align_val_t(p, a);
}
EXPORT void _ZdaPvSt11align_val_tRKSt9nothrow_t(void* p, std::align_val_t a, const std::nothrow_t&) noexcept {
  _ZdaPvSt11align_val_t(p, a);
}
