// Why nothing is started: one sentence that says what, where, and what to do.
#pragma once

#include <stdexcept>

namespace heapledger::record {

/// The command line must be changed: a missing command, an output that exists. Exit status 2.
struct BadUsage : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The command is fine but cannot be recorded here: static, setuid, no shim. Exit status 3.
struct CannotRecord : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace heapledger::record
