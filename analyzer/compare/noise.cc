#include "noise.h"

#include <algorithm>
#include <stdexcept>

namespace heapledger::compare {

namespace {

double median(std::span<const RunNoise> runs, std::uint64_t RunNoise::*count) {
  std::vector<double> counts;
  for (const RunNoise& run : runs) counts.push_back(static_cast<double>(run.*count));
  std::ranges::sort(counts);
  const std::size_t middle = counts.size() / 2;
  return counts.size() % 2 == 1 ? counts[middle] : (counts[middle - 1] + counts[middle]) / 2;
}

Pairs quiet_rounds(const Pairs& pairs, const std::vector<bool>& noisy) {
  Pairs quiet{.threshold = pairs.threshold};
  for (std::size_t round = 0; round < noisy.size(); ++round) {
    if (noisy[round]) continue;
    quiet.baseline.push_back(pairs.baseline[round]);
    quiet.arm.push_back(pairs.arm[round]);
  }
  return quiet;
}

}  // namespace

std::vector<Disturbance> disturbances(std::span<const RunNoise> runs) {
  std::vector<Disturbance> result;
  if (runs.empty()) return result;
  const double faults = median(runs, &RunNoise::major_faults);
  const double switches = median(runs, &RunNoise::involuntary_switches);
  for (const RunNoise& run : runs) {
    const auto own = static_cast<double>(run.involuntary_switches);
    Disturbance& d = result.emplace_back();
    d.steal = run.steal_ticks >= kStealTicks &&
              static_cast<double>(run.steal_ticks) > kStealShare * static_cast<double>(run.all_ticks);
    d.faults = faults == 0 && run.major_faults != 0;
    d.switches = own > kSwitchRatio * switches && own >= switches + kSwitchFloor;
  }
  return result;
}

NoiseCheck compare_with_noise(std::span<const Pairs> family, std::span<const std::vector<bool>> noisy,
                              double alpha) {
  NoiseCheck check{.all = compare(family, alpha), .quiet = std::vector<Comparison>(family.size())};
  if (noisy.size() != family.size())
    throw std::invalid_argument("noisy rounds are not known for all comparisons");
  std::vector<Pairs> left;
  std::vector<std::size_t> index;
  for (std::size_t i = 0; i < family.size(); ++i) {
    if (noisy[i].size() != family[i].arm.size())
      throw std::invalid_argument("noisy rounds are not known for all rounds");
    Pairs quiet = quiet_rounds(family[i], noisy[i]);
    if (quiet.arm.empty()) continue;
    left.push_back(std::move(quiet));
    index.push_back(i);
  }
  std::vector<Comparison> compared = compare(left, alpha);
  for (std::size_t i = 0; i < index.size(); ++i) check.quiet[index[i]] = compared[i];
  return check;
}

}  // namespace heapledger::compare
