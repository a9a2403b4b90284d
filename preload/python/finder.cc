// Finding an interpreter among loaded objects.
#include "finder.h"

#include <atomic>
#include <cstdint>
#include <dlfcn.h>

extern "C" [[gnu::weak]] int _dl_find_object(void*, struct dl_find_object*) noexcept;  // glibc 2.35

namespace heapledger::python {

namespace {

constexpr const char* kMark = "PyMem_SetAllocator";  // exported by every interpreter since 3.4

/// Page addresses of callers that are known not to be interpreters.
constexpr std::uint32_t kKnownCallers = 64;
constinit std::atomic<std::uintptr_t> g_known[kKnownCallers] = {};

}  // namespace

const link_map* find_interpreter() noexcept {
  for (const link_map* object = _r_debug.r_map; object != nullptr; object = object->l_next)
    if (find_symbol(*object, kMark) != nullptr) return object;
  return nullptr;
}

const link_map* interpreter_around(const void* address) noexcept {
  const std::uintptr_t page = reinterpret_cast<std::uintptr_t>(address) >> 12;
  std::atomic<std::uintptr_t>& known = g_known[page % kKnownCallers];
  if (known.load(std::memory_order_relaxed) == page || _dl_find_object == nullptr) return nullptr;
  dl_find_object found{};
  if (_dl_find_object(const_cast<void*>(address), &found) == 0 && found.dlfo_link_map != nullptr &&
      find_symbol(*found.dlfo_link_map, kMark) != nullptr)
    return found.dlfo_link_map;
  known.store(page, std::memory_order_relaxed);
  return nullptr;
}

void forget_callers() noexcept {
  for (auto& known : g_known) known.store(0, std::memory_order_relaxed);
}

}  // namespace heapledger::python
