// Markdown and CSV.
#include <cmath>

#include <fmt/format.h>

#include "experiment_text.h"

namespace heapledger::cli {

namespace {

/// What Markdown would take for a column or for code.
std::string cell(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    if (c == '|' || c == '`' || c == '\\') safe.push_back('\\');
    safe.push_back(c);
  }
  return safe;
}

/// RFC 4180.
std::string field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == text.npos) return std::string(text);
  std::string quoted(1, '"');
  for (const char c : text) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + '"';
}

void put_values(std::string& csv, const ExperimentInput& input, const char* kind, std::size_t number,
                std::size_t arm, const compare::Values& values, compare::Source source) {
  for (std::size_t m = 0; m < values.size(); ++m)
    if (input.plan.metrics[m].kind->source == source && std::isfinite(values[m]))
      csv += fmt::format("{},{},{},{},{}\n", kind, number, field(input.plan.arms[arm].name),
                         field(input.plan.metrics[m].name()), values[m]);
}

std::string arm_markdown(const ExperimentInput& input, std::size_t arm) {
  const std::string& base = input.plan.arms[input.plan.baseline].name;
  const std::string& name = input.plan.arms[arm].name;
  std::string text = fmt::format("\n### {} against {}\n\n", name, base);
  text += fmt::format(
      "| | {} | {} | change | interval | would see | verdict |\n|---|---:|---:|---:|---|---:|---|\n",
      cell(base), cell(name));
  for (const compare::Finding& f : input.analysis.findings) {
    if (f.arm != arm || f.basis == compare::Basis::missing) continue;
    const FindingText t = finding_text(input, f);
    const std::string verdict = t.changed ? fmt::format("**{}**", t.verdict) : t.verdict;
    text += fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", cell(t.metric), t.baseline, t.value,
                        t.change, t.interval, t.detectable, verdict);
  }
  for (const Reason& reason : reasons(input, arm)) {
    text += fmt::format("\nWhy {}:\n\n", cell(reason.metrics));
    for (const std::string& line : reason.lines) text += fmt::format("- {}\n", cell(line));
  }
  return text;
}

}  // namespace

std::string experiment_markdown(const ExperimentInput& input) {
  std::string text = fmt::format("{} arms, {} rounds, order by seed {}{}\n\n", input.plan.arms.size(),
                                 input.results.rounds.size(), input.results.seed,
                                 input.results.is_interrupted ? " (interrupted)" : "");
  for (std::size_t i = 0; i < input.plan.arms.size(); ++i) {
    const compare::ArmResult& arm = input.results.arms[i];
    text += fmt::format("- **{}**{}: {}{}\n", arm.name, i == input.plan.baseline ? " (baseline)" : "",
                        arm.python.empty() ? "" : fmt::format("CPython {}; ", arm.python),
                        cell(arm_text(input.plan.arms[i])));
    if (arm.failure) text += fmt::format("  - failed: {}\n", cell(printable(arm.failure->what)));
  }
  for (std::size_t arm = 0; arm < input.plan.arms.size(); ++arm)
    if (arm != input.plan.baseline && !input.results.arms[arm].failure &&
        !input.results.arms[input.plan.baseline].failure)
      text += arm_markdown(input, arm);
  return text;
}

std::string experiment_csv(const ExperimentInput& input) {
  std::string csv = "run,number,arm,metric,value\n";
  for (std::size_t arm = 0; arm < input.results.arms.size(); ++arm)
    for (std::size_t i = 0; i < input.results.arms[arm].recordings.size(); ++i)
      put_values(csv, input, "recording", i + 1, arm, input.results.arms[arm].recordings[i],
                 compare::Source::recorded);
  for (std::size_t i = 0; i < input.results.rounds.size(); ++i)
    for (std::size_t arm = 0; arm < input.results.rounds[i].runs.size(); ++arm)
      put_values(csv, input, "round", i + 1, arm, input.results.rounds[i].runs[arm].values,
                 compare::Source::clean);
  return csv;
}

}  // namespace heapledger::cli
