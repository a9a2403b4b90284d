// Holm's procedure against R, and against its own definition step by step.
#include "../../../analyzer/compare/holm.h"

#include "golden.h"
#include "simulated.h"

namespace heapledger::compare {
namespace {

TEST(Holm, AgreesWithR) {
  const nlohmann::json golden = testing::golden();
  ASSERT_GT(golden["families"].size(), 20u);
  for (const nlohmann::json& family : golden["families"]) {
    const auto p = family["p"].get<std::vector<double>>();
    const std::vector<double> adjusted = holm_adjusted(p);
    ASSERT_EQ(adjusted.size(), p.size());
    for (std::size_t i = 0; i < p.size(); ++i) testing::expect_close(adjusted[i], family["holm"][i]);
  }
}

TEST(Holm, DivisorsOfATextbookCase) {
  // 0.01 by 4, 0.02 by 3 is above 0.05 / 3: there it stops.
  EXPECT_EQ(holm_divisors(std::vector{0.02, 0.04, 0.01, 0.9}, 0.05), (std::vector<double>{3, 3, 4, 3}));
  EXPECT_EQ(holm_divisors(std::vector{0.02, 0.04, 0.01, 0.9}, 0.09), (std::vector<double>{3, 2, 4, 1}));
  EXPECT_EQ(holm_divisors(std::vector{0.5, 0.6}, 0.05), (std::vector<double>{2, 2}));
  EXPECT_EQ(holm_divisors(std::vector{0.01, 0.01, 0.04}, 0.05), (std::vector<double>{3, 3, 1})) << "equal p";
  EXPECT_TRUE(holm_divisors(std::vector<double>{}, 0.05).empty());
  EXPECT_TRUE(holm_adjusted(std::vector<double>{}).empty());
}

TEST(Holm, DivisorsRejectWhatAdjustedValuesReject) {
  testing::Random random(5);
  const double alpha = 0.05;
  std::size_t rejected = 0, kept = 0;
  for (int time = 0; time < 2000; ++time) {
    std::vector<double> p;
    for (std::size_t i = 0; i <= random.bits().below(8); ++i)
      p.push_back(std::round(40 * random.uniform()) / 400);
    const std::vector<double> adjusted = holm_adjusted(p), divisors = holm_divisors(p, alpha);
    for (std::size_t i = 0; i < p.size(); ++i) {
      EXPECT_EQ(adjusted[i] <= alpha, p[i] <= alpha / divisors[i]) << p[i] << " of " << p.size();
      ++(adjusted[i] <= alpha ? rejected : kept);
    }
  }
  EXPECT_GT(rejected, 500u);
  EXPECT_GT(kept, 500u);
}

}  // namespace
}  // namespace heapledger::compare
