// Summaries of controls over processes.
#include "controls_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "../../trace/controls.h"
#include "terminal.h"

namespace heapledger::cli {
namespace {

using trace::ControlOutcome;

bool is_events(const ledger::Control& c) { return c.name == trace::kControlEvents; }

void add_once(std::vector<std::string>& texts, const std::string& text) {
  if (std::ranges::find(texts, text) == texts.end()) texts.push_back(text);
}

ControlSummary& summary_of(std::vector<ControlSummary>& all, const ledger::Control& c) {
  const auto same = [&](const ControlSummary& s) { return s.name == c.name && s.subject == c.subject; };
  if (const auto at = std::ranges::find_if(all, same); at != all.end()) return *at;
  return all.emplace_back(ControlSummary{c.name, c.subject, 0, {}, {}});
}

void add(ControlSummary& summary, const ledger::Control& c) {
  if (c.outcome == ControlOutcome::applied || c.outcome == ControlOutcome::undone) ++summary.applied;
  if (c.outcome == ControlOutcome::refused) add_once(summary.problems, c.text);
  if (c.outcome == ControlOutcome::undone) add_once(summary.notes, c.text);
}

/// Why it was applied nowhere though nobody refused: classes that were not created in any process, or processes in
/// which nothing could be done. A class that one process creates and another does not is no problem.
void add_absence(ControlSummary& summary, const ledger::Reader& reader) {
  bool has_python = false;
  for (const ledger::Process& process : reader.processes()) {
    has_python = has_python || !process.python_version.empty();
    for (const ledger::Control& c : process.controls)
      if (c.name == summary.name && c.subject == summary.subject && c.outcome == ControlOutcome::missing)
        add_once(summary.problems, c.text);
  }
  if (!summary.problems.empty()) return;
  summary.problems.emplace_back(has_python ? "its process ended before it could be done"
                                           : "no process of this run is CPython 3.8 or later");
}

}  // namespace

std::vector<ControlSummary> control_summaries(const ledger::Reader& reader) {
  std::vector<ControlSummary> all;
  for (const ledger::Process& process : reader.processes())
    for (const ledger::Control& c : process.controls)
      if (!is_events(c)) add(summary_of(all, c), c);
  for (ControlSummary& summary : all)
    if (summary.applied == 0 && summary.problems.empty()) add_absence(summary, reader);
  return all;
}

bool has_controls_only(const ledger::Reader& reader) {
  return std::ranges::any_of(reader.processes(),
                             [](const auto& p) { return std::ranges::any_of(p.controls, is_events); });
}

std::string control_name(const ControlSummary& control) {
  return fmt::format("{}{} {}", control.name, control.name == trace::kControlSlots ? " on" : "", control.subject);
}

std::string control_text(const ControlSummary& control) {
  std::string text = control_name(control);
  if (!control.problems.empty())
    text += fmt::format(" (not done{}: {})", control.applied != 0 ? " everywhere" : "",
                        fmt::join(control.problems, "; "));
  if (!control.notes.empty()) text += fmt::format(" (undone: {})", fmt::join(control.notes, "; "));
  return printable(text);
}

std::string controls_text(const std::vector<ControlSummary>& controls) {
  std::string line;
  for (const ControlSummary& control : controls)
    line += fmt::format("{}{}", line.empty() ? "" : "; ", control_text(control));
  return line;
}

std::string_view outcome_name(ControlOutcome outcome) {
  switch (outcome) {
    case ControlOutcome::asked:
      return "asked";
    case ControlOutcome::applied:
      return "applied";
    case ControlOutcome::refused:
      return "refused";
    case ControlOutcome::undone:
      return "undone";
    case ControlOutcome::missing:
      return "missing";
  }
  return "";
}

}  // namespace heapledger::cli
