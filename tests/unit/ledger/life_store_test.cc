// Life store: deaths in any order, long lives, growth, and use by one process after another.
#include "../../../analyzer/ledger/life_store.h"

#include <random>

#include "ledger_oracle.h"

namespace heapledger::ledger {
namespace {

std::vector<std::uint64_t> take_all(LifeStore& store, std::uint64_t rows) {
  std::vector<std::uint64_t> lives(rows);
  for (std::uint64_t first = 0; first < rows; first += kRowsPerGroup) {
    store.take(first, std::span(lives).subspan(first, std::min<std::uint64_t>(kRowsPerGroup, rows - first)));
  }
  return lives;
}

/// Rows come group by group, a third of them dies at a random later time.
void fill_and_compare(LifeStore& store, std::uint64_t rows, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::uint64_t> expected(rows);
  for (std::uint64_t end = 0; end < rows;) {
    end += kRowsPerGroup;
    store.reserve(end);
    for (std::uint32_t i = 0; i < kRowsPerGroup / 3; ++i) {
      const std::uint64_t row = random() % std::min(end, rows);
      if (expected[row] != 0) continue;
      expected[row] = end - row;
      store.set(row, expected[row]);
    }
  }
  ASSERT_EQ(take_all(store, rows), expected);
}

TEST(LifeStore, KeepsLivesOfOneProcessAfterAnother) {
  const testing::TempFolder folder;
  LifeStore store(folder / "a.hl");
  for (const std::uint64_t rows : {100u, 65'536u, 3'000'000u, 7u, 1'000'000u})
    fill_and_compare(store, rows, rows);
}

// More groups than stay recent, so that pages are given back and come again.
TEST(LifeStore, KeepsLivesOfManyGroups) {
  const testing::TempFolder folder;
  LifeStore store(folder / "a.hl");
  fill_and_compare(store, 200 * std::uint64_t{kRowsPerGroup} + 1, 1);
}

TEST(LifeStore, KeepsLivesThatDoNotFit) {
  const testing::TempFolder folder;
  LifeStore store(folder / "a.hl", 1000);
  fill_and_compare(store, 300'000, 2);
  fill_and_compare(store, 300'000, 3);
  store.reserve(3);
  store.set(0, 999);
  store.set(1, 1000);
  store.set(2, std::uint64_t{1} << 40);
  EXPECT_EQ(take_all(store, 3), (std::vector<std::uint64_t>{999, 1000, std::uint64_t{1} << 40}));
}

TEST(LifeStore, LeavesNoFile) {
  const testing::TempFolder folder;
  LifeStore store(folder / "a.hl");
  store.reserve(10);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace heapledger::ledger
