#include "sequential.h"

#include <algorithm>
#include <stdexcept>

namespace heapledger::compare {

std::vector<std::size_t> Looks::rounds() const {
  if (first < 1 || first > cap || cap > kMaxPairs || step < 1)
    throw std::invalid_argument("looks need 1 <= first <= cap and a step of at least 1");
  std::vector<std::size_t> all;
  for (std::size_t n = first; n < cap; n += std::min(step, cap - n)) all.push_back(n);
  all.push_back(cap);
  return all;
}

Look look(std::span<const Pairs> family, const Looks& looks, double alpha) {
  const std::vector<std::size_t> planned = looks.rounds();
  Look result;
  result.alpha = alpha / static_cast<double>(planned.size());
  result.comparisons = compare(family, result.alpha);
  std::size_t done = looks.cap;  // a family of none wants no rounds
  for (const Comparison& c : result.comparisons) done = std::min(done, c.rounds);
  const bool conclusive = std::ranges::none_of(
      result.comparisons, [](const Comparison& c) { return c.verdict == Verdict::inconclusive; });
  result.enough = conclusive || done >= looks.cap;
  result.run_to = result.enough ? done : *std::ranges::upper_bound(planned, done);
  return result;
}

}  // namespace heapledger::compare
