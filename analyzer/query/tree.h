// Call trees: who calls the code that allocates (bottom-up), and what a program's calls allocate (top-down).
#pragma once

#include <cstdint>
#include <vector>

#include "groups.h"

namespace heapledger::query {

enum class Direction : std::uint8_t {
  callers,  ///< first level: the code that allocates; below it, who called it
  calls,    ///< first level: the outermost frames; below them, what they called
};

struct TreeOptions {
  Direction direction = Direction::callers;
  GroupBy by = GroupBy::line;  ///< line, function or file: what makes two frames the same
  Metric metric = Metric::peak;
  double least_share = 0.01;       ///< of the metric's total; smaller branches are left out
  std::size_t most_branches = 10;  ///< below one node
  std::size_t most_levels = 40;
};

struct Tree {
  GroupKey key;                ///< meaningless for the root
  Sums inclusive;              ///< of everything below
  Sums exclusive;              ///< callers: of stacks that begin here; calls: allocated by this frame itself
  std::vector<Tree> branches;  ///< greatest first
  std::size_t dropped = 0;     ///< branches left out here
  Sums dropped_sums;
};

/// Neighbouring frames of the import system become one node (GroupKey::imports), but for the code that
/// allocates itself in Direction::callers. The sums of a node are those of its branches, what was dropped,
/// and its exclusive ones together.
[[nodiscard]] Tree tree(const ledger::Reader& reader, const Slots& slots, const Profile& profile,
                        const TreeOptions& options);

}  // namespace heapledger::query
