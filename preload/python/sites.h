// Numbers of sites in a lane's trace: out of line, for what the caches of the lane do not know.
#pragma once

#include "../lane.h"

namespace heapledger::python {

/// Site of a call without a Python frame. 0: it could not be written.
[[gnu::noinline, gnu::cold]] std::uint32_t name_bare_site(Lane& lane, trace::Api api) noexcept;

/// Node of the callers of the innermost visible frame; names those that have no name yet.
[[gnu::noinline]] std::uint32_t name_callers(Lane& lane) noexcept;

/// Site of the innermost visible frame under its callers; remembered in `set`. 0: it could not be written.
[[gnu::noinline, gnu::cold]] std::uint32_t name_site(Lane& lane, NameSet& set, NameKey key, trace::Api api) noexcept;

}  // namespace heapledger::python
