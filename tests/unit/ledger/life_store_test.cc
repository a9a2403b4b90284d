// Life store: deaths in any order, long lives, growth, and use by one process after another.
#include "../../../analyzer/ledger/life_store.h"

#include <random>

#include "../../../analyzer/ledger/error.h"
#include "ledger_oracle.h"

namespace heapledger::ledger {
namespace {

std::vector<std::uint64_t> get_all(LifeStore& store, std::uint64_t rows) {
  std::vector<std::uint64_t> lives(rows);
  for (std::uint64_t first = 0; first < rows; first += kRowsPerGroup) {
    const std::uint64_t count = std::min<std::uint64_t>(kRowsPerGroup, rows - first);
    store.get(first / kRowsPerGroup, std::span(lives).subspan(first, count));
  }
  return lives;
}

/// Rows come group by group, a third of them dies at a random later time.
void fill_and_compare(LifeStore& store, std::uint64_t rows, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::uint64_t> expected(rows);
  store.clear();
  for (std::uint64_t end = 0; end < rows;) {
    end += kRowsPerGroup;
    store.add_group();
    for (std::uint32_t i = 0; i < kRowsPerGroup / 3; ++i) {
      const std::uint64_t row = random() % std::min(end, rows);
      if (expected[row] != 0) continue;
      expected[row] = end - row;
      store.set(row, expected[row]);
    }
  }
  ASSERT_EQ(get_all(store, rows), expected);
}

TEST(LifeStore, KeepsLivesOfOneProcessAfterAnother) {
  const testing::TempFolder folder;
  LifeStore store(folder / "a.hl");
  for (const std::uint64_t rows : {100u, 65'536u, 3'000'000u, 7u, 1'000'000u})
    fill_and_compare(store, rows, rows);
}

// Many more groups than stay in memory, and then so many late deaths that the mapping's pages are given back.
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
  store.clear();
  store.add_group();
  store.set(0, 999);
  store.set(1, 1000);
  store.set(2, std::uint64_t{1} << 40);
  EXPECT_EQ(get_all(store, 3), (std::vector<std::uint64_t>{999, 1000, std::uint64_t{1} << 40}));
}

TEST(LifeStore, KeepsLateDeathsInAnyOrder) {
  const testing::TempFolder folder;
  LifeStore store(folder / "a.hl");
  constexpr std::uint64_t kRows = 100 * std::uint64_t{kRowsPerGroup};
  for (std::uint64_t row = 0; row < kRows; row += kRowsPerGroup) store.add_group();
  std::vector<std::uint64_t> expected(kRows);
  std::mt19937_64 random(4);
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t row = random() % kRows;
    expected[row] = 1 + random() % 1000;
    store.set(row, expected[row]);
  }
  EXPECT_EQ(get_all(store, kRows), expected);
}

TEST(LifeStore, LeavesNoFile) {
  const testing::TempFolder folder;
  LifeStore store(folder / "a.hl");
  for (int group = 0; group < 100; ++group) store.add_group();
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(LifeStore, StopsWithAnErrorWhenNoSpaceIsLeft) {
  const testing::TempFolder folder;
  LifeStore store(folder / "a.hl");
  const testing::SizeLimit limit(100'000);
  EXPECT_THROW(
      {
        for (int group = 0; group < 100; ++group) store.add_group();
      },
      FileError);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace heapledger::ledger
