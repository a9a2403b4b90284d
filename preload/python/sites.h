// Numbers of sites in a lane's trace: out of line, for what the caches of the lane do not know.
#pragma once

#include "../lane.h"

namespace heapledger::python {

/// Site of a call without a Python frame. 0: it could not be written.
[[gnu::noinline, gnu::cold]] std::uint32_t name_bare_site(Lane& lane, trace::Api api) noexcept;

/// Where the number of a frame in a role is remembered, if it is.
inline NameSlot& slot_of(StackCache& stack, const NameKey& key) noexcept {
  const std::uint64_t where = key.place ^ reinterpret_cast<std::uintptr_t>(key.code) << 5 ^ key.context << 40;
  return stack.names[where * 0x9e3779b97f4a7c15u >> 48 & (kNameSlots - 1)];
}

/// Node of the callers of the innermost visible frame; names those that have no name yet.
[[gnu::noinline]] std::uint32_t name_callers(Lane& lane) noexcept;

/// Site of the innermost visible frame under its callers; remembered in `slot`. 0: it could not be written.
[[gnu::noinline, gnu::cold]] std::uint32_t name_site(Lane& lane, NameSlot& slot, const NameKey& key,
                                                     trace::Api api) noexcept;

}  // namespace heapledger::python
