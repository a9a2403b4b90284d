// Numbers of sites in a lane's trace: out of line, for what the caches of the lane do not know.
#pragma once

#include "../lane.h"

namespace heapledger::python {

/// Site of a call without a Python frame. 0: it could not be written.
[[gnu::noinline, gnu::cold]] std::uint32_t name_bare_site(Lane& lane, trace::Api api) noexcept;

/// Site of the lane's present stack, which has a visible frame; remembered in `slot`. 0: it could not be written.
[[gnu::noinline]] std::uint32_t name_site(Lane& lane, SiteSlot& slot, trace::Api api) noexcept;

}  // namespace heapledger::python
