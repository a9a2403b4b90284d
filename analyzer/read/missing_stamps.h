// Which stamps no lane has: those of records that were being written when their process was killed.
//
// The merge cannot tell a stamp that is still to come from one that never will. When a lane has waited for too long, this
// looks at all that is left of the lanes, once, and knows.
#pragma once

#include <cstdint>
#include <vector>

#include "../../trace/format.h"

namespace heapledger::read {

struct Event;

class MissingStamps {
 public:
  MissingStamps() : found_(trace::kShardCount), next_gap_(trace::kShardCount, 0) {}

  /// Enters the place of an event, counted from the beginning of its shard; then complete() is called once, with the
  /// place that is due in each shard.
  void enter(std::uint32_t shard, std::uint64_t place);
  void complete(const std::vector<std::uint64_t>& due);

  /// The first place at or behind `place` that is not missing. Called with growing places only.
  [[nodiscard]] std::uint64_t behind_gap(std::uint32_t shard, std::uint64_t place);

 private:
  struct Range {
    std::uint64_t begin, end;
    bool operator<(const Range& o) const { return begin < o.begin; }
  };

  std::vector<std::vector<Range>> found_;  ///< by shard: runs of places; once complete, the gaps between them
  std::vector<std::size_t> next_gap_;
};

}  // namespace heapledger::read
