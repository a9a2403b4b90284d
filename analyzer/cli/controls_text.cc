// What became of controls, in words.
#include "controls_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "../../trace/controls.h"
#include "terminal.h"

namespace heapledger::cli {

using query::ControlSummary;
using trace::ControlOutcome;

std::string control_name(const ControlSummary& control) {
  const bool is_slots = control.name == trace::kControlSlots;
  return fmt::format("{}{} {}", control.name, is_slots ? " on" : "", control.subject);
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
