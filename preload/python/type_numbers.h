// Numbers of types in a lane, for those who look at blocks (pending.cc) and those who name types (types.cc).
#pragma once

#include <atomic>
#include <cstdint>

#include "type_names.h"
#include "types.h"

#pragma GCC visibility push(hidden)  // see meson.build
namespace heapledger::python {

inline constexpr std::uint32_t kNothing = 0;          ///< type number: no object
inline constexpr std::uint32_t kNotYet = 0xffffffff;  ///< type number: not initialised

inline std::atomic<std::uint32_t>& generation_of(const void* type) noexcept {
  return g_type_generation[(reinterpret_cast<std::uintptr_t>(type) >> 4) % kTypeGenerations];
}

inline TypeSlot& slot_at(Lane& lane, const std::byte* type) noexcept {
  return lane.type_slots[(reinterpret_cast<std::uintptr_t>(type) >> 4) % kTypeSlots];
}

/// Number of a type in the lane, kNothing when no type lies there whose instances have ob_type at `word`, in a block of so
/// many bytes.
std::uint32_t type_number(Lane& lane, const std::byte* type, std::uint32_t word, std::uint64_t size) noexcept;

}  // namespace heapledger::python
#pragma GCC visibility pop
