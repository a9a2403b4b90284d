// The shim's tables against those of the standard library, and without memory.
#include "../../../preload/intern_table.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <map>
#include <random>
#include <utility>
#include <vector>

namespace heapledger {
namespace {

/// Address space of this process does not grow while it lives.
class NoMemory {
 public:
  NoMemory() {
    ::getrlimit(RLIMIT_AS, &old_);
    const rlimit limit{.rlim_cur = 1 << 20, .rlim_max = old_.rlim_max};
    ::setrlimit(RLIMIT_AS, &limit);
  }
  ~NoMemory() { ::setrlimit(RLIMIT_AS, &old_); }
  NoMemory(const NoMemory&) = delete;
  NoMemory& operator=(const NoMemory&) = delete;

 private:
  rlimit old_{};
};

TEST(InternTable, ZeroBytesAreAnEmptyTable) {
  const InternTable table{};
  EXPECT_EQ(table.count(), 0u);
  EXPECT_EQ(table.find({}), 0u);
  EXPECT_EQ(table.find({1, 2}), 0u);
}

TEST(InternTable, NumbersRunFromOne) {
  InternTable table{};
  EXPECT_EQ(table.add({0, 0}), 1u) << "a key of zeros is one like any other";
  EXPECT_EQ(table.find({0, 1}), 0u);
  EXPECT_EQ(table.add({0, 1}), 2u);
  EXPECT_EQ(table.add({1, 0}), 3u);
  EXPECT_EQ(table.find({0, 0}), 1u);
  EXPECT_EQ(table.find({0, 1}), 2u);
  EXPECT_EQ(table.find({1, 0}), 3u);
  EXPECT_EQ(table.count(), 3u);
}

/// Adds keys as they come and compares with std::map.
template <class Key>
void check(int steps, Key key) {
  InternTable table{};
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint32_t> truth;
  std::mt19937_64 random(1);
  for (int i = 0; i < steps; ++i) {
    const InternKey k = key(random);
    const auto [found, fresh] = truth.try_emplace({k.high, k.low}, static_cast<std::uint32_t>(truth.size() + 1));
    ASSERT_EQ(table.find(k), fresh ? 0 : found->second);
    ASSERT_TRUE(!fresh || table.add(k) == found->second);
  }
  ASSERT_EQ(table.count(), truth.size());
  for (const auto& [k, number] : truth) ASSERT_EQ(table.find({k.first, k.second}), number);
}

TEST(InternTable, RandomKeys) {
  check(200'000, [](auto& random) { return InternKey{random(), random()}; });
}
TEST(InternTable, KeysOfNodes) {  // small numbers in both halves of both words
  check(300'000, [](auto& random) { return InternKey{random() % 300 << 32 | random() % 90, 2 * (random() % 200)}; });
}
TEST(InternTable, KeysThatDifferInOneWord) {
  check(100'000, [](auto& random) { return InternKey{7, random() % 60'000}; });
  check(100'000, [](auto& random) { return InternKey{random() % 60'000 << 40, 7}; });
}

TEST(InternTable, WithoutMemoryNothingIsAddedAndNothingLost) {
  InternTable table{};
  {
    const NoMemory limit;
    EXPECT_EQ(table.add({1, 1}), 0u);
    EXPECT_EQ(table.find({1, 1}), 0u);
    EXPECT_EQ(table.count(), 0u);
  }
  std::uint64_t added = 0;
  for (; added < 700; ++added) table.add({added, 1});
  {
    const NoMemory limit;
    while (table.add({added, 1}) != 0) ++added;
  }
  EXPECT_EQ(table.count(), added);
  for (std::uint64_t i = 0; i < added; ++i) EXPECT_EQ(table.find({i, 1}), i + 1);
  EXPECT_EQ(table.find({added, 1}), 0u);
  EXPECT_EQ(table.add({added, 1}), added + 1);
}

TEST(GrowingArray, KeepsItsElementsAndNewOnesAreZero) {
  GrowingArray<std::uint64_t> array{};
  std::vector<std::uint64_t> truth;
  std::mt19937_64 random(1);
  EXPECT_EQ(array.capacity(), 0u);
  for (int i = 0; i < 5000; ++i) {
    const std::uint64_t index = random() % (1 + static_cast<std::uint64_t>(i) * 20);
    ASSERT_TRUE(array.reserve(index));
    ASSERT_GT(array.capacity(), index);
    truth.resize(array.capacity());
    array.data()[index] = truth[index] = random();
  }
  for (std::size_t i = 0; i < truth.size(); ++i) ASSERT_EQ(array.data()[i], truth[i]);
}

TEST(GrowingArray, WithoutMemoryItStaysAsItIs) {
  GrowingArray<std::uint32_t> array{};
  ASSERT_TRUE(array.reserve(10));
  array.data()[10] = 77;
  const std::uint64_t capacity = array.capacity();
  {
    const NoMemory limit;
    EXPECT_TRUE(array.reserve(capacity - 1));
    EXPECT_FALSE(array.reserve(capacity));
    EXPECT_FALSE(array.reserve(std::uint64_t{1} << 40));
  }
  EXPECT_EQ(array.capacity(), capacity);
  EXPECT_EQ(array.data()[10], 77u);
}

}  // namespace
}  // namespace heapledger
