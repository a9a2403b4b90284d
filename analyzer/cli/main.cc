// The program: a table of commands, one line each.
#include "args.h"
#include "command.h"

int main(int argc, char** argv) {
  using heapledger::cli::Command;
  static constexpr Command kCommands[] = {
      {"record", "Run a program and record every allocation", heapledger::cli::record_command},
      {"report", "Show which lines hold, leak and churn memory", heapledger::cli::report_command},
      {"advise", "Say what would save memory or time, with evidence", heapledger::cli::advise_command},
      {"experiment", "Compare runs of a program: time, memory, counts, and why they differ", heapledger::cli::experiment_command},
      {"dump", "Print recorded blocks or events one by one", heapledger::cli::dump_command},
      {"pack", "Turn raw traces into one ledger file", heapledger::cli::pack_command},
  };
  return heapledger::cli::dispatch(kCommands, argc, argv);
}
