// Verdicts: each by a case that is known to be one, and what must hold between verdict, interval and p in any
// case.
#include "../../../analyzer/compare/comparison.h"

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "golden.h"
#include "simulated.h"

namespace heapledger::compare {
namespace {

using testing::expect_close;

/// An arm that is `ratio` times the baseline but for a noise of `sd`.
Pairs noisy(std::size_t rounds, double ratio, double sd, std::uint64_t seed,
            Threshold threshold = {0.01, 0}) {
  testing::Random random(seed);
  Pairs pairs{{}, {}, threshold};
  for (std::size_t i = 0; i < rounds; ++i) {
    pairs.baseline.push_back(100 * std::exp(0.2 * random.normal()));
    pairs.arm.push_back(pairs.baseline.back() * ratio * std::exp(sd * random.normal()));
  }
  return pairs;
}

TEST(Comparison, ExactWhenBothArmsAreConstant) {
  const Comparison equal = compare({std::vector(6, 80.0), std::vector(6, 80.0), {0.01, 0}}, 0.05);
  EXPECT_TRUE(equal.exact);
  EXPECT_EQ(equal.verdict, Verdict::no_change);
  EXPECT_EQ(equal.estimate, 0);
  EXPECT_FALSE(equal.small);
  EXPECT_FALSE(equal.p || equal.p_adjusted || equal.p_sign || equal.interval || equal.equivalence ||
               equal.detectable);

  const Comparison more = compare({std::vector(6, 80.0), std::vector(6, 100.0), {0.01, 0}}, 0.05);
  EXPECT_TRUE(more.exact);
  EXPECT_EQ(more.verdict, Verdict::changed);
  expect_close(relative_change(more.estimate), 0.25);
  EXPECT_EQ(more.higher, 6u);

  const Comparison little = compare({std::vector(6, 1000.0), std::vector(6, 1001.0), {0.01, 0}}, 0.05);
  EXPECT_EQ(little.verdict, Verdict::no_change);
  EXPECT_TRUE(little.small);
  const Comparison zero = compare({std::vector(6, 0.0), std::vector(6, 3.0), {0.01, 2}}, 0.05);
  EXPECT_EQ(zero.scale, Scale::difference);
  EXPECT_EQ(zero.estimate, 3);
  EXPECT_EQ(zero.verdict, Verdict::changed);
}

TEST(Comparison, AFewEqualValuesAreNotYetConstant) {
  const auto of = [](std::size_t rounds) {
    return Pairs{std::vector(rounds, 1.0), std::vector(rounds, 2.0), {}};
  };
  EXPECT_FALSE(compare(of(2), 0.05).exact);
  EXPECT_EQ(compare(of(2), 0.05).verdict, Verdict::inconclusive);
  EXPECT_TRUE(compare(of(3), 0.05).exact);
  EXPECT_FALSE(compare(std::vector{of(3), of(3)}, 0.05)[0].exact) << "a family of two";
  EXPECT_TRUE(compare(std::vector{of(4), of(4)}, 0.05)[0].exact);
}

TEST(Comparison, Changed) {
  const Pairs pairs = noisy(10, 1.2, 0.02, 1);
  const Comparison c = compare(pairs, 0.05);
  EXPECT_EQ(c.verdict, Verdict::changed);
  EXPECT_FALSE(c.exact);
  EXPECT_FALSE(c.small);
  EXPECT_EQ(c.scale, Scale::log_ratio);
  EXPECT_NEAR(relative_change(c.estimate), 0.2, 0.03);
  EXPECT_TRUE(c.interval->contains(std::log(1.2)));
  EXPECT_GT(c.interval->low, 0);
  EXPECT_EQ(c.p, 1.0 / 512);
  EXPECT_EQ(c.p_sign, 1.0 / 512);
  EXPECT_EQ(c.p_adjusted, c.p);
  EXPECT_EQ(c.alpha, 0.05);
  EXPECT_EQ(c.higher, 10u);
  EXPECT_EQ(c.lower, 0u);
}

TEST(Comparison, ALargeEffectWithinTheThresholdIsNotOne) {
  const Comparison real = compare(noisy(20, 1.01, 0.005, 2, {0.05, 0}), 0.05);
  EXPECT_EQ(real.verdict, Verdict::no_change);
  EXPECT_TRUE(real.small) << "real, but small";
  EXPECT_GT(real.interval->low, 0);
  const Comparison none = compare(noisy(20, 1, 0.005, 3, {0.05, 0}), 0.05);
  EXPECT_EQ(none.verdict, Verdict::no_change);
  EXPECT_FALSE(none.small);
  EXPECT_TRUE(none.interval->contains(0));
  EXPECT_GE(none.equivalence->level, 0.9);
  EXPECT_LT(none.equivalence->level, none.interval->level);
}

TEST(Comparison, NothingIsShownByFewOrNoisyRounds) {
  const Comparison noise = compare(noisy(10, 1, 0.3, 4), 0.05);
  EXPECT_EQ(noise.verdict, Verdict::inconclusive);
  EXPECT_GT(*noise.detectable, 0.1);
  const Comparison few = compare(noisy(5, 2, 0.001, 5), 0.05);
  EXPECT_EQ(few.verdict, Verdict::inconclusive);
  EXPECT_FALSE(few.interval);
  EXPECT_FALSE(few.detectable);
  EXPECT_TRUE(few.equivalence) << "90 % can be had from 5 rounds";
  // Real, but the estimate is within the threshold and the interval is not.
  const Comparison maybe = compare(noisy(30, 1.045, 0.05, 6, {0.06, 0}), 0.05);
  EXPECT_GT(maybe.interval->low, 0);
  EXPECT_EQ(maybe.verdict, Verdict::inconclusive);
  const Comparison one = compare({{1}, {2}, {}}, 0.05);
  EXPECT_EQ(one.verdict, Verdict::inconclusive);
}

TEST(Comparison, ThresholdIsTheLargerOfShareAndAmount) {
  const Pairs pairs = noisy(10, 1.2, 0.02, 1, {0.01, 50});  // the change is about 20, the baseline about 100
  const Comparison c = compare(pairs, 0.05);
  expect_close(c.threshold, std::log(1 + 50 / c.baseline_median));
  EXPECT_EQ(c.verdict, Verdict::no_change);
  EXPECT_TRUE(c.small);
  expect_close(compare(noisy(10, 1.2, 0.02, 1, {0.05, 1}), 0.05).threshold, std::log(1.05));
}

TEST(Comparison, DifferencesWhereThereIsNoRatio) {
  Pairs pairs{{0, 4, 5, 6, 7, 8, 9}, {10, 14, 15, 17, 17, 18, 19}, {0.5, 1}};
  const Comparison c = compare(pairs, 0.05);
  EXPECT_EQ(c.scale, Scale::difference);
  EXPECT_EQ(c.estimate, 10);
  EXPECT_EQ(c.threshold, 3) << "half of the baseline's median";
  EXPECT_EQ(c.verdict, Verdict::changed);
  pairs.threshold.amount = 12;
  EXPECT_EQ(compare(pairs, 0.05).threshold, 12);
  EXPECT_EQ(compare(pairs, 0.05).verdict, Verdict::no_change);
}

TEST(Comparison, TheSmallestChangeOfALargeValueIsSeen) {
  Pairs pairs{{}, {}, {}};
  for (int i = 0; i < 8; ++i) {
    pairs.baseline.push_back(1e12 + i);
    pairs.arm.push_back(1e12 + i + 1);
  }
  const Comparison c = compare(pairs, 0.05);
  EXPECT_NEAR(c.estimate, 1e-12, 1e-20);
  EXPECT_EQ(c.verdict, Verdict::changed) << "without a threshold";
}

TEST(Comparison, AnOutlierStaysAndDecidesNothing) {
  Pairs pairs = noisy(12, 1.1, 0.01, 7);
  const Comparison before = compare(pairs, 0.05);
  pairs.arm[3] *= 1000;
  const Comparison after = compare(pairs, 0.05);
  EXPECT_EQ(after.rounds, 12u);
  EXPECT_EQ(after.verdict, Verdict::changed);
  EXPECT_NEAR(after.estimate, before.estimate, 0.01);
  EXPECT_GT(*after.detectable, 10 * *before.detectable) << "it counts for what a mean would do";
}

TEST(Comparison, AFamilyIsStricterThanEachByItself) {
  // 7 rounds all higher: p = 1/64, enough for one of three comparisons, not for one of four.
  const Pairs higher = noisy(7, 1.2, 0.01, 8), noise = noisy(7, 1, 0.1, 9);
  const std::vector<Comparison> three = compare(std::vector{noise, higher, noise}, 0.05);
  EXPECT_EQ(three[1].verdict, Verdict::changed);
  EXPECT_EQ(three[1].alpha, 0.05 / 3);
  EXPECT_EQ(three[1].p_adjusted, 3.0 / 64);
  EXPECT_EQ(three[0].alpha, 0.05 / 2) << "Holm's second step";
  const std::vector<Comparison> four = compare(std::vector{noise, higher, noise, noise}, 0.05);
  EXPECT_EQ(four[1].verdict, Verdict::inconclusive);
  EXPECT_FALSE(four[1].interval) << "7 rounds cannot show it at 0.0125";
  const Pairs exact{std::vector(7, 1.0), std::vector(7, 1.0), {}};
  EXPECT_EQ(compare(std::vector{exact, higher, exact, exact}, 0.05)[1].alpha, 0.05) << "exact ones have no p";
  EXPECT_TRUE(compare(std::vector<Pairs>{}, 0.05).empty());
}

/// What must hold whatever is compared.
void expect_consistent(const Comparison& c, double alpha) {
  const bool differs = c.interval && !c.interval->contains(0);
  EXPECT_EQ(c.verdict == Verdict::changed, differs && std::abs(c.estimate) > c.threshold);
  if (differs) {
    EXPECT_LE(*c.p_adjusted, alpha);
  }
  EXPECT_LE(*c.p, *c.p_adjusted);
  if (c.interval) {
    EXPECT_TRUE(c.interval->contains(c.estimate));
    EXPECT_GE(c.interval->level, 1 - c.alpha - 1e-12);
  }
  if (c.verdict == Verdict::no_change) {
    EXPECT_LE(std::max(std::abs(c.equivalence->low), std::abs(c.equivalence->high)), c.threshold);
  }
  EXPECT_LE(c.small, c.verdict == Verdict::no_change && differs);
}

TEST(Comparison, IntervalAndAdjustedPSayTheSame) {
  testing::Random random(10);
  std::size_t changed = 0, not_changed = 0;
  for (int time = 0; time < 300; ++time) {
    std::vector<Pairs> family;
    for (std::size_t i = 0; i <= random.bits().below(6); ++i)
      family.push_back(
          noisy(6 + random.bits().below(15), 1 + 0.03 * static_cast<double>(i), 0.04, random.bits().next()));
    for (const Comparison& c : compare(family, 0.05)) {
      expect_consistent(c, 0.05);
      const bool differs = c.interval && !c.interval->contains(0);
      EXPECT_EQ(differs, *c.p_adjusted <= 0.05) << "without ties they are one";
      ++(differs ? changed : not_changed);
    }
  }
  EXPECT_GT(changed, 150u);
  EXPECT_GT(not_changed, 150u);
}

TEST(Comparison, WithTiesAndZerosNeitherClaimsMoreThanTheOther) {
  testing::Random random(11);
  std::size_t changed = 0, cautious = 0;
  for (int time = 0; time < 1000; ++time) {
    Pairs pairs{{}, {}, {}};
    for (std::size_t i = 0; i < 6 + random.bits().below(10); ++i) {
      pairs.baseline.push_back(10);
      pairs.arm.push_back(9 + static_cast<double>(random.bits().below(5)));
    }
    pairs.arm[0] = 9;
    pairs.arm[1] = 12;
    const Comparison c = compare(pairs, 0.05);
    expect_consistent(c, 0.05);
    changed += c.verdict == Verdict::changed ? 1 : 0;
    cautious += *c.p <= 0.05 && c.interval->contains(0) ? 1 : 0;
  }
  EXPECT_GT(changed, 20u);
  EXPECT_GT(cautious, 0u) << "the case that the comment on compare() speaks of";
}

TEST(Comparison, AnIntervalWithout0NeedsTheTestToo) {
  // A case with ties in which the Walsh averages alone would give 0.5 to 8, and the exact test gives 0.0508.
  const Comparison c = compare({std::vector(10, 0.0), {-2, -7, 6, 10, 10, 3, 8, 4, 6, 6}, {}}, 0.05);
  EXPECT_EQ(WalshAverages(std::vector<double>{-2, -7, 6, 10, 10, 3, 8, 4, 6, 6}).interval(0.05)->low, 0.5);
  EXPECT_NEAR(*c.p, 0.0508, 0.0001);
  EXPECT_EQ(c.interval->low, 0);
  EXPECT_EQ(c.interval->high, 8);
  EXPECT_EQ(c.verdict, Verdict::inconclusive);
}

TEST(Comparison, NoChangeIsFalseAtMostAsOftenAsAlpha) {
  // The arm differs by exactly the threshold: 'no change beyond it' is just wrong.
  constexpr int kTimes = 4000;
  double claimed = 0;
  for (std::uint64_t time = 0; time < kTimes; ++time) {
    const Comparison c = compare(noisy(20, 1.05, 0.01, 1000 + time, {0.05, 0}), 0.05);
    claimed += c.verdict == Verdict::no_change ? 1.0 / kTimes : 0;
  }
  EXPECT_NEAR(claimed, 0.0486, 0.011) << "one side of what the level of 20 rounds leaves";
}

TEST(Comparison, RefusesWhatIsNoComparison) {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const Pairs& bad :
       {Pairs{{}, {}, {}}, Pairs{{1, 2}, {1}, {}}, Pairs{{1, std::nan("")}, {1, 2}, {}},
        Pairs{{1}, {infinity}, {}}, Pairs{{1}, {1}, {-0.1, 0}}, Pairs{{1}, {1}, {0, infinity}},
        Pairs{std::vector(kMaxPairs + 1, 1.0), std::vector(kMaxPairs + 1, 1.0), {}}})
    EXPECT_THROW(static_cast<void>(compare(bad, 0.05)), std::invalid_argument);
  EXPECT_THROW(static_cast<void>(compare({{1}, {1}, {}}, 0)), std::invalid_argument);
  EXPECT_THROW(static_cast<void>(compare({{1}, {1}, {}}, 0.5)), std::invalid_argument);
}

}  // namespace
}  // namespace heapledger::compare
