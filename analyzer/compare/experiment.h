// Runs an experiment: recorded runs for counts, then rounds of clean runs for time and resident memory.
#pragma once

#include <atomic>
#include <functional>

#include "arm_launch.h"
#include "results.h"

namespace heapledger::compare {

/// How far it is.
struct Step {
  std::string what;         ///< "round 3 of 10: off"
  std::uint64_t done = 0;   ///< runs
  std::uint64_t total = 0;  ///< runs that are planned; may grow
};

struct Hooks {
  std::function<void(const Step&)> progress;  ///< before each run; may be empty
  std::function<void(const Results&)> save;   ///< after the recorded runs and each round; may be empty
  const std::atomic<bool>* is_interrupted =
      nullptr;  ///< looked at between runs; Runner::stop() ends the present one
};

/// Goes on from `results` (rounds and recordings of an earlier, interrupted experiment of the same plan) or
/// begins. An arm that fails is left out from then on; when the baseline fails, or only one arm is left,
/// nothing more is run. Throws record::CannotRecord, ledger::FileError.
void run_experiment(const Plan& plan, const std::vector<ReadyArm>& arms, Runner& runner, const Hooks& hooks,
                    Results& results);

}  // namespace heapledger::compare
