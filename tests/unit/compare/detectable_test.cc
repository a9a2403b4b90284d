// The smallest detectable effect: an effect of that size is found in about 80 % of experiments.
#include "../../../analyzer/compare/detectable.h"

#include <stdexcept>

#include "../../../analyzer/compare/signed_rank.h"
#include "golden.h"
#include "simulated.h"

namespace heapledger::compare {
namespace {

TEST(Detectable, QuantilesAgreeWithR) {
  const nlohmann::json golden = testing::golden();
  const double probabilities[] = {0.5, 0.8, 0.95, 0.975, 0.995, 0.9999};
  ASSERT_EQ(golden["quantiles of t"].size(), 10u);
  for (const nlohmann::json& row : golden["quantiles of t"]) {
    const auto freedom = static_cast<std::size_t>(row[0].get<double>());
    for (std::size_t i = 0; i < std::size(probabilities); ++i)
      testing::expect_close(student_quantile(probabilities[i], freedom), row[i + 1]);
  }
  const double normal[] = {0.0001, 0.025, 0.5, 0.8, 0.975, 0.99999};
  for (std::size_t i = 0; i < std::size(normal); ++i)
    testing::expect_close(normal_quantile(normal[i]), golden["quantiles of normal"][i]);
}

TEST(Detectable, KnownFactorForManyRounds) {
  std::vector<double> differences;
  for (int i = 0; i < 300; ++i) differences.push_back(i % 2 == 0 ? 1 : -1);
  const double sd = std::sqrt(300.0 / 299);
  EXPECT_NEAR(smallest_detectable(differences, 0.05).value(), 2.8 * sd / std::sqrt(0.955 * 300), 0.002);
}

TEST(Detectable, TooFewRounds) {
  EXPECT_FALSE(smallest_detectable(std::vector{1.0, 2.0, 3.0, 4.0, 5.0}, 0.05));
  EXPECT_TRUE(smallest_detectable(std::vector{1.0, 2.0, 3.0, 4.0, 5.0, 6.0}, 0.05));
  EXPECT_EQ(smallest_detectable(std::vector(6, 2.0), 0.05), 0);
  EXPECT_THROW(static_cast<void>(smallest_detectable(std::vector<double>{}, 0.05)), std::invalid_argument);
}

double power(std::size_t pairs, double alpha, std::uint64_t seed) {
  constexpr int kTimes = 2000;
  testing::Random random(seed);
  double found = 0;
  for (int time = 0; time < kTimes; ++time) {
    std::vector<double> differences;
    for (std::size_t i = 0; i < pairs; ++i) differences.push_back(random.normal());
    const double effect = smallest_detectable(differences, alpha).value();
    for (double& d : differences) d += effect;
    found += signed_rank_test(differences).p_two_sided <= alpha ? 1.0 / kTimes : 0;
  }
  return found;
}

TEST(Detectable, IsFoundInFourOfFiveExperiments) {
  for (const double alpha : {0.05, 0.05 / 3, 0.05 / 6}) {
    for (const std::size_t pairs : {6u, 8u, 10u, 14u, 20u, 30u}) {
      SCOPED_TRACE(std::to_string(pairs) + " rounds at " + std::to_string(alpha));
      const std::size_t sums = rejection(pairs, alpha).sums;
      if (sums == 0) continue;
      const double found = power(pairs, alpha, pairs);
      EXPECT_GE(found, sums == 2 || sums == 3 ? 0.72 : 0.77);
      EXPECT_LE(found, 0.83);
    }
  }
}

}  // namespace
}  // namespace heapledger::compare
