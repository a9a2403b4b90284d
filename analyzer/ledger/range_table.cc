// Splitting of mapped ranges.
#include "range_table.h"

namespace heapledger::ledger {

std::vector<RangeTable::Range> RangeTable::cut(std::uint64_t start, std::uint64_t end) {
  std::vector<Range> touched;
  auto at = ranges_.upper_bound(start);
  if (at != ranges_.begin() && std::prev(at)->second.end > start) --at;
  while (at != ranges_.end() && at->second.start < end) {
    touched.push_back(at->second);
    at = ranges_.erase(at);
  }
  return touched;
}

}  // namespace heapledger::ledger
