// How many blocks may carry the line of an earlier object: CPython keeps some dead objects in lists of its
// own and makes the next ones from them, without asking an allocator.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "types.h"

namespace heapledger::query {

/// Of one type: at most so many of its blocks.
struct StaleBound {
  std::string type;
  std::uint64_t blocks = 0;
  std::uint64_t bytes = 0;  ///< of blocks of average size
};

/// By the capacities of the lists of this version of CPython (one list of each kind an interpreter;
/// free-threaded builds: one a thread). Nothing for versions that are not known, nor where reuse was
/// followed. Source: the limits in Objects/*.c and pycore_freelist_state.h of 3.8 to 3.15.
[[nodiscard]] std::vector<StaleBound> stale_bounds(const ledger::Reader& reader,
                                                   const ledger::Process& process,
                                                   const std::vector<TypeSums>& types);

}  // namespace heapledger::query
