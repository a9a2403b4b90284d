// Collects the stamps that there are as runs; what lies between them is missing.
#include "missing_stamps.h"

#include <algorithm>

namespace heapledger::read {

void MissingStamps::enter(std::uint32_t shard, std::uint64_t place) {
  auto& runs = found_[shard];
  if (!runs.empty() && runs.back().end == place) ++runs.back().end;
  else runs.push_back({place, place + 1});
}

void MissingStamps::complete(const std::vector<std::uint64_t>& due) {
  for (std::size_t shard = 0; shard < found_.size(); ++shard) {
    auto& runs = found_[shard];
    std::sort(runs.begin(), runs.end());
    std::vector<Range> gaps;
    std::uint64_t expected = due[shard];
    for (const Range& run : runs) {
      if (run.begin > expected) gaps.push_back({expected, run.begin});
      expected = std::max(expected, run.end);
    }
    runs = std::move(gaps);
  }
}

std::uint64_t MissingStamps::behind_gap(std::uint32_t shard, std::uint64_t place) {
  const auto& gaps = found_[shard];
  std::size_t& next = next_gap_[shard];
  while (next < gaps.size() && gaps[next].end <= place) ++next;
  return next < gaps.size() && gaps[next].begin <= place ? gaps[next].end : place;
}

}  // namespace heapledger::read
