// Which runs are noisy, and the comparison with and without them.
#include "../../../analyzer/compare/noise.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace heapledger::compare {
namespace {

TEST(Noise, StolenTime) {
  // 0.5 % of 1,000 ticks is 5.
  const std::vector<Disturbance> d = disturbances(std::vector<RunNoise>{{.steal_ticks = 5, .all_ticks = 1000},
                                                                        {.steal_ticks = 6, .all_ticks = 1000},
                                                                        {.steal_ticks = 1, .all_ticks = 20},
                                                                        {.steal_ticks = 2, .all_ticks = 20},
                                                                        {.steal_ticks = 0, .all_ticks = 0}});
  EXPECT_FALSE(d[0].any());
  EXPECT_TRUE(d[1].steal);
  EXPECT_FALSE(d[2].any()) << "one tick may be an old one";
  EXPECT_TRUE(d[3].steal);
  EXPECT_FALSE(d[3].faults || d[3].switches);
  EXPECT_FALSE(d[4].any());
}

TEST(Noise, FaultsWhereTheMedianHasNone) {
  const std::vector<Disturbance> d =
      disturbances(std::vector<RunNoise>{{.major_faults = 0}, {.major_faults = 1}, {.major_faults = 0}});
  EXPECT_FALSE(d[0].any());
  EXPECT_TRUE(d[1].faults);
  for (const Disturbance& usual :
       disturbances(std::vector<RunNoise>{{.major_faults = 9}, {.major_faults = 900}}))
    EXPECT_FALSE(usual.any()) << "this program always reads from disk";
}

TEST(Noise, SwitchesBeyondTheArmsMedian) {
  const auto with_last = [](std::uint64_t usual, std::uint64_t last) {
    return disturbances(std::vector<RunNoise>{{usual}, {usual}, {usual}, {last}})[3].switches;
  };
  EXPECT_FALSE(with_last(1, 3));
  EXPECT_FALSE(with_last(1, 10));
  EXPECT_TRUE(with_last(1, 11));
  EXPECT_FALSE(with_last(100, 200));
  EXPECT_TRUE(with_last(100, 201));
  EXPECT_FALSE(with_last(100, 0));
  EXPECT_FALSE(disturbances(std::vector<RunNoise>{{5000}})[0].any()) << "nothing to see it beside";
  const std::vector<Disturbance> even = disturbances(std::vector<RunNoise>{{0}, {1}, {31}, {33}});
  EXPECT_FALSE(even[2].switches) << "the median is 16";
  EXPECT_TRUE(even[3].switches);
  EXPECT_TRUE(disturbances({}).empty());
}

TEST(Noise, TheResultKeepsAllRounds) {
  Pairs pairs{{}, {}, {0.01, 0}};
  std::vector<bool> noisy(12, false);
  for (int i = 0; i < 12; ++i) {
    pairs.baseline.push_back(100 + i);
    pairs.arm.push_back(1.1 * (100 + i) + 0.01 * i * i);
  }
  for (const std::size_t round : {0u, 5u, 6u, 11u}) {
    pairs.arm[round] /= 3;
    noisy[round] = true;
  }
  const NoiseCheck check =
      compare_with_noise(std::vector{pairs}, std::vector<std::vector<bool>>{noisy}, 0.05);
  EXPECT_EQ(check.all[0].rounds, 12u);
  EXPECT_EQ(check.all[0].verdict, compare(pairs, 0.05).verdict);
  EXPECT_EQ(check.all[0].verdict, Verdict::inconclusive);
  EXPECT_EQ(check.quiet[0].rounds, 8u);
  EXPECT_EQ(check.quiet[0].higher, 8u);
  EXPECT_EQ(check.quiet[0].verdict, Verdict::changed);
  EXPECT_FALSE(check.agrees(0));
}

TEST(Noise, NoneOrAllNoisy) {
  const Pairs pairs{{1, 2, 3, 4, 5, 6, 7}, {2, 3, 4, 5, 6, 7, 9}, {}};
  const std::vector<bool> none(7, false), all(7, true);
  const NoiseCheck check = compare_with_noise(std::vector{pairs, pairs}, std::vector{none, all}, 0.05);
  EXPECT_EQ(check.quiet[0].rounds, 7u);
  EXPECT_EQ(check.quiet[0].estimate, check.all[0].estimate);
  EXPECT_TRUE(check.agrees(0));
  EXPECT_EQ(check.quiet[1].rounds, 0u);
  EXPECT_EQ(check.quiet[1].verdict, Verdict::inconclusive);
  EXPECT_FALSE(check.agrees(1));
  EXPECT_THROW(static_cast<void>(compare_with_noise(std::vector{pairs}, {}, 0.05)), std::invalid_argument);
  EXPECT_THROW(static_cast<void>(compare_with_noise(
                   std::vector{pairs}, std::vector<std::vector<bool>>{std::vector<bool>(6)}, 0.05)),
               std::invalid_argument);
}

}  // namespace
}  // namespace heapledger::compare
