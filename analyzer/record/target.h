// The program that a command line starts: found as a shell finds it, and checked before anything is started.
#pragma once

#include <string>
#include <vector>

namespace heapledger::record {

struct Target {
  std::string path;  ///< what execve gets: an ELF file, a script, or a shell script without #!
  std::vector<std::string> arguments;  ///< with the command's own name first
  std::string binary;                  ///< the ELF file that runs in the end
};

/// Finds the command and follows #! lines (and `env NAME` in them) to the binary that runs.
/// Throws BadUsage when there is no such command, CannotRecord when the shim could not be loaded into it: a
/// static executable, another kind of machine or C library, rights that switch LD_PRELOAD off. What cannot be
/// read cannot be judged and passes; the check that the shim said hello comes after the run.
Target find_target(const std::vector<std::string>& command);

/// What to call a recording of this command: the script or module of a Python command line ("app" for
/// `python3 -X dev app.py`), else the name of the program.
std::string program_name(const std::vector<std::string>& command);

}  // namespace heapledger::record
