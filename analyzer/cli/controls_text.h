// What became of the controls of a recording, as people read it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "../query/controls.h"

namespace heapledger::cli {

/// "gc off", "slots on shop:Book"
std::string control_name(const query::ControlSummary& control);

/// The name, and in brackets what is to be said of it: "slots on shop:Book (not done: it has __slots__
/// already)".
std::string control_text(const query::ControlSummary& control);

/// All of them in one line; empty when there are none.
std::string controls_text(const std::vector<query::ControlSummary>& controls);

/// As docs/report-json.md names it.
std::string_view outcome_name(trace::ControlOutcome outcome);

}  // namespace heapledger::cli
