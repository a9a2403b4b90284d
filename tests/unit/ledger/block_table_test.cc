// The table of live blocks against std::unordered_map.
#include "../../../analyzer/ledger/block_table.h"

#include <gtest/gtest.h>

#include <random>
#include <unordered_map>
#include <vector>

namespace heapledger::ledger {
namespace {

using Block = BlockTable::Block;

/// Both tables side by side.
class Pair {
 public:
  void insert(std::uint64_t address, std::uint64_t row, std::uint64_t size) {
    table_.insert({address, row, size});
    EXPECT_TRUE(truth_.emplace(address, Block{address, row, size}).second);
  }
  void erase(std::uint64_t address) {
    Block* block = table_.find(address);
    ASSERT_NE(block, nullptr) << address;
    table_.erase(block);
    truth_.erase(address);
  }
  [[nodiscard]] bool has(std::uint64_t address) {
    table_.prefetch(address);
    const Block* block = table_.find(address);
    const auto found = truth_.find(address);
    EXPECT_EQ(block != nullptr, found != truth_.end()) << address;
    if (block == nullptr || found == truth_.end()) return false;
    EXPECT_EQ(block->address, address);
    EXPECT_EQ(block->row, found->second.row);
    EXPECT_EQ(block->size, found->second.size);
    return true;
  }
  void check_all() {
    EXPECT_EQ(table_.size(), truth_.size());
    for (const auto& [address, block] : truth_) EXPECT_TRUE(has(address));
  }
  [[nodiscard]] std::size_t size() const { return truth_.size(); }

 private:
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
      pair.insert(a, static_cast<std::uint64_t>(i), random());
    (void)pair.has(address(random() % range));
  }
  pair.check_all();
}

TEST(BlockTable, IsEmptyAtFirst) {
  BlockTable table;
  EXPECT_EQ(table.size(), 0u);
  EXPECT_EQ(table.find(8), nullptr);
  EXPECT_EQ(table.find(~std::uint64_t{0}), nullptr);
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

/// Addresses whose home is the table's last slot: chains run over the end and shrink back over it.
TEST(BlockTable, ChainsOverTheEnd) {
  std::vector<std::uint64_t> last;
  for (std::uint64_t a = 8; last.size() < 40; a += 8)
    if (((a >> 3) * 0x9e3779b97f4a7c15ull) >> 52 >= 4090) last.push_back(a);
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
