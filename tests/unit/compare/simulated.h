// Noise as machines make it, the same numbers with every standard library.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <vector>

#include "../../../analyzer/compare/rounds_order.h"

namespace heapledger::compare::testing {

class Random {
 public:
  explicit Random(std::uint64_t seed) : bits_(seed) {}
  /// In (0, 1].
  double uniform() { return static_cast<double>((bits_.next() >> 11) + 1) * 0x1p-53; }
  /// Box and Muller.
  double normal() {
    const double radius = std::sqrt(-2 * std::log(uniform()));
    return radius * std::cos(2 * std::numbers::pi * uniform());
  }
  /// Student's t with 2 degrees of freedom: no variance.
  double heavy() {
    const double above = normal();
    return above / std::sqrt(-std::log(uniform()));
  }
  SplitMix64& bits() { return bits_; }

 private:
  SplitMix64 bits_;
};

enum class Noise { normal, heavy, drift, correlated, bursts, pages };

/// ln of a measured value over the true one, of one run after the other.
class Machine {
 public:
  Machine(Noise noise, std::uint64_t seed) : noise_(noise), random_(seed) {}

  double run() {
    ++runs_;
    switch (noise_) {
      case Noise::normal:
        return 0.05 * random_.normal();
      case Noise::heavy:
        return 0.05 * random_.heavy();
      case Noise::drift:  // it warms up, and there is a little noise
        return 0.02 * static_cast<double>(runs_) + 0.01 * random_.normal();
      case Noise::correlated:
        state_ = 0.9 * state_ + 0.05 * random_.normal();
        return state_;
      case Noise::bursts: {  // another program starts and ends; while it runs all takes up to thrice as long
        if (random_.uniform() < 0.15) busy_ = !busy_;
        const double busy = busy_ ? random_.uniform() : 0;
        return busy + 0.05 * random_.normal();
      }
      case Noise::pages:  // resident memory: 6,000 pages and a few
        return std::log((6000 + std::round(1.5 * random_.normal())) / 6000);
    }
    return 0;
  }

 private:
  Noise noise_;
  Random random_;
  std::size_t runs_ = 0;
  double state_ = 0;
  bool busy_ = false;
};

}  // namespace heapledger::compare::testing
