// What `record` tells the user, all of it on stderr: standard output belongs to the recorded program.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "../ledger/pack.h"
#include "../record/output.h"
#include "../record/process_table.h"
#include "message.h"

namespace heapledger::cli {

/// Why a library in LD_PRELOAD may not have been loaded although every check before the start passed.
inline constexpr const char* kReasonsNotLoaded =
    "it may run in a sandbox or as another user that cannot read the recorder library or write to the folder "
    "of the ledger, end before the dynamic loader was done, or the loader said above why it refused the library";

/// The command has ended and these have not.
void print_waiting(const std::vector<record::ProcessStat>& rest);
/// For the ledger: the user did not wait for these.
std::string still_running_warning(const std::vector<record::ProcessStat>& rest);
/// Nothing was recorded at all.
void print_never_loaded(const std::string& command, pid_t pid);
/// Where the raw traces are, and how to pack them unless that is done.
void print_kept(const record::Output& output, bool is_packed);

/// Shows how far packing is once it takes longer than a second: on a terminal as it goes, elsewhere in one
/// line.
class PackProgress {
 public:
  explicit PackProgress(bool quiet);
  void operator()(std::uint64_t done, std::uint64_t total);

 private:
  Progress progress_{"packing"};
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  bool silent_;
};

/// Losses first, then controls, the ledger, what it shows, and what to type next; when quiet, losses and
/// controls that failed only. True when the recording is whole and every control was applied. `status`: of
/// the command, as wait(2) has it. Throws ledger::FileError when the ledger cannot be read.
bool print_recorded(const std::string& ledger, const ledger::PackSummary& summary, int status, bool quiet);

}  // namespace heapledger::cli
