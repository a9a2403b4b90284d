// The ledger to write and the folder of raw traces beside it.
#pragma once

#include <string>
#include <vector>

namespace heapledger::record {

struct Output {
  std::string ledger;  ///< as the user gave it, or made up
  std::string folder;  ///< of the raw traces, absolute: LEDGER.raw
};

/// What the user asked for: `path` as given with -o, empty for PROGRAM.PID.hl in the current directory.
Output name_output(const std::string& path, const std::string& program, int pid);

/// Throws BadUsage when the ledger exists (unless forced), is no file, or lies in a folder that is not there.
void check_output(const Output& output, bool force);

/// Makes the folder of raw traces. `force` empties one that an earlier recording left. Throws BadUsage when
/// it cannot be made, or holds anything else.
void make_folder(const Output& output, bool force);

/// Removes raw traces and session log, then the folder. False: something is still there.
bool remove_folder(const std::string& folder);

/// Names of a folder's entries; none when it cannot be read.
std::vector<std::string> names_in(const std::string& folder);

/// Whether some raw trace of this process lies in the folder; pid 0: of any process.
bool has_raw_trace(const std::string& folder, int pid);

/// The process that wrote a raw trace named "PID-N.raw"; 0 when the name is of another form.
int pid_of_raw_trace(const std::string& file_name);

}  // namespace heapledger::record
