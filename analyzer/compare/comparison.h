// Is this arm of an experiment different from the baseline, and by how much: estimate, interval, verdict.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "signed_rank.h"

namespace heapledger::compare {

/// What is too small to matter: everything within the larger of the two. Both at least 0. The median of the
/// baseline makes one comparable with the other.
struct Threshold {
  double ratio = 0;   ///< share of the baseline: 0.01 is one percent
  double amount = 0;  ///< in the metric's unit
};

/// One metric of one arm beside the baseline: a value of each a round, in the order of the rounds.
struct Pairs {
  std::vector<double> baseline, arm;
  Threshold threshold;
};

/// In which unit estimate, threshold, intervals and detectable effect are given.
enum class Scale : std::uint8_t {
  log_ratio,   ///< ln(arm / baseline); relative_change() makes it a share
  difference,  ///< arm - baseline, in the metric's unit: some value is 0 or negative, so that no ratio exists
};

enum class Verdict : std::uint8_t {
  changed,       ///< the interval excludes 0, and the estimate is beyond the threshold
  no_change,     ///< at most by the threshold: the interval of equivalence lies within it
  inconclusive,  ///< neither is shown; more rounds may show it
};

struct Comparison {
  std::size_t rounds = 0, lower = 0, higher = 0;  ///< in how many the arm is lower or higher; else equal
  double baseline_median = 0, arm_median = 0;
  Scale scale = Scale::log_ratio;
  double estimate = 0;   ///< Hodges-Lehmann; for exact ones the difference itself
  double threshold = 0;  ///< in this scale; the estimate must be beyond it
  /// Each arm is constant, over rounds enough: no statistics, hence none of the fields at the end. See
  /// compare().
  bool exact = false;
  bool small = false;  ///< a difference is shown, and it is one within the threshold
  Verdict verdict = Verdict::inconclusive;

  std::optional<double> p;           ///< two-sided signed-rank test, of this comparison by itself
  std::optional<double> p_adjusted;  ///< by Holm over the family
  std::optional<double> p_sign;      ///< sign test, by itself
  /// What p is held against and the interval is made for: the family's alpha by Holm's divisor.
  double alpha = 0;
  /// Two-sided at `alpha`. None: too few rounds, fewest_pairs(alpha) are needed.
  std::optional<Interval> interval;
  /// Two-sided at twice the family's alpha, for the two one-sided tests. None: too few rounds.
  std::optional<Interval> equivalence;
  std::optional<double> detectable;  ///< smallest_detectable() at `alpha`
};

/// The family of all comparisons of an experiment, tested together; `alpha` is that of this look at the data
/// (see sequential.h). In the order of `family`.
///
/// **Exact.** When both arms are constant, the verdict compares the values themselves. A metric that does
/// vary, from round to round independently, shows two different constants by chance with at most 2 / 4^n
/// (greatest for two values, equally likely), so there must be n rounds enough to bring that down to alpha by
/// the size of the family: 3 for one comparison at 0.05. Else statistics decide, over all rounds: none is
/// ever left out.
///
/// **Changed** has the family-wise error: p-values are adjusted by Holm, and each interval is made for the
/// alpha that Holm's procedure holds its p against (holm_divisors). So, without ties, an interval excludes 0
/// exactly when p_adjusted <= alpha. Each interval covers the truth with at least 1 - alpha, for it contains
/// the one of that level; all of them together need not, as Bonferroni's would, but those can contain 0 where
/// Holm rejects. The test knows of ties and zeros and the interval does not. Where only the interval excludes
/// 0, which is rare, it is extended to 0; where only the test rejects, nothing is claimed.
///
/// **No change** is the two one-sided tests procedure (Schuirmann, J. Pharmacokinet. Biopharm. 15, 1987): the
/// interval of level 1 - 2 alpha lies within the threshold on both sides. It is false with at most alpha for
/// each comparison and not adjusted for the family, which guards against changes that are not there. With a
/// difference that is shown as well it is marked small: real, and too small to matter.
///
/// Throws std::invalid_argument: no or unequal rounds, more than kMaxPairs, a value or threshold that is not
/// finite, a negative threshold, or not 0 < alpha < 0.5.
[[nodiscard]] std::vector<Comparison> compare(std::span<const Pairs> family, double alpha);

/// A family of one.
[[nodiscard]] Comparison compare(const Pairs& pairs, double alpha);

/// Two values that are known to be exact, whatever chance may do: counts that repeated runs agree on. `rounds` stays 0.
/// Throws as the other ones do.
[[nodiscard]] Comparison compare_exactly(double baseline, double arm, const Threshold& threshold);

/// arm / baseline - 1 of a log ratio.
[[nodiscard]] double relative_change(double log_ratio) noexcept;

}  // namespace heapledger::compare
