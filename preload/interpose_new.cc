// The exported operator new and delete, for allocators that implement them without malloc.
//
// libstdc++'s operators call malloc and free, where they are recorded. tcmalloc, jemalloc and mimalloc bring operators of
// their own that do not; those are recorded here. An operator is such a one when the object that defines the next malloc
// defines both its throwing and its nothrow form. Each block is counted once either way.
//
// No exception may pass a live Guard (the shim has no unwinding code): the throwing forms try the nothrow form under the
// guard, and only when that fails call the real one, unguarded, to run the new-handler or throw.
//
// A program without libstdc++ may open a library that brings its own with RTLD_LOCAL: then there is no next operator to
// be found, but the library's calls still come here. They get what libstdc++'s would give: malloc.
#include <cstddef>
#include <cstdlib>
#include <dlfcn.h>
#include <link.h>
#include <new>

#include "hook.h"
#include "operators.h"
#include "real.h"

#define EXPORT extern "C" [[gnu::visibility("default")]]

namespace {

using heapledger::g_operators;
using heapledger::hook::allocate;
using heapledger::hook::Api;
using heapledger::hook::deallocate;
using heapledger::Family;

const std::nothrow_t kNothrow{};

/// Memory ran out and the program's operator is unknown: the caller's own one runs the new-handler or throws.
template <class... Args>
[[gnu::cold, gnu::noinline]] void* call_callers_own(const void* caller, const char* name, Args... args) {
  Dl_info info{};
  link_map* object = nullptr;
  if (dladdr1(caller, &info, reinterpret_cast<void**>(&object), RTLD_DL_LINKMAP) == 0 || object == nullptr) std::abort();
  auto own = reinterpret_cast<void* (*)(Args...)>(dlsym(object, name));
  if (own == nullptr) std::abort();  // as an operator new that can neither return nor throw must
  return own(args...);
}

template <class... Args>
inline void* get_or_throw(const Family<Args...>& f, std::size_t n, const void* caller, Args... args) {
  if (f.recorded)
    if (void* p = allocate(Api::operator_new, n, [&] { return f.nothrow(args..., kNothrow); }); p != nullptr) return p;
  if (f.throwing != nullptr) return f.throwing(args...);
  if (void* p = heapledger::plain_memory(args...); p != nullptr) return p;
  return call_callers_own(caller, f.name, args...);
}

template <class... Args>
inline void* get_nothrow(const Family<Args...>& f, std::size_t n, const std::nothrow_t& t, Args... args) noexcept {
  if (f.recorded) return allocate(Api::operator_new, n, [&] { return f.nothrow(args..., t); });
  return f.nothrow != nullptr ? f.nothrow(args..., t) : heapledger::plain_memory(args...);
}

template <class Delete, class... Args>
inline void give_back(bool recorded, Delete real, void* p, Args... args) noexcept {
  if (recorded) return deallocate(p, [=] { real(p, args...); });
  if (real != nullptr) return real(p, args...);
  std::free(p);
}

}  // namespace

// Mangled names, so that one table of exports serves compiler and linker: w = operator new, a = operator new[].
#define CALLER __builtin_return_address(0)
EXPORT void* _Znwm(std::size_t n) { return get_or_throw(g_operators.plain, n, CALLER, n); }
EXPORT void* _Znam(std::size_t n) { return get_or_throw(g_operators.array, n, CALLER, n); }
EXPORT void* _ZnwmRKSt9nothrow_t(std::size_t n, const std::nothrow_t& t) noexcept {
  return get_nothrow(g_operators.plain, n, t, n);
}
EXPORT void* _ZnamRKSt9nothrow_t(std::size_t n, const std::nothrow_t& t) noexcept {
  return get_nothrow(g_operators.array, n, t, n);
}
EXPORT void* _ZnwmSt11align_val_t(std::size_t n, std::align_val_t a) {
  return get_or_throw(g_operators.aligned, n, CALLER, n, a);
}
EXPORT void* _ZnamSt11align_val_t(std::size_t n, std::align_val_t a) {
  return get_or_throw(g_operators.aligned_array, n, CALLER, n, a);
}
EXPORT void* _ZnwmSt11align_val_tRKSt9nothrow_t(std::size_t n, std::align_val_t a, const std::nothrow_t& t) noexcept {
  return get_nothrow(g_operators.aligned, n, t, n, a);
}
EXPORT void* _ZnamSt11align_val_tRKSt9nothrow_t(std::size_t n, std::align_val_t a, const std::nothrow_t& t) noexcept {
  return get_nothrow(g_operators.aligned_array, n, t, n, a);
}

// The sized and nothrow forms of delete are the plain ones: sizes are promises of the caller.
EXPORT void _ZdlPv(void* p) noexcept { give_back(g_operators.plain.recorded, g_operators.free_plain, p); }
EXPORT void _ZdaPv(void* p) noexcept { give_back(g_operators.array.recorded, g_operators.free_array, p); }
EXPORT void _ZdlPvm(void* p, std::size_t) noexcept { _ZdlPv(p); }
EXPORT void _ZdaPvm(void* p, std::size_t) noexcept { _ZdaPv(p); }
EXPORT void _ZdlPvRKSt9nothrow_t(void* p, const std::nothrow_t&) noexcept { _ZdlPv(p); }
EXPORT void _ZdaPvRKSt9nothrow_t(void* p, const std::nothrow_t&) noexcept { _ZdaPv(p); }
EXPORT void _ZdlPvSt11align_val_t(void* p, std::align_val_t a) noexcept {
  give_back(g_operators.aligned.recorded, g_operators.free_aligned, p, a);
}
EXPORT void _ZdaPvSt11align_val_t(void* p, std::align_val_t a) noexcept {
  give_back(g_operators.aligned_array.recorded, g_operators.free_aligned_array, p, a);
}
EXPORT void _ZdlPvmSt11align_val_t(void* p, std::size_t, std::align_val_t a) noexcept { _ZdlPvSt11align_val_t(p, a); }
EXPORT void _ZdaPvmSt11align_val_t(void* p, std::size_t, std::align_val_t a) noexcept { _ZdaPvSt11align_val_t(p, a); }
EXPORT void _ZdlPvSt11align_val_tRKSt9nothrow_t(void* p, std::align_val_t a, const std::nothrow_t&) noexcept {
  _ZdlPvSt11align_val_t(p, a);
}
EXPORT void _ZdaPvSt11align_val_tRKSt9nothrow_t(void* p, std::align_val_t a, const std::nothrow_t&) noexcept {
  _ZdaPvSt11align_val_t(p, a);
}
