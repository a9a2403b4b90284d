// Paired differences without an assumption about the shape of their noise: Wilcoxon's signed-rank test, the
// Hodges-Lehmann estimate and its interval, and the sign test. All exact; nothing is approximated by a normal
// curve.
//
// Sources: Hollander, Wolfe, Chicken, Nonparametric Statistical Methods, 3rd ed., 2014, 3.1 to 3.4; Pratt,
// Remarks on zeros and ties in the Wilcoxon signed rank procedures, JASA 54 (1959); Noether, Wilcoxon
// confidence intervals for location parameters in the discrete case, JASA 62 (1967).
//
// Every function throws std::invalid_argument when a difference is not finite, when there is none, or when
// there are more than kMaxPairs.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace heapledger::compare {

/// Time and memory of the exact distribution grow with the third and second power of the number of pairs: 300
/// take a fraction of a second.
inline constexpr std::size_t kMaxPairs = 300;

/// Differences that are apart by less than this share of the larger one are tied. Equal changes computed from
/// different values (4 of 100, 8 of 200) differ in their last bits; rounding must not decide about their
/// order. The test stays exact whatever is called a tie, because ranks depend only on absolute values, and
/// its distribution is that of the signs for given ranks.
inline constexpr double kTieTolerance = 1e-9;

struct SignedRankTest {
  std::size_t zeros = 0;    ///< differences of exactly 0
  double positive_sum = 0;  ///< of the ranks of positive differences: W+
  double p_two_sided = 1;
  double p_greater = 1;  ///< that differences are shifted upwards
  double p_less = 1;     ///< that they are shifted downwards
};

/// The distribution is conditional on the ranks found: mid-ranks for ties; zeros are ranked and then left out
/// (Pratt). Two-sided is twice the smaller side, at most 1, which for this symmetric distribution is also the
/// share of sign patterns at least as far from the middle.
[[nodiscard]] SignedRankTest signed_rank_test(std::span<const double> differences);

/// Two-sided binomial test of as many positive as negative differences; zeros are left out. 1 when all are
/// zero.
[[nodiscard]] double sign_test(std::span<const double> differences);

/// What a two-sided test at `alpha` rejects when nothing is tied.
struct Rejection {
  std::size_t sums = 0;  ///< rank sums below it, on either side; 0: the pairs are too few for this alpha
  double level = 0;      ///< chance of one of them, at most alpha
};
/// Throws std::invalid_argument unless 0 < alpha < 1 and `pairs` is in range.
[[nodiscard]] Rejection rejection(std::size_t pairs, double alpha);

/// Closed, in the unit of the differences.
struct Interval {
  double low = 0, high = 0;
  double level = 0;  ///< really achieved, at least what was asked for: the distribution is discrete
  [[nodiscard]] bool contains(double value) const noexcept { return low <= value && value <= high; }
};

/// The averages of each difference with itself and with every later one.
class WalshAverages {
 public:
  explicit WalshAverages(std::span<const double> differences);
  /// The Hodges-Lehmann estimate of the shift: their median.
  [[nodiscard]] double median() const noexcept;
  /// All shifts that the two-sided test at `alpha` does not reject: order statistics of the averages, by the
  /// distribution without ties as in R's wilcox.test. With ties or zeros it covers the centre of a symmetric
  /// distribution at least as often as it says (Noether 1967): ties broken by an ever smaller symmetric noise
  /// give intervals of that level, and their limit is this one. Nothing when the rounds are too few for the
  /// level, see fewest_pairs(). Throws std::invalid_argument unless 0 < alpha < 1.
  [[nodiscard]] std::optional<Interval> interval(double alpha) const;

 private:
  std::size_t pairs_;
  std::vector<double> sorted_;
};

/// How many differences it takes before all of them on one side are significant at `alpha`: 6 for 0.05.
[[nodiscard]] std::size_t fewest_pairs(double alpha) noexcept;

}  // namespace heapledger::compare
