// The table of live blocks against std::unordered_map.
#include "../../../analyzer/ledger/block_table.h"

#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <unordered_map>
#include <utility>
#include <vector>

namespace heapledger::ledger {
namespace {

using Block = BlockTable::Block;

/// Both tables side by side.
class Pair {
 public:
  void insert(std::uint64_t address, std::uint64_t row, std::uint64_t size) {
    const auto site = static_cast<std::uint32_t>((row + size) * 0x9e3779b9);
    const std::optional<Block> before = table_.put({address, row, size, site});
    const auto [found, fresh] = truth_.try_emplace(address, Block{address, row, size, site});
    ASSERT_EQ(before.has_value(), !fresh) << address;
    if (!fresh) expect_same(*before, std::exchange(found->second, Block{address, row, size, site}));
  }
  void erase(std::uint64_t address) {
    const std::optional<Block> block = table_.take(address);
    ASSERT_EQ(block.has_value(), truth_.contains(address)) << address;
    if (block) expect_same(*block, truth_.at(address));
    truth_.erase(address);
  }
  [[nodiscard]] bool has(std::uint64_t address) {
    table_.prefetch(1, [=](std::size_t) { return address; });
    const std::optional<Block> block = table_.find(address);
    const auto found = truth_.find(address);
    EXPECT_EQ(block.has_value(), found != truth_.end()) << address;
    if (!block || found == truth_.end()) return false;
    expect_same(*block, found->second);
    return true;
  }
  void check_all() {
    EXPECT_EQ(table_.size(), truth_.size());
    for (const auto& [address, block] : truth_) EXPECT_TRUE(has(address));
  }
  [[nodiscard]] std::size_t size() const { return truth_.size(); }

 private:
  static void expect_same(const Block& a, const Block& b) {
    EXPECT_TRUE(a.address == b.address && a.row == b.row && a.size == b.size && a.site == b.site) << b.address;
  }

  BlockTable table_;
  std::unordered_map<std::uint64_t, Block> truth_;
};

/// Inserts absent addresses and erases present ones, `address(i)` for random i below `range`.
template <class Address>
void churn(std::uint64_t range, int steps, std::uint64_t seed, Address address) {
  Pair pair;
  std::mt19937_64 random(seed);
  for (int i = 0; i < steps; ++i) {
    const std::uint64_t a = address(random() % range);
    if (pair.has(a))
      pair.erase(a);
    else
      pair.insert(a, static_cast<std::uint64_t>(i), random() >> (i % 64));  // every magnitude
    if (i % 17 == 0) pair.insert(a, random() >> (i % 64), 5);               // in the place of another
    if (i % 19 == 0) pair.erase(address(random() % range));
    (void)pair.has(address(random() % range));
  }
  pair.check_all();
}

TEST(BlockTable, IsEmptyAtFirst) {
  BlockTable table;
  EXPECT_EQ(table.size(), 0u);
  EXPECT_FALSE(table.find(8));
  EXPECT_FALSE(table.find(~std::uint64_t{0}));
  EXPECT_FALSE(table.take(8));
}

TEST(BlockTable, Churn) {
  churn(3000, 300'000, 1, [](std::uint64_t i) { return 16 * i + 16; });
}
TEST(BlockTable, ChurnOfFewBlocks) {
  churn(4, 10'000, 2, [](std::uint64_t i) { return 64 * i + 64; });
}
TEST(BlockTable, ChurnOfPages) {
  churn(5000, 300'000, 3, [](std::uint64_t i) { return (i << 12) + 0x7f00'0000'1000; });
}
TEST(BlockTable, ChurnOfUnalignedNeighbours) {
  churn(4000, 300'000, 4, [](std::uint64_t i) { return i + 1; });
}
TEST(BlockTable, ChurnOfEqualLowBits) {
  churn(3000, 300'000, 5, [](std::uint64_t i) { return (i << 44) + 8; });
}

TEST(BlockTable, ChurnOfTaggedPointers) {
  churn(3000, 300'000, 6, [](std::uint64_t i) { return (i << 4) + 16 + (i % 3 << 60); });
}

TEST(BlockTable, ChurnOfFullRegions) {
  Pair pair;
  for (std::uint64_t a = 0x10000; a < 0x14000; a += 8)
    pair.insert(a, a, a);  // one more of each kind than have numbers
  pair.check_all();
  std::mt19937_64 random(8);
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    const std::uint64_t a = 0x10000 + 8 * (random() % 2048);
    pair.erase(a);
    if (i % 8 != 0) pair.insert(a, i, i);
  }
  pair.check_all();
}

TEST(BlockTable, ChurnOfFewBlocksARegion) {  // some have eight, some nine: searched, and numbered
  churn(1600, 300'000, 9, [](std::uint64_t i) { return (i / 16 << 12) + (i % 16 << 7) + 0x10000; });
}

TEST(BlockTable, RowsThatDoNotFit) {
  Pair pair;
  for (std::uint64_t i = 1; i < 64; ++i) pair.insert(0x10000 + 16 * (i % 7), std::uint64_t{1} << i, ~i);
  pair.check_all();
}

/// Regions whose home is among the table's last places: chains run over the end.
TEST(BlockTable, ChainsOverTheEnd) {
  std::vector<std::uint64_t> last;
  for (std::uint64_t a = 0x10000; last.size() < 40; a += 0x1000)
    if ((a >> 12 << 1) * 0x9e3779b97f4a7c15ull >> 56 >= 250) last.push_back(a);
  churn(last.size(), 100'000, 7, [&](std::uint64_t i) { return last[i]; });
}

TEST(BlockTable, GrowsToMillionsAndShrinksToNothing) {
  Pair pair;
  constexpr std::uint64_t kBlocks = 1'000'000;
  for (std::uint64_t i = 1; i <= kBlocks; ++i) pair.insert(48 * i, i, 2 * i);
  pair.check_all();
  for (std::uint64_t i = 1; i <= kBlocks; ++i)
    pair.erase(48 * (i * 7 % (kBlocks + 1)));  // each once: 1000001 = 101 * 9901
  EXPECT_EQ(pair.size(), 0u);
  pair.check_all();
}

}  // namespace
}  // namespace heapledger::ledger
