// Which runs the machine disturbed, and whether the verdict hangs on them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "comparison.h"

namespace heapledger::compare {

/// What the system counted while one run lasted.
struct RunNoise {
  std::uint64_t involuntary_switches = 0;  ///< of the run: ru_nivcsw
  std::uint64_t major_faults = 0;          ///< of the run: ru_majflt
  std::uint64_t steal_ticks = 0;           ///< of the machine: "steal" of /proc/stat
  std::uint64_t all_ticks = 0;  ///< of the machine: all states of the same line together, idle included
};

/// Stolen time counts from this share of all ticks on: a tenth of the 5 % that are the usual threshold for
/// times, so less can hardly turn a verdict...
inline constexpr double kStealShare = 0.005;
/// ...and from so many ticks on: one appears when a fraction of a tick completes an old one.
inline constexpr std::uint64_t kStealTicks = 2;
/// Involuntary switches count above this multiple of the median of the arm's runs...
inline constexpr double kSwitchRatio = 2;
/// ...and when there are so many more than the median: each costs a slice of some milliseconds at most, and a
/// few more are an accident of any run (1 and 3 are the same).
inline constexpr double kSwitchFloor = 10;

struct Disturbance {
  bool steal = false;     ///< the host took the processor away
  bool faults = false;    ///< pages came from disk, and in the arm's median run none did
  bool switches = false;  ///< others wanted the processor
  [[nodiscard]] bool any() const noexcept { return steal || faults || switches; }
};

/// Of each run of one arm, in the order of its rounds, seen beside the other runs of this arm: an arm may
/// have more switches than another by nature.
[[nodiscard]] std::vector<Disturbance> disturbances(std::span<const RunNoise> runs);

/// The same family twice. `all` alone has the verdicts: what was measured is never left out of a result.
struct NoiseCheck {
  std::vector<Comparison> all;
  std::vector<Comparison> quiet;  ///< without the noisy rounds of either arm; zero rounds when none is left
  /// Whether leaving out the noisy rounds leaves the verdict of this comparison as it is.
  [[nodiscard]] bool agrees(std::size_t index) const { return all[index].verdict == quiet[index].verdict; }
};

/// `noisy`: for each of the family, which rounds are noisy in either of its arms. Fewer rounds alone can make
/// a verdict inconclusive. Throws as compare() does, and std::invalid_argument when sizes differ.
[[nodiscard]] NoiseCheck compare_with_noise(std::span<const Pairs> family,
                                            std::span<const std::vector<bool>> noisy, double alpha);

}  // namespace heapledger::compare
