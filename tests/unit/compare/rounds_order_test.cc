// The order of arms: Latin squares, balanced, random, and the same everywhere.
#include "../../../analyzer/compare/rounds_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace heapledger::compare {
namespace {

using Order = std::vector<std::vector<std::size_t>>;

TEST(RoundsOrder, GeneratorMakesThePublishedNumbers) {
  SplitMix64 random(1234567);  // as of Vigna's reference code
  EXPECT_EQ(random.next(), 6457827717110365317u);
  EXPECT_EQ(random.next(), 3203168211198807973u);
  EXPECT_EQ(random.next(), 9817491932198370423u);
  EXPECT_EQ(random.next(), 4593380528125082431u);
  EXPECT_EQ(random.next(), 16408922859458223821u);
}

TEST(RoundsOrder, BelowTakesAllAlike) {
  SplitMix64 random(1);
  std::map<std::size_t, int> seen;
  for (int i = 0; i < 30000; ++i) ++seen[random.below(3)];
  ASSERT_EQ(seen.size(), 3u);
  for (const auto& [number, times] : seen) EXPECT_NEAR(times, 10000, 350) << number;  // 4 standard deviations
  EXPECT_EQ(random.below(1), 0u);
  // The remainder by 3 * 2^62 would be below 2^62 every second time.
  int low = 0;
  for (int i = 0; i < 3000; ++i) low += random.below(std::size_t{3} << 62) < std::size_t{1} << 62 ? 1 : 0;
  EXPECT_NEAR(low, 1000, 105);
}

TEST(RoundsOrder, EveryArmOnceARoundAndAtEveryPlaceOnceASquare) {
  for (std::size_t arms = 1; arms <= 7; ++arms) {
    const Order order = rounds_order(arms, arms, 4 * arms);
    ASSERT_EQ(order.size(), 4 * arms);
    for (std::size_t square = 0; square < 4; ++square) {
      std::vector<std::set<std::size_t>> at_place(arms);
      for (std::size_t round = square * arms; round < (square + 1) * arms; ++round) {
        EXPECT_EQ(std::set(order[round].begin(), order[round].end()).size(), arms);
        EXPECT_LT(std::ranges::max(order[round]), arms);
        for (std::size_t place = 0; place < arms; ++place) at_place[place].insert(order[round][place]);
      }
      for (const std::set<std::size_t>& seen : at_place) EXPECT_EQ(seen.size(), arms);
    }
  }
}

TEST(RoundsOrder, TwoArmsAreBalancedAndRandom) {
  std::size_t first = 0;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    const Order order = rounds_order(seed, 2, 2);
    EXPECT_NE(order[0], order[1]);
    first += order[0][0];
  }
  EXPECT_NEAR(static_cast<double>(first), 1000, 90);  // 4 standard deviations
}

TEST(RoundsOrder, EachSquareOfThreeArmsIsEquallyLikely) {
  // 2 cyclic squares but for the order of their rows, 3! orders each.
  std::map<Order, int> seen;
  for (std::uint64_t seed = 0; seed < 12000; ++seed) ++seen[rounds_order(seed, 3, 3)];
  EXPECT_EQ(seen.size(), 12u);
  for (const auto& [order, times] : seen) EXPECT_NEAR(times, 1000, 125);
}

TEST(RoundsOrder, SquaresAreFresh) {
  const Order order = rounds_order(7, 4, 400);
  std::set<Order> squares;
  for (std::size_t i = 0; i < order.size(); i += 4)
    squares.insert(Order(order.begin() + static_cast<std::ptrdiff_t>(i),
                         order.begin() + static_cast<std::ptrdiff_t>(i) + 4));
  EXPECT_GT(squares.size(), 50u);
}

TEST(RoundsOrder, MoreRoundsBeginAsFewerDo) {
  const Order all = rounds_order(42, 3, 31);
  for (std::size_t rounds = 0; rounds <= 31; ++rounds) {
    const Order some = rounds_order(42, 3, rounds);
    ASSERT_EQ(some.size(), rounds);
    EXPECT_TRUE(std::equal(some.begin(), some.end(), all.begin()));
  }
  EXPECT_NE(rounds_order(43, 3, 31), all);
  EXPECT_TRUE(rounds_order(1, 0, 5).empty());
}

TEST(RoundsOrder, OfASeedStaysWhatItIs) {
  // Orders are part of results that people keep: these, which a second program made from the description,
  // must never change.
  EXPECT_EQ(rounds_order(1, 3, 4), (Order{{2, 0, 1}, {1, 2, 0}, {0, 1, 2}, {0, 1, 2}}));
  EXPECT_EQ(rounds_order(2024, 4, 6),
            (Order{{0, 3, 2, 1}, {1, 0, 3, 2}, {2, 1, 0, 3}, {3, 2, 1, 0}, {1, 0, 2, 3}, {3, 1, 0, 2}}));
}

}  // namespace
}  // namespace heapledger::compare
