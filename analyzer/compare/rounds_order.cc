#include "rounds_order.h"

#include <numeric>
#include <utility>

namespace heapledger::compare {

namespace {

/// Fisher and Yates: each order equally likely.
std::vector<std::size_t> permutation(std::size_t size, SplitMix64& random) {
  std::vector<std::size_t> order(size);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t left = size; left > 1; --left) std::swap(order[left - 1], order[random.below(left)]);
  return order;
}

}  // namespace

std::uint64_t SplitMix64::next() noexcept {
  state_ += 0x9e3779b97f4a7c15;
  std::uint64_t mixed = (state_ ^ (state_ >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  return mixed ^ (mixed >> 31);
}

std::size_t SplitMix64::below(std::size_t bound) noexcept {
  const std::uint64_t excess =
      (0 - std::uint64_t{bound}) % bound;  // 2^64 mod bound: would favour small numbers
  std::uint64_t number = next();
  while (number < excess) number = next();
  return static_cast<std::size_t>(number % bound);
}

std::vector<std::vector<std::size_t>> rounds_order(std::uint64_t seed, std::size_t arms, std::size_t rounds) {
  SplitMix64 random(seed);
  std::vector<std::vector<std::size_t>> order;
  while (arms != 0 && order.size() < rounds) {
    const std::vector<std::size_t> base = permutation(arms, random);
    for (const std::size_t shift : permutation(arms, random)) {
      if (order.size() == rounds) break;
      std::vector<std::size_t>& round = order.emplace_back();
      for (std::size_t place = 0; place < arms; ++place) round.push_back(base[(place + shift) % arms]);
    }
  }
  return order;
}

}  // namespace heapledger::compare
