// Summaries of controls over processes.
#include "controls.h"

#include <algorithm>
#include <map>
#include <utility>

#include "../../trace/controls.h"

namespace heapledger::query {
namespace {

using trace::ControlOutcome;

bool is_events(const ledger::Control& c) { return c.name == trace::kControlEvents; }

/// Processes may give different reasons; a line has room for a few.
constexpr std::size_t kMostTexts = 4;

void add_once(std::vector<std::string>& texts, const std::string& text) {
  const bool is_new = std::ranges::find(texts, text) == texts.end();
  if (is_new && texts.size() < kMostTexts) texts.push_back(text);
}

struct Sum {
  ControlSummary summary;
  std::vector<std::string>
      missing;  ///< a problem only when no process applied it: others create other classes
};

void add(Sum& sum, const ledger::Control& c) {
  switch (c.outcome) {
    case ControlOutcome::asked:
      return;
    case ControlOutcome::applied:
      ++sum.summary.applied;
      return;
    case ControlOutcome::refused:
      return add_once(sum.summary.problems, c.text);
    case ControlOutcome::undone:
      return add_once(sum.summary.notes, c.text);
    case ControlOutcome::missing:
      return add_once(sum.missing, c.text);
  }
}

/// Why it was applied nowhere though nobody refused.
void add_absence(Sum& sum, bool has_python) {
  if (!sum.missing.empty()) {
    sum.summary.problems = sum.missing;
    return;
  }
  sum.summary.problems.emplace_back(has_python ? "its process ended before it could be done"
                                               : "no process of this run is CPython 3.8 or later");
}

}  // namespace

std::vector<ControlSummary> control_summaries(const ledger::Reader& reader) {
  std::vector<Sum> sums;
  std::map<std::pair<std::string, std::string>, std::size_t> places;
  bool has_python = false;
  for (const ledger::Process& process : reader.processes()) {
    has_python = has_python || !process.python_version.empty();
    for (const ledger::Control& c : process.controls) {
      if (is_events(c)) continue;
      const auto [place, fresh] = places.try_emplace({c.name, c.subject}, sums.size());
      if (fresh) sums.push_back({{c.name, c.subject, 0, {}, {}}, {}});
      add(sums[place->second], c);
    }
  }
  std::vector<ControlSummary> all;
  for (Sum& sum : sums) {
    if (sum.summary.applied == 0 && sum.summary.problems.empty()) add_absence(sum, has_python);
    all.push_back(std::move(sum.summary));
  }
  return all;
}

bool has_controls_only(const ledger::Reader& reader) {
  return std::ranges::any_of(reader.processes(),
                             [](const auto& p) { return std::ranges::any_of(p.controls, is_events); });
}

}  // namespace heapledger::query
