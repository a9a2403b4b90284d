// Numbers of sites in a lane's trace: out of line, for what the caches of the lane do not know.
#pragma once

#include "../lane.h"

namespace heapledger::python {

/// Site of a call without a Python frame. 0: it could not be written.
[[gnu::noinline, gnu::cold]] std::uint32_t name_bare_site(Lane& lane, trace::Api api) noexcept;

/// Where the number of a frame in a role is remembered, if it is.
inline NameSlot& slot_of(StackCache& stack, const SeenFrame& frame, std::uint32_t parent, std::uint32_t role) noexcept {
  const std::uint64_t place = frame.position ^ reinterpret_cast<std::uintptr_t>(frame.code) << 5;
  const std::uint64_t mixed = (place ^ std::uint64_t{parent} << 40 ^ std::uint64_t{role} << 56) * 0x9e3779b97f4a7c15u;
  return stack.names[mixed >> 48 & (kNameSlots - 1)];
}
inline bool holds(const NameSlot& slot, const StackCache& stack, const SeenFrame& frame, std::uint32_t parent,
                  std::uint32_t role) noexcept {
  return slot.position == frame.position && slot.code == frame.code && slot.parent == parent && slot.role == role &&
         slot.epoch == stack.epoch && slot.number != 0;
}

/// Node of the callers of the innermost visible frame; names those that have no name yet.
[[gnu::noinline]] std::uint32_t name_callers(Lane& lane) noexcept;

/// Site of the innermost visible frame under its callers; remembered in `slot`. 0: it could not be written.
[[gnu::noinline, gnu::cold]] std::uint32_t name_site(Lane& lane, NameSlot& slot, std::uint32_t parent,
                                                     trace::Api api) noexcept;

}  // namespace heapledger::python
