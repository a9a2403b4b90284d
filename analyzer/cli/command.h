// What a command of the program is: a name, a line of help, and a function that declares its options.
#pragma once

#include <functional>
#include <stdexcept>

#include "args.h"

namespace heapledger::cli {

/// Exit statuses. `record` returns the status of the recorded program instead of ok.
enum Exit : int {
  kExitOk = 0,
  kExitBadInput = 2,     ///< bad usage or bad input
  kExitNotMeasured = 3,  ///< the program could not be measured
};

/// One sentence without a full stop for a usage that no option parser can see. Exit status kExitBadInput.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// One sentence why nothing could be measured. Exit status kExitNotMeasured.
struct NotMeasured : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Runs the command after its options were parsed; returns the exit status. May throw ledger::FileError,
/// UsageError and NotMeasured: main prints them as `heapledger: error: ...`.
using Run = std::function<int()>;

/// Declares options that write into a state of the command (a shared_ptr that Run holds, usually) and returns
/// what to run. Nothing is opened, printed or started before Run is called.
using Declare = Run (*)(Arguments& arguments);

struct Command {
  const char* name;
  const char* summary;  ///< one line without a full stop
  Declare declare;
};

// One line here and one line in the table of main.cc for each command.
Run record_command(Arguments& arguments);
Run report_command(Arguments& arguments);
Run advise_command(Arguments& arguments);
Run experiment_command(Arguments& arguments);
Run dump_command(Arguments& arguments);
Run pack_command(Arguments& arguments);

}  // namespace heapledger::cli
