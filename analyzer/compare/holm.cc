#include "holm.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace heapledger::compare {

namespace {

std::vector<std::size_t> ascending(std::span<const double> p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return p[i]; });
  return order;
}

}  // namespace

std::vector<double> holm_adjusted(std::span<const double> p) {
  std::vector<double> adjusted(p.size());
  double least = 0;
  double remaining = static_cast<double>(p.size());
  for (const std::size_t i : ascending(p)) {
    least = std::max(least, remaining * p[i]);
    adjusted[i] = std::min(1.0, least);
    --remaining;
  }
  return adjusted;
}

std::vector<double> holm_divisors(std::span<const double> p, double alpha) {
  std::vector<double> divisors(p.size());
  double remaining = static_cast<double>(p.size());
  double divisor = remaining, last = -1;
  bool rejecting = true;
  for (const std::size_t i : ascending(p)) {
    if (rejecting && p[i] != last) divisor = remaining;
    rejecting = rejecting && p[i] <= alpha / divisor;
    divisors[i] = divisor;
    last = p[i];
    --remaining;
  }
  return divisors;
}

}  // namespace heapledger::compare
