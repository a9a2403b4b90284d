#include "comparison.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "detectable.h"
#include "holm.h"

namespace heapledger::compare {

namespace {

void check(const Pairs& pairs, double alpha) {
  const auto finite = [](double value) { return std::isfinite(value); };
  const Threshold& t = pairs.threshold;
  if (pairs.baseline.empty() || pairs.baseline.size() != pairs.arm.size() || pairs.arm.size() > kMaxPairs)
    throw std::invalid_argument("the arms of a comparison have no, too many or different numbers of rounds");
  if (!std::ranges::all_of(pairs.baseline, finite) || !std::ranges::all_of(pairs.arm, finite))
    throw std::invalid_argument("a value of a comparison is not finite");
  if (!finite(t.ratio) || !finite(t.amount) || t.ratio < 0 || t.amount < 0)
    throw std::invalid_argument("the threshold of a comparison is negative or not finite");
  if (!(alpha > 0 && alpha < 0.5)) throw std::invalid_argument("alpha is not between 0 and 0.5");
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : values[middle - 1] / 2 + values[middle] / 2;
}

bool constant(const std::vector<double>& values) {
  return std::ranges::all_of(values, [&](double value) { return value == values.front(); });
}

/// As exact as the values are, also for the smallest changes, and 0 exactly for equal ones.
double log_ratio(double baseline, double arm) {
  const double change = (arm - baseline) / baseline;
  return std::abs(change) < 0.5 ? std::log1p(change) : std::log(arm) - std::log(baseline);
}

/// A comparison on its way, with what its intervals are read from.
struct Candidate {
  Comparison result;
  std::vector<double> differences;
  std::optional<WalshAverages> averages;  ///< none: exact
};

Candidate begin(const Pairs& pairs) {
  Candidate c;
  Comparison& r = c.result;
  r.rounds = pairs.arm.size();
  r.baseline_median = median(pairs.baseline);
  r.arm_median = median(pairs.arm);
  const bool ratios = std::min(std::ranges::min(pairs.baseline), std::ranges::min(pairs.arm)) > 0;
  r.scale = ratios ? Scale::log_ratio : Scale::difference;
  for (std::size_t i = 0; i < r.rounds; ++i) {
    const double baseline = pairs.baseline[i], arm = pairs.arm[i];
    r.lower += arm < baseline ? 1 : 0;
    r.higher += arm > baseline ? 1 : 0;
    c.differences.push_back(ratios ? log_ratio(baseline, arm) : arm - baseline);
  }
  const Threshold& t = pairs.threshold;
  r.threshold = ratios ? std::log1p(std::max(t.ratio, t.amount / r.baseline_median))
                       : std::max(t.ratio * std::abs(r.baseline_median), t.amount);
  return c;
}

void decide_exactly(Comparison& r) {
  r.exact = true;
  const bool beyond = std::abs(r.estimate) > r.threshold;
  r.small = r.estimate != 0 && !beyond;
  r.verdict = beyond ? Verdict::changed : Verdict::no_change;
}

/// Tests of a comparison by itself, and its estimate.
void test(Candidate& c) {
  Comparison& r = c.result;
  c.averages.emplace(c.differences);
  r.estimate = c.averages->median();
  r.p = signed_rank_test(c.differences).p_two_sided;
  r.p_sign = sign_test(c.differences);
}

bool within(const std::optional<Interval>& interval, double threshold) {
  return interval && interval->low >= -threshold && interval->high <= threshold;
}

/// Once the family has said what p is held against.
void decide(Candidate& c, double family_alpha) {
  Comparison& r = c.result;
  const bool rejected = *r.p_adjusted <= family_alpha;
  r.interval = c.averages->interval(r.alpha);
  if (r.interval && !rejected) {
    r.interval->low = std::min(r.interval->low, 0.0);
    r.interval->high = std::max(r.interval->high, 0.0);
  }
  r.equivalence = c.averages->interval(2 * family_alpha);
  r.detectable = smallest_detectable(c.differences, r.alpha);
  const bool differs = r.interval && !r.interval->contains(0);
  if (differs && std::abs(r.estimate) > r.threshold) {
    r.verdict = Verdict::changed;
  } else if (within(r.equivalence, r.threshold)) {
    r.verdict = Verdict::no_change;
    r.small = differs;
  }
}

}  // namespace

std::vector<Comparison> compare(std::span<const Pairs> family, double alpha) {
  std::vector<Candidate> candidates;
  std::vector<double> p;
  for (const Pairs& pairs : family) {
    check(pairs, alpha);
    Candidate& c = candidates.emplace_back(begin(pairs));
    const double chance = 2 * std::pow(4.0, -static_cast<double>(pairs.arm.size()));
    const bool settled = chance * static_cast<double>(family.size()) <= alpha;
    if (settled && constant(pairs.baseline) && constant(pairs.arm)) {
      c.result.estimate = c.differences.front();
      decide_exactly(c.result);
    } else {
      test(c);
      p.push_back(*c.result.p);
    }
  }
  const std::vector<double> adjusted = holm_adjusted(p), divisors = holm_divisors(p, alpha);
  std::vector<Comparison> results;
  std::size_t tested = 0;
  for (Candidate& c : candidates) {
    if (c.averages) {
      c.result.p_adjusted = adjusted[tested];
      c.result.alpha = alpha / divisors[tested++];
      decide(c, alpha);
    }
    results.push_back(c.result);
  }
  return results;
}

Comparison compare(const Pairs& pairs, double alpha) {
  return compare(std::span<const Pairs>(&pairs, 1), alpha).front();
}

Comparison compare_exactly(double baseline, double arm, const Threshold& threshold) {
  constexpr double kAnyAlpha = 0.05;  // none is used
  const Pairs pairs{{baseline}, {arm}, threshold};
  check(pairs, kAnyAlpha);
  Candidate c = begin(pairs);
  c.result.estimate = c.differences.front();
  c.result.rounds = c.result.lower = c.result.higher = 0;
  decide_exactly(c.result);
  return c.result;
}

double relative_change(double log_ratio) noexcept { return std::expm1(log_ratio); }

}  // namespace heapledger::compare
