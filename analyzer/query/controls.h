// What became of the controls of a recording, over all its processes.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "../ledger/reader.h"

namespace heapledger::query {

/// One control over all processes of a session.
struct ControlSummary {
  std::string name;                   ///< "gc", "slots"
  std::string subject;                ///< "off", "shop:Book"
  std::size_t applied = 0;            ///< processes
  std::vector<std::string> problems;  ///< why it was not applied somewhere it should have been; empty: it was
  std::vector<std::string> notes;     ///< what the program made of it
};

/// In the order in which they were asked for. Empty: the program ran as it stands.
std::vector<ControlSummary> control_summaries(const ledger::Reader& reader);

/// Whether any process was recorded without events, for the sake of controls only.
bool has_controls_only(const ledger::Reader& reader);

}  // namespace heapledger::query
