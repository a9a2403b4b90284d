#include "detectable.h"

#include <cmath>
#include <numbers>
#include <numeric>

#include "signed_rank.h"

namespace heapledger::compare {

namespace {

constexpr double kPower = 0.8;

/// Where a rising function reaches `goal` between two arguments, to the last bits.
template <class Function>
double bisect(double low, double high, double goal, const Function& rising) {
  for (int step = 0; step < 64; ++step) {
    const double middle = low / 2 + high / 2;
    (rising(middle) < goal ? low : high) = middle;
  }
  return low / 2 + high / 2;
}

/// Probability of -t to t, where t = tan(angle) * sqrt(freedom).
double student_within(double angle, std::size_t freedom) {
  const double sine = std::sin(angle), cosine = std::cos(angle);
  const bool odd = freedom % 2 == 1;
  double term = odd ? cosine : 1, sum = freedom == 1 ? 0 : term;
  for (std::size_t power = odd ? 3 : 2; power + 2 <= freedom; power += 2) {
    term *= cosine * cosine * static_cast<double>(power - 1) / static_cast<double>(power);
    sum += term;
  }
  return odd ? 2 / std::numbers::pi * (angle + sine * sum) : sine * sum;
}

double standard_deviation(std::span<const double> values) {
  const auto count = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  const double squares = std::accumulate(values.begin(), values.end(), 0.0, [&](double sum, double value) {
    return sum + (value - mean) * (value - mean);
  });
  return std::sqrt(squares / (count - 1));
}

}  // namespace

double normal_quantile(double probability) {
  return bisect(-40, 40, probability, [](double z) { return std::erfc(-z / std::numbers::sqrt2) / 2; });
}

double student_quantile(double probability, std::size_t freedom) {
  const double angle = bisect(0, std::numbers::pi / 2, 2 * probability - 1,
                              [&](double a) { return student_within(a, freedom); });
  return std::tan(angle) * std::sqrt(static_cast<double>(freedom));
}

std::optional<double> smallest_detectable(std::span<const double> differences, double alpha) {
  const Rejection rejected = rejection(differences.size(), alpha);
  if (rejected.sums == 0 || differences.size() < 2) return std::nullopt;
  const auto pairs = static_cast<double>(differences.size());
  const double sd = standard_deviation(differences);
  if (rejected.sums == 1) return sd * normal_quantile(std::pow(kPower, 1 / pairs));
  const std::size_t freedom = differences.size() - 1;
  const double quantiles =
      student_quantile(1 - rejected.level / 2, freedom) + student_quantile(kPower, freedom);
  return quantiles * sd / std::sqrt(3 / std::numbers::pi * pairs);
}

}  // namespace heapledger::compare
