// How many blocks may carry the line of an earlier object: CPython keeps some dead objects in lists of its
// own and makes the next ones from them, without asking an allocator.
//
// Nothing less than all that are alive is a bound. One place in a list is enough to make every block of a
// kind another object in turn: each dies into that place and is taken from it again, unheard.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "profile.h"

namespace heapledger::query {

/// Of the blocks of one kind that the question selects, at most so many have a stack and a thread that are
/// not those of their present object.
struct StaleBound {
  std::string kind;  ///< name of a type, or "dict table"
  std::uint64_t blocks = 0, bytes = 0;          ///< of those alive at the moment of the question
  std::uint64_t end_blocks = 0, end_bytes = 0;  ///< of those alive at the end
  bool seen = false;                            ///< zero where reuse was followed
};

/// The kinds that the versions of CPython in the selected processes keep lists of, without those that these
/// recordings followed; most blocks first. Tables of dicts are no objects and cannot be told from other
/// memory: as many as there are dicts, of the size that is kept. Source of the kinds: Objects/*.c,
/// Modules/_asynciomodule.c, pycore_freelist_state.h of 3.8 to 3.15.
[[nodiscard]] std::vector<StaleBound> stale_bounds(const ledger::Reader& reader, const Slots& slots,
                                                   const Profile& profile);

}  // namespace heapledger::query
