// What became of the controls of a recording, as people read it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "../ledger/reader.h"

namespace heapledger::cli {

/// One control over all processes of a session.
struct ControlSummary {
  std::string name;     ///< "gc", "slots"
  std::string subject;  ///< "off", "shop:Book"
  std::size_t applied = 0;            ///< processes
  std::vector<std::string> problems;  ///< why it was not applied somewhere it should have been; empty: it was
  std::vector<std::string> notes;     ///< what the program made of it
};

/// In the order in which they were asked for. Empty: the program ran as it stands.
std::vector<ControlSummary> control_summaries(const ledger::Reader& reader);

/// Whether any process was recorded without events, for the sake of controls only.
bool has_controls_only(const ledger::Reader& reader);

/// "gc off", "slots on shop:Book"
std::string control_name(const ControlSummary& control);

/// The name, and in brackets what is to be said of it: "slots on shop:Book (not done: it has __slots__
/// already)".
std::string control_text(const ControlSummary& control);

/// All of them in one line; empty when there are none.
std::string controls_text(const std::vector<ControlSummary>& controls);

/// As docs/report-json.md names it.
std::string_view outcome_name(trace::ControlOutcome outcome);

}  // namespace heapledger::cli
