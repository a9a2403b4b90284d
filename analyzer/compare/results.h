// What an experiment has found: every raw value, and what follows from them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "comparison.h"
#include "evidence.h"
#include "plan.h"
#include "runner.h"

namespace heapledger::compare {

/// Why an arm is not compared.
struct Failure {
  std::string what;      ///< one sentence part: "exit status 1 in round 3"
  std::string evidence;  ///< last lines of its standard error; may be empty
};

/// Values by metric of the plan; NaN: not measured by this kind of run, or a class that was not there.
using Values = std::vector<double>;

/// One clean run.
struct Run {
  Values values;
  Ending ending;
};

/// One clean run of each arm. A round that was not finished is no round.
struct Round {
  std::vector<std::size_t> order;  ///< arms as they ran
  std::vector<Run> runs;           ///< by arm; without values where the arm had failed
};

/// What is known of an arm beside the rounds.
struct ArmResult {
  std::string name;
  std::vector<std::string> command;
  std::string python;  ///< version; empty: no Python
  std::optional<Failure> failure;
  std::vector<Values> recordings;  ///< of each recorded run
  std::string ledger;              ///< of the last recorded run; empty: there is none, or it is gone
  std::optional<Evidence>
      evidence;  ///< beside the baseline; nothing for that itself, and where a ledger is missing
};

struct Results {
  std::uint64_t seed = 0;
  std::vector<ArmResult> arms;  ///< as in the plan
  std::vector<Round> rounds;
  bool is_interrupted = false;
  bool addresses_varied = false;  ///< though they should not
};

/// How a metric of an arm was judged.
enum class Basis : std::uint8_t {
  exact,    ///< a count that two recorded runs agree on in both arms
  tested,   ///< statistics over pairs of runs
  varies,   ///< recorded runs disagree, and are too few for statistics
  missing,  ///< not measured in one of the arms
};

/// A metric of one arm beside the baseline.
struct Finding {
  std::size_t metric = 0, arm = 0;
  Basis basis = Basis::missing;
  double baseline = 0, value = 0;                                 ///< medians; exact: the value itself
  double baseline_low = 0, baseline_high = 0, low = 0, high = 0;  ///< smallest and greatest
  Comparison comparison;                                          ///< exact and tested
  bool depends_on_noise = false;  ///< without the noisy rounds the verdict would be another
  [[nodiscard]] bool has_verdict() const { return basis == Basis::exact || basis == Basis::tested; }
};

struct Analysis {
  std::vector<Finding> findings;  ///< by arm but the baseline, then by metric
  double alpha = 0.05;            ///< of this look
  bool enough = true;             ///< no more rounds are needed or allowed
  std::uint64_t run_to = 0;       ///< rounds at the next look
  std::vector<std::size_t> noisy_rounds;
};

/// After how many rounds the values are looked at first.
[[nodiscard]] std::size_t first_look(const Plan& plan);

/// Judges everything measured so far, as one family.
[[nodiscard]] Analysis analyse(const Plan& plan, const Results& results);

}  // namespace heapledger::compare
