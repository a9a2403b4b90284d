// Python code objects by address: which number they have in a lane, and when an address means another one.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>

#include "runtime.h"

#pragma GCC visibility push(hidden)  // see meson.build
namespace heapledger {
struct Lane;
}

namespace heapledger::python {

/// Counts the code objects freed in each class of addresses. A lane that knows a code object by address trusts that
/// only while the count stands: all code objects are freed through the OBJ domain, where forget_code() sees them.
inline constexpr std::uint32_t kGenerationSlots = 4096;
extern constinit std::atomic<std::uint32_t> g_code_generation[kGenerationSlots];
/// Counts all of them: when it moves, remembered stacks are named again. Another thread may have put a new code object
/// in the place of one that a remembered frame ran, between two allocations of this thread.
extern constinit std::atomic<std::uint32_t> g_code_epoch;

inline std::uint32_t generation_slot(const void* code) noexcept {
  return static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(code) >> 4) % kGenerationSlots;
}

template <class T>
inline T load(const void* base, std::size_t offset) noexcept {
  T value;
  std::memcpy(&value, static_cast<const std::byte*>(base) + offset, sizeof value);
  return value;
}

inline void note_code_end(const void* code) noexcept {
  g_code_generation[generation_slot(code)].fetch_add(1, std::memory_order_relaxed);
  g_code_epoch.fetch_add(1, std::memory_order_relaxed);
}

/// An OBJ block is about to be freed or moved. Its type field is still in place (subtype_dealloc and code_dealloc leave
/// it); a block that is no object may look like code by chance, which costs a look-up later and nothing else.
inline void forget_code(const void* block) noexcept {
  const Layout* layout = g_runtime.layout;
  if (layout != nullptr && load<const void*>(block, layout->object_type) == g_runtime.code_type) [[unlikely]]
    note_code_end(block);
}

/// Number of a live code object in the lane's trace; appends it when it is new. 0: it could not be written.
std::uint32_t code_number(Lane& lane, const std::byte* code) noexcept;

}  // namespace heapledger::python
#pragma GCC visibility pop
