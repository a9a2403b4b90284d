// The signed-rank test against R and scipy, against all sign patterns, and its interval against simulated
// truth.
#include "../../../analyzer/compare/signed_rank.h"

#include <limits>
#include <stdexcept>

#include "golden.h"
#include "simulated.h"

namespace heapledger::compare {
namespace {

using testing::expect_close;

TEST(SignedRank, AgreesWithR) {
  const nlohmann::json golden = testing::golden();
  const auto alphas = golden["alphas"].get<std::vector<double>>();
  std::size_t intervals = 0, too_few = 0;
  for (const nlohmann::json& sample : golden["samples"]) {
    SCOPED_TRACE(sample["name"].get<std::string>());
    const auto differences = sample["differences"].get<std::vector<double>>();
    const SignedRankTest test = signed_rank_test(differences);
    expect_close(test.p_two_sided, sample["p"][0]);
    expect_close(test.p_greater, sample["p"][1]);
    expect_close(test.p_less, sample["p"][2]);
    expect_close(sign_test(differences), sample["sign"]);
    const WalshAverages averages(differences);
    const double unit = std::abs(differences[0]);
    expect_close(averages.median(), sample["estimate"], unit);
    for (std::size_t i = 0; i < alphas.size(); ++i) {
      const std::optional<Interval> interval = averages.interval(alphas[i]);
      const nlohmann::json& expected = sample["intervals"][i];
      ASSERT_EQ(interval.has_value(), !expected[0].is_null());
      EXPECT_EQ(interval.has_value(), differences.size() >= fewest_pairs(alphas[i]));
      ++(interval ? intervals : too_few);
      if (!interval) continue;
      expect_close(interval->low, expected[0], unit);
      expect_close(interval->high, expected[1], unit);
      expect_close(interval->level, expected[2]);
    }
  }
  EXPECT_GT(intervals, 450u);
  EXPECT_GT(too_few, 20u);
}

/// Ranks by counting, the distribution by going through all sign patterns.
SignedRankTest brute_force(const std::vector<double>& differences) {
  std::vector<double> ranks;
  double found = 0;
  for (const double d : differences) {
    double below = 0, equal = 0;
    for (const double other : differences) {
      below += std::abs(other) < std::abs(d) ? 1 : 0;
      equal += std::abs(other) == std::abs(d) ? 1 : 0;
    }
    const double rank = below + (equal + 1) / 2;
    found += d > 0 ? rank : 0;
    if (d != 0) ranks.push_back(rank);
  }
  const std::size_t patterns = std::size_t{1} << ranks.size();
  double middle = 0, low = 0, high = 0, far = 0;
  for (const double rank : ranks) middle += rank / 2;
  for (std::size_t pattern = 0; pattern < patterns; ++pattern) {
    double sum = 0;
    for (std::size_t i = 0; i < ranks.size(); ++i) sum += (pattern >> i & 1) != 0 ? ranks[i] : 0;
    low += sum <= found ? 1 : 0;
    high += sum >= found ? 1 : 0;
    far += std::abs(sum - middle) >= std::abs(found - middle) ? 1 : 0;
  }
  const auto all = static_cast<double>(patterns);
  return {differences.size() - ranks.size(), found, far / all, high / all, low / all};
}

TEST(SignedRank, AgreesWithAllSignPatterns) {
  SplitMix64 random(1);
  std::size_t with_zeros = 0, with_ties = 0;
  for (std::size_t n = 1; n <= 12; ++n) {
    for (std::size_t range = 1; range <= 1000; range *= n < 9 ? 3 : 10) {
      std::vector<double> differences;
      for (std::size_t i = 0; i < n; ++i)
        differences.push_back(static_cast<double>(random.below(2 * range + 1)) - static_cast<double>(range));
      const SignedRankTest expected = brute_force(differences), got = signed_rank_test(differences);
      EXPECT_EQ(got.zeros, expected.zeros);
      EXPECT_EQ(got.positive_sum, expected.positive_sum);
      EXPECT_NEAR(got.p_two_sided, expected.p_two_sided, 1e-14);
      EXPECT_NEAR(got.p_greater, expected.p_greater, 1e-14);
      EXPECT_NEAR(got.p_less, expected.p_less, 1e-14);
      with_zeros += got.zeros != 0 ? 1 : 0;
      with_ties += range < n ? 1 : 0;
    }
  }
  EXPECT_GT(with_zeros, 10u);
  EXPECT_GT(with_ties, 10u);
}

TEST(SignedRank, TheIntervalIsWhatTheTestDoesNotReject) {
  testing::Random random(2);
  for (const std::size_t n : {6u, 7u, 11u, 25u}) {
    std::vector<double> differences;
    for (std::size_t i = 0; i < n; ++i) differences.push_back(random.normal());
    const double alpha = 0.05;
    const std::optional<Interval> interval = WalshAverages(differences).interval(alpha);
    ASSERT_TRUE(interval);
    const auto rejects = [&](double shift) {
      std::vector<double> shifted = differences;
      for (double& d : shifted) d -= shift;
      return signed_rank_test(shifted).p_two_sided <= alpha;
    };
    const double step = 1e-6;
    EXPECT_TRUE(rejects(interval->low - step));
    EXPECT_FALSE(rejects(interval->low + step));
    EXPECT_FALSE(rejects(interval->high - step));
    EXPECT_TRUE(rejects(interval->high + step));
  }
}

TEST(SignedRank, RoundingMakesNoOrder) {
  // 4 of 100, 8 of 200, 1 of 25 are one change; its last bits differ.
  const std::vector<double> equal = {std::log(104.0 / 100), std::log(208.0) - std::log(200.0),
                                     -std::log1p(1.0 / 25), std::log(25.0) - std::log(26.0), 0.3 - 0.1};
  const SignedRankTest test = signed_rank_test(equal),
                       expected = signed_rank_test(std::vector{1., 1., -1., -1., 2.});
  EXPECT_EQ(test.positive_sum, expected.positive_sum);
  EXPECT_EQ(test.p_two_sided, expected.p_two_sided);
  const std::vector<double> opposite = {std::log(1.25), -std::log1p(0.25), std::log(1.25), std::log(0.8)};
  EXPECT_EQ(WalshAverages(opposite).median(), 0) << "not the rest that rounding leaves";
}

TEST(SignedRank, NothingDiffers) {
  const std::vector<double> zeros(8, 0.0);
  EXPECT_EQ(signed_rank_test(zeros).p_two_sided, 1);
  EXPECT_EQ(signed_rank_test(zeros).p_greater, 1);
  EXPECT_EQ(signed_rank_test(zeros).zeros, 8u);
  EXPECT_EQ(sign_test(zeros), 1);
  EXPECT_EQ(WalshAverages(zeros).median(), 0);
}

TEST(SignedRank, FewestPairs) {
  EXPECT_EQ(fewest_pairs(0.05), 6u);
  EXPECT_EQ(fewest_pairs(0.0625), 5u);
  EXPECT_EQ(fewest_pairs(0.05 / 3), 7u);
  EXPECT_EQ(fewest_pairs(1), 1u);
}

TEST(SignedRank, ALevelThatIsReachedExactlyIsReached) {
  EXPECT_EQ(rejection(6, 0.03125).sums, 1u);
  EXPECT_EQ(rejection(6, 0.03125).level, 0.03125);
  EXPECT_EQ(rejection(6, 0.0312).sums, 0u);
}

TEST(SignedRank, AsManyPairsAsAreTaken) {
  std::vector<double> differences;
  for (std::size_t i = 1; i <= kMaxPairs; ++i) differences.push_back(static_cast<double>(i));
  const double least = std::ldexp(1.0, -static_cast<int>(kMaxPairs));
  EXPECT_EQ(signed_rank_test(differences).p_greater, least);
  EXPECT_EQ(signed_rank_test(differences).p_two_sided, 2 * least);
  expect_close(signed_rank_test(differences).p_less, 1);
  const Rejection rejected = rejection(kMaxPairs, 0.05);
  EXPECT_LE(rejected.level, 0.05);
  EXPECT_GT(rejected.level, 0.0499);
}

TEST(SignedRank, RefusesWhatItCannotRank) {
  const double infinity = std::numeric_limits<double>::infinity(), nan = std::nan("");
  for (const std::vector<double>& bad :
       {std::vector<double>{}, {1, infinity}, {nan}, std::vector(kMaxPairs + 1, 1.0)}) {
    EXPECT_THROW(static_cast<void>(signed_rank_test(bad)), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(sign_test(bad)), std::invalid_argument);
    EXPECT_THROW(WalshAverages{bad}, std::invalid_argument);
  }
  for (const double alpha : {0.0, 1.0, -0.1, nan}) {
    EXPECT_THROW(static_cast<void>(WalshAverages(std::vector{1.0, 2.0}).interval(alpha)),
                 std::invalid_argument);
    EXPECT_THROW(static_cast<void>(rejection(10, alpha)), std::invalid_argument);
  }
  EXPECT_THROW(static_cast<void>(rejection(0, 0.05)), std::invalid_argument);
  EXPECT_THROW(static_cast<void>(rejection(kMaxPairs + 1, 0.05)), std::invalid_argument);
}

/// How often the interval contains the true shift, 0, and the level that it claims.
struct Coverage {
  double found = 0, claimed = 0;
};

template <class Draw>
Coverage coverage(std::size_t pairs, const Draw& draw) {
  constexpr int kTimes = 4000;
  Coverage result;
  for (int time = 0; time < kTimes; ++time) {
    std::vector<double> differences;
    for (std::size_t i = 0; i < pairs; ++i) differences.push_back(draw());
    const Interval interval = WalshAverages(differences).interval(0.05).value();
    result.found += interval.contains(0) ? 1.0 / kTimes : 0;
    result.claimed = interval.level;
  }
  return result;
}

/// A standard deviation of a share of 4,000 at 95 % is 0.34 %.
constexpr double kSimulationError = 0.011;

TEST(SignedRank, IntervalsCoverTheTruthAsOftenAsTheySay) {
  testing::Random random(3);
  for (const std::size_t pairs : {6u, 10u, 20u, 30u}) {
    SCOPED_TRACE(pairs);
    const Coverage normal = coverage(pairs, [&] { return random.normal(); });
    EXPECT_GE(normal.claimed, 0.95);
    EXPECT_LE(normal.claimed, 0.97);
    EXPECT_NEAR(normal.found, normal.claimed, kSimulationError);
    const Coverage heavy = coverage(pairs, [&] { return random.heavy(); });
    EXPECT_NEAR(heavy.found, heavy.claimed, kSimulationError);
  }
}

TEST(SignedRank, TiesAndZerosMakeIntervalsCoverMore) {
  testing::Random random(4);
  for (const std::size_t pairs : {6u, 10u, 20u, 30u}) {
    SCOPED_TRACE(pairs);
    const Coverage pages = coverage(pairs, [&] { return std::round(random.normal()); });
    EXPECT_GE(pages.found, pages.claimed - kSimulationError);
    const Coverage signs = coverage(pairs, [&] { return random.uniform() < 0.5 ? -1.0 : 1.0; });
    EXPECT_GE(signs.found, signs.claimed - kSimulationError);
  }
}

}  // namespace
}  // namespace heapledger::compare
