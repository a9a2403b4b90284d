// What an experiment found, for people: terminal, Markdown, CSV.
#pragma once

#include <string>
#include <vector>

#include "../compare/results.h"
#include "terminal.h"

namespace heapledger::cli {

struct ExperimentInput {
  const compare::Plan& plan;
  const compare::Results& results;
  const compare::Analysis& analysis;
};

/// A finding in words; every text is printable.
struct FindingText {
  std::string metric, baseline, value, change, interval, verdict;
  std::string detectable;  ///< the smallest effect that would have been seen, where none was
  bool changed = false;
};
[[nodiscard]] FindingText finding_text(const ExperimentInput& input, const compare::Finding& finding);

/// What the ledgers say about changed metrics; those with the same explanation share it.
struct Reason {
  std::string metrics;
  std::vector<std::string> lines;
};
[[nodiscard]] std::vector<Reason> reasons(const ExperimentInput& input, std::size_t arm);

/// "gc off; jemalloc; PYTHONMALLOC=malloc": what makes an arm.
[[nodiscard]] std::string arm_text(const compare::Arm& arm);

[[nodiscard]] std::string experiment_text(const ExperimentInput& input, const Style& style);
[[nodiscard]] std::string experiment_markdown(const ExperimentInput& input);
/// Every raw value in a line of its own: run (round or recording), number, arm, metric, value.
[[nodiscard]] std::string experiment_csv(const ExperimentInput& input);

}  // namespace heapledger::cli
