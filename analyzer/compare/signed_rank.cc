#include "signed_rank.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <stdexcept>

namespace heapledger::compare {

namespace {

constexpr const char* kBadCount = "the number of differences is out of range";

void check(std::span<const double> differences) {
  if (differences.empty() || differences.size() > kMaxPairs) throw std::invalid_argument(kBadCount);
  if (!std::ranges::all_of(differences, [](double d) { return std::isfinite(d); }))
    throw std::invalid_argument("a difference is not finite");
}

/// Twice the mid-rank of each absolute difference, in the order of the differences; 0 for zeros, which are
/// ranked too.
std::vector<std::uint32_t> doubled_ranks(std::span<const double> differences) {
  std::vector<std::size_t> order(differences.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto size = [&](std::size_t i) { return std::abs(differences[order[i]]); };
  std::ranges::sort(order, {}, [&](std::size_t i) { return std::abs(differences[i]); });
  std::vector<std::uint32_t> ranks(differences.size());
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    for (end = begin + 1; end < order.size(); ++end)
      if (size(end) - size(end - 1) > kTieTolerance * size(end)) break;
    const auto doubled = static_cast<std::uint32_t>(begin + 1 + end);
    for (std::size_t i = begin; i < end; ++i) ranks[order[i]] = size(i) == 0 ? 0 : doubled;
  }
  return ranks;
}

/// Probability of each sum of those `ranks` whose sign is positive when all signs are equally likely. One
/// rank after the other: half of the patterns have it. Sums of positive numbers, so each is good to the last
/// bits.
std::vector<double> distribution(std::span<const std::uint32_t> ranks) {
  std::vector<double> probability(std::accumulate(ranks.begin(), ranks.end(), std::size_t{1}), 0.0);
  probability[0] = 1;
  std::size_t reached = 0;
  for (const std::size_t rank : ranks) {
    for (std::size_t sum = reached + 1; sum-- > 0;) {
      probability[sum] /= 2;
      probability[sum + rank] += probability[sum];
    }
    reached += rank;
  }
  return probability;
}

/// Probability of `last` or less; small terms first.
double lower_tail(const std::vector<double>& probability, std::size_t last) {
  return std::accumulate(probability.begin(), probability.begin() + static_cast<std::ptrdiff_t>(last) + 1,
                         0.0);
}

/// Opposite numbers that are equal but for rounding average to 0: an interval excludes 0 or it does not.
double average(double a, double b) {
  const double mean = a / 2 + b / 2;
  return std::abs(mean) <= kTieTolerance * std::max(std::abs(a), std::abs(b)) ? 0 : mean;
}

}  // namespace

SignedRankTest signed_rank_test(std::span<const double> differences) {
  check(differences);
  std::vector<std::uint32_t> ranks = doubled_ranks(differences);
  std::size_t positive = 0;
  for (std::size_t i = 0; i < ranks.size(); ++i) positive += differences[i] > 0 ? ranks[i] : 0;
  SignedRankTest test;
  test.zeros = static_cast<std::size_t>(std::ranges::count(ranks, 0u));
  test.positive_sum = static_cast<double>(positive) / 2;
  std::erase(ranks, 0u);
  const std::vector<double> probability = distribution(ranks);
  const std::size_t negative = probability.size() - 1 - positive;
  test.p_less = std::min(1.0, lower_tail(probability, positive));
  test.p_greater = std::min(1.0, lower_tail(probability, negative));  // the distribution is symmetric
  test.p_two_sided = std::min(1.0, 2 * std::min(test.p_less, test.p_greater));
  return test;
}

Rejection rejection(std::size_t pairs, double alpha) {
  if (!(alpha > 0 && alpha < 1)) throw std::invalid_argument("alpha is not between 0 and 1");
  if (pairs == 0 || pairs > kMaxPairs) throw std::invalid_argument(kBadCount);
  std::vector<std::uint32_t> ranks(pairs);
  std::iota(ranks.begin(), ranks.end(), 1u);
  const std::vector<double> probability = distribution(ranks);
  Rejection result;
  double tail = 0;
  for (; 2 * (tail + probability[result.sums]) <= alpha; ++result.sums) tail += probability[result.sums];
  result.level = 2 * tail;
  return result;
}

double sign_test(std::span<const double> differences) {
  check(differences);
  const auto positive =
      static_cast<std::size_t>(std::ranges::count_if(differences, [](double d) { return d > 0; }));
  const auto negative =
      static_cast<std::size_t>(std::ranges::count_if(differences, [](double d) { return d < 0; }));
  const std::vector<std::uint32_t> ones(positive + negative, 1);
  return std::min(1.0, 2 * lower_tail(distribution(ones), std::min(positive, negative)));
}

WalshAverages::WalshAverages(std::span<const double> differences) : pairs_(differences.size()) {
  check(differences);
  sorted_.reserve(pairs_ * (pairs_ + 1) / 2);
  for (std::size_t i = 0; i < pairs_; ++i)
    for (std::size_t j = i; j < pairs_; ++j) sorted_.push_back(average(differences[i], differences[j]));
  std::ranges::sort(sorted_);
}

double WalshAverages::median() const noexcept {
  const std::size_t middle = sorted_.size() / 2;
  return sorted_.size() % 2 == 1 ? sorted_[middle] : sorted_[middle - 1] / 2 + sorted_[middle] / 2;
}

std::optional<Interval> WalshAverages::interval(double alpha) const {
  const Rejection rejected = rejection(pairs_, alpha);
  if (rejected.sums == 0) return std::nullopt;
  return Interval{sorted_[rejected.sums - 1], sorted_[sorted_.size() - rejected.sums], 1 - rejected.level};
}

std::size_t fewest_pairs(double alpha) noexcept {
  std::size_t pairs = 1;
  for (double p = 1; p > alpha && pairs < kMaxPairs; p /= 2) ++pairs;
  return pairs;
}

}  // namespace heapledger::compare
