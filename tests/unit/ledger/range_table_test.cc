// Cutting of ranges against a table of single pages.
#include "../../../analyzer/ledger/range_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <tuple>

namespace heapledger::ledger {
namespace {

using Range = RangeTable::Range;

auto tied(const Range& r) { return std::tie(r.start, r.end, r.row, r.site, r.flags, r.thread); }

Range range(std::uint64_t start, std::uint64_t end) {
  return {start, end, start * 3, static_cast<std::uint32_t>(start * 5), 1, static_cast<std::uint32_t>(end)};
}

std::vector<std::pair<std::uint64_t, std::uint64_t>> ends_of(const std::vector<Range>& ranges) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ends;
  for (const Range& r : ranges) ends.emplace_back(r.start, r.end);
  return ends;
}
using Ends = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

/// Three ranges with a gap behind the second.
RangeTable three() {
  RangeTable table;
  table.insert(range(20, 30)), table.insert(range(10, 20)), table.insert(range(40, 50));
  return table;
}

TEST(RangeTable, CutsWhatIsTouchedWhole) {
  const std::tuple<std::uint64_t, std::uint64_t, Ends> cuts[] = {{0, 10, {}},
                                                                 {0, 11, {{10, 20}}},
                                                                 {10, 20, {{10, 20}}},
                                                                 {19, 20, {{10, 20}}},
                                                                 {19, 21, {{10, 20}, {20, 30}}},
                                                                 {29, 40, {{20, 30}}},
                                                                 {30, 40, {}},
                                                                 {30, 41, {{40, 50}}},
                                                                 {25, 26, {{20, 30}}},
                                                                 {0, 99, {{10, 20}, {20, 30}, {40, 50}}},
                                                                 {50, 99, {}},
                                                                 {49, ~std::uint64_t{0}, {{40, 50}}}};
  for (const auto& [start, end, expected] : cuts) {
    RangeTable table = three();
    EXPECT_EQ(ends_of(table.cut(start, end)), expected) << start << " " << end;
    EXPECT_EQ(table.size(), 3 - expected.size());
    EXPECT_TRUE(table.cut(start, end).empty());
  }
}

TEST(RangeTable, GivesBackWhatWasBooked) {
  RangeTable table = three();
  for (const Range& r : table.cut(0, 99)) EXPECT_EQ(tied(r), tied(range(r.start, r.end)));
}

TEST(RangeTable, NothingTouchesAnEmptyStretchBetweenRanges) {
  RangeTable table = three();
  EXPECT_TRUE(table.cut(30, 30).empty());
  EXPECT_TRUE(table.cut(5, 5).empty());
  EXPECT_TRUE(table.cut(99, 50).empty()) << "an end before its start";
}

TEST(RangeTable, AgreesWithSinglePages) {
  RangeTable table;
  std::map<std::uint64_t, std::uint64_t> pages;  // page -> row
  std::mt19937_64 random(1);
  for (std::uint64_t step = 0; step < 100'000; ++step) {
    const std::uint64_t start = random() % 300, end = start + 1 + random() % 40;
    std::map<std::uint64_t, std::uint64_t> removed;
    for (const Range& r : table.cut(start, end)) {
      ASSERT_TRUE(r.start < end && r.end > start);
      for (std::uint64_t page = r.start; page < r.end; ++page) removed[page] = r.row;
      Range left = r, right = r;  // the caller puts back what lies outside
      left.end = std::min(r.end, start), right.start = std::max(r.start, end);
      if (left.start < left.end) table.insert(left);
      if (right.start < right.end) table.insert(right);
    }
    for (std::uint64_t page = start; page < end; ++page) {
      const auto truth = pages.find(page);
      ASSERT_EQ(removed.contains(page), truth != pages.end());
      if (truth == pages.end()) continue;
      ASSERT_EQ(removed[page], truth->second);
      pages.erase(truth);
    }
    for (const auto& [page, row] : removed)
      ASSERT_TRUE((page >= start && page < end) || pages.at(page) == row);
    if (random() % 3 == 0) continue;
    table.insert({start, end, step, 0, 0, 0});
    for (std::uint64_t page = start; page < end; ++page) pages[page] = step;
  }
}

}  // namespace
}  // namespace heapledger::ledger
