// More rounds while something is inconclusive, up to a cap, with no more false alarms than one look has.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "comparison.h"

namespace heapledger::compare {

/// After how many rounds the data are looked at: `first`, then every `step`, the last time at `cap`.
struct Looks {
  std::size_t first = 10, step = 10, cap = 30;
  /// One look after that many rounds, with all of alpha.
  [[nodiscard]] static Looks fixed(std::size_t rounds) noexcept { return {rounds, 1, rounds}; }
  /// In ascending order. Throws std::invalid_argument unless 1 <= first <= cap <= kMaxPairs and step >= 1.
  [[nodiscard]] std::vector<std::size_t> rounds() const;
};

struct Look {
  std::vector<Comparison> comparisons;  ///< in the order of the family
  double alpha = 0;                     ///< what this look had
  bool enough = false;                  ///< nothing is inconclusive, or the cap is reached
  std::size_t run_to = 0;               ///< rounds at the next look; when it is enough, those there are
};

/// Compares a family after a planned number of rounds. Each look has alpha divided by the number of planned
/// looks (Bonferroni), so the chance of a false 'changed' at any of them is at most alpha, whenever the
/// experiment ends; the same holds for each false 'no change'. The boundaries of Pocock or of O'Brien and
/// Fleming would be less strict, but assume normal sums. What counts is the look at which the experiment
/// ends: it has all rounds, and a verdict of an earlier one may change again. After an interruption between
/// two looks, this may be the last look instead of the next one; each further look would cost alpha that is
/// not there. Throws as compare() and rounds() do.
[[nodiscard]] Look look(std::span<const Pairs> family, const Looks& looks, double alpha);

}  // namespace heapledger::compare
