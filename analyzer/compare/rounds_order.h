// In which order the arms run in each round, so that drift and the place in a round meet all alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace heapledger::compare {

/// splitmix64 (Steele, Lea, Flood, Fast splittable pseudorandom number generators, OOPSLA 2014; constants of
/// Vigna's reference code): the same numbers on every machine and standard library, unlike <random>'s
/// distributions and std::shuffle.
class SplitMix64 {
 public:
  explicit SplitMix64(std::uint64_t seed) noexcept : state_(seed) {}
  [[nodiscard]] std::uint64_t next() noexcept;
  /// Each of 0 to bound - 1 equally likely; bound >= 1.
  [[nodiscard]] std::size_t below(std::size_t bound) noexcept;

 private:
  std::uint64_t state_;
};

/// The arms, numbered from 0, in the order in which each round runs them. Every `arms` rounds are one cyclic
/// Latin square of a random permutation with its rows in random order: each arm runs once in every round and
/// once at every place (two arms: AB and BA, in random order). Each square is a fresh one; the last may be
/// cut. The order for fewer rounds is the begin of that for more, so rounds can be added to an experiment.
[[nodiscard]] std::vector<std::vector<std::size_t>> rounds_order(std::uint64_t seed, std::size_t arms,
                                                                 std::size_t rounds);

}  // namespace heapledger::compare
