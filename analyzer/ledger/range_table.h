// Mapped address ranges. Unmapping a part, mapping over something and changing protection split ranges.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

namespace heapledger::ledger {

class RangeTable {
 public:
  /// What is booked for a range: the row it is in the ledger, and what it is.
  struct Range {
    std::uint64_t start = 0;
    std::uint64_t end = 0;
    std::uint64_t row = 0;
    std::uint64_t allocation = 0;  ///< what was counted as one allocation and is now this and other ranges; 0: nothing was
    std::uint32_t site = 0;   ///< as read::Event::site
    std::uint32_t flags = 0;  ///< trace::MapFlag
    std::uint32_t thread = 0;
  };

  /// Removes [start, end): returns the ranges that were touched, whole as they were, in order of address. What lies
  /// outside [start, end) of the first and last of them must be inserted again by the caller, who books it.
  std::vector<Range> cut(std::uint64_t start, std::uint64_t end);

  /// Starts of the ranges that touch [start, end) and for which `wanted` says so, in order of address.
  template <class Wanted>
  [[nodiscard]] std::vector<std::uint64_t> find(std::uint64_t start, std::uint64_t end, Wanted wanted) const {
    std::vector<std::uint64_t> starts;
    auto at = ranges_.upper_bound(start);
    if (at != ranges_.begin() && std::prev(at)->second.end > start) --at;
    for (; at != ranges_.end() && at->second.start < end; ++at)
      if (wanted(at->second)) starts.push_back(at->second.start);
    return starts;
  }

  /// The range must not overlap another.
  void insert(const Range& range) { ranges_.emplace(range.start, range); }

  [[nodiscard]] std::size_t size() const { return ranges_.size(); }

 private:
  std::map<std::uint64_t, Range> ranges_;
};

}  // namespace heapledger::ledger
