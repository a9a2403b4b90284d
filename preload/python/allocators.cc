// Hooks of the PyMem domains: MEM and OBJ, and RAW where it is not libc's malloc.
#include "allocators.h"

#include "../hook.h"
#include "code.h"
#include "lookout.h"
#include "parts.h"
#include "runtime.h"
#include "types.h"

namespace heapledger::python {

namespace {

using trace::Api;

enum Domain : int { kRaw = 0, kMem = 1, kObj = 2, kDomains = 3 };

// Each wrapping has functions of its own (the generation is a template argument), and an original that is written
// before they are published and never again. The interpreter copies five words without a lock; with the original's own
// context kept in place every torn combination still calls a matching pair.
constexpr int kGenerations = 4;
constinit Allocator g_original[kGenerations][kDomains] = {};
constinit std::atomic<int> g_generation = 0;

template <Domain domain>
inline constexpr Api kMallocApi = domain == kObj ? Api::py_obj_malloc : domain == kMem ? Api::py_mem_malloc : Api::malloc;
template <Domain domain>
inline constexpr Api kCallocApi = domain == kObj ? Api::py_obj_calloc : domain == kMem ? Api::py_mem_calloc : Api::calloc;
template <Domain domain>
inline constexpr Api kReallocApi =
    domain == kObj ? Api::py_obj_realloc : domain == kMem ? Api::py_mem_realloc : Api::realloc;

/// Whether a wrapper was ever called. Whoever replaces the domains after that wraps ours (tracemalloc); wrapping him in
/// turn would never end.
constinit std::atomic<bool> g_domains_used = false;

/// Set once RAW was exchanged: it may have been used before libc's malloc noticed, and frees of such blocks are expected.
constinit std::atomic<bool> g_raw_unseen = false;

/// First call through a wrapper: the domains are settled; from now on others wrap us, not we them. RAW is called before
/// PYTHONMALLOC has been looked at and settles nothing.
template <Domain domain>
inline void note_call() noexcept {
  if (domain == kRaw) return;
  if (g_attention.load(std::memory_order_relaxed)) [[unlikely]] {
    if ((g_watch.load(std::memory_order_relaxed) & kWatchDomains) != 0) {
      g_domains_used.store(true, std::memory_order_relaxed);
      g_watch.fetch_and(static_cast<unsigned char>(~kWatchDomains), std::memory_order_relaxed);
    }
    attend();
  }
}

/// An object is about to go, or to move: what is known by its address.
inline void forget(void* block) noexcept {
  forget_code(block);
  forget_type(block);
  forget_instance(block);
  if (g_type_reader.free_threaded) [[unlikely]] cancel_pending(block);
}

template <int generation, Domain domain>
struct Wrapper {
  static const Allocator& original() noexcept { return g_original[generation][domain]; }

  static void* malloc(void* context, std::size_t size) noexcept {
    note_call<domain>();
    return hook::allocate(kMallocApi<domain>, size, [=] { return original().malloc(context, size); });
  }
  static void* calloc(void* context, std::size_t count, std::size_t each) noexcept {
    if (domain == kRaw && count * each >= kLeastInterpreter) [[unlikely]] expect_interpreter(count * each);
    note_call<domain>();  // an overflow of count * each fails in the original and is not recorded
    return hook::allocate(kCallocApi<domain>, count * each,
                          [=] { return original().calloc(context, count, each); });
  }
  static void* realloc(void* context, void* block, std::size_t size) noexcept {
    note_call<domain>();
    if (domain == kObj && block != nullptr) forget(block);
    return hook::reallocate(kReallocApi<domain>, block, size,
                            [=] { return original().realloc(context, block, size); });
  }
  static void free(void* context, void* block) noexcept {
    if (domain == kObj && block != nullptr) forget(block);
    const std::uint8_t flags = domain == kRaw && g_raw_unseen.load(std::memory_order_relaxed) ? trace::kFreeInner : 0;
    hook::deallocate<domain != kRaw>(block, [=] { original().free(context, block); }, flags);
  }
  static Allocator allocator() noexcept { return {original().context, malloc, calloc, realloc, free}; }
};

/// From 3.15 on RAW of free-threaded builds and of PYTHONMALLOC=mimalloc is mimalloc too, which libc's malloc never sees.
/// Before, RAW is libc's malloc, and CPython exchanges the domain for moments during start-up.
bool wraps_raw() noexcept { return g_runtime.version_hex >= 0x030f0000; }

template <int generation>
void install_wrappers() noexcept {
  if (wraps_raw()) {
    Allocator raw = Wrapper<generation, kRaw>::allocator();
    g_runtime.functions.set_allocator(kRaw, &raw);
  }
  Allocator mem = Wrapper<generation, kMem>::allocator();
  Allocator obj = Wrapper<generation, kObj>::allocator();
  g_runtime.functions.set_allocator(kMem, &mem);
  g_runtime.functions.set_allocator(kObj, &obj);
}

using InstallFunction = void (*)();
constexpr InstallFunction kInstall[kGenerations] = {install_wrappers<0>, install_wrappers<1>, install_wrappers<2>,
                                                    install_wrappers<3>};
using MallocFunction = void* (*)(void*, std::size_t);
constexpr MallocFunction kObjMalloc[kGenerations] = {Wrapper<0, kObj>::malloc, Wrapper<1, kObj>::malloc,
                                                     Wrapper<2, kObj>::malloc, Wrapper<3, kObj>::malloc};

}  // namespace

void wrap_domains() noexcept {
  const int generation = g_generation.load(std::memory_order_relaxed);
  if (generation == kGenerations) return;
  g_runtime.functions.get_allocator(kRaw, &g_original[generation][kRaw]);
  g_runtime.functions.get_allocator(kMem, &g_original[generation][kMem]);
  g_runtime.functions.get_allocator(kObj, &g_original[generation][kObj]);
  g_generation.store(generation + 1, std::memory_order_relaxed);
  kInstall[generation]();
  g_watch.fetch_or(kWatchDomains, std::memory_order_release);
}

void recheck_domains() noexcept {
  const int generations = g_generation.load(std::memory_order_relaxed);
  Allocator now{};
  g_runtime.functions.get_allocator(kObj, &now);
  for (int i = 0; i < generations; ++i)
    if (now.malloc == kObjMalloc[i]) return;
  g_raw_unseen.store(true, std::memory_order_relaxed);
  for (int i = 0; i < generations; ++i) {
    if (now.malloc == g_original[i][kObj].malloc) return kInstall[i]();  // lost: a second Py_Initialize (3.12+)
  }
  if (!g_domains_used.load(std::memory_order_relaxed)) wrap_domains();  // exchanged: PYTHONMALLOC, -X dev
}

}  // namespace heapledger::python
