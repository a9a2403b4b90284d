// How large an effect must be before so many rounds find it.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace heapledger::compare {

/// The shift that a two-sided signed-rank test at `alpha` finds in 80 % of experiments, in the unit of
/// `differences`, from their standard deviation: (t(1 - level/2) + t(0.8)) sd / sqrt(0.955 n), with the level
/// that the test really reaches and quantiles of Student's t with n - 1 degrees of freedom. 0.955 = 3/pi is
/// the test's efficiency beside a t-test when noise is normal (Lehmann, Nonparametrics, 1975, 4.2). For many
/// rounds and alpha 0.05 it becomes the well-known 2.8 sd / sqrt(0.955 n), which 10 rounds find in 70 % only.
/// While only the pattern of all signs alike is significant, the power for normal noise is known exactly and
/// stands in. Where two or three rank sums are (8 to 10 rounds at alpha / 6), the answer is a few percent too
/// small: 75 % find it. Nothing for fewer differences than fewest_pairs(alpha). Throws as signed_rank_test()
/// and rejection() do.
[[nodiscard]] std::optional<double> smallest_detectable(std::span<const double> differences, double alpha);

/// Quantile of Student's t; 0.5 <= probability < 1, freedom >= 1. Bisection of the closed forms for whole
/// degrees of freedom (Abramowitz, Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4).
[[nodiscard]] double student_quantile(double probability, std::size_t freedom);

/// Quantile of the standard normal distribution; 0 < probability < 1.
[[nodiscard]] double normal_quantile(double probability);

}  // namespace heapledger::compare
