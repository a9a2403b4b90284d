// Runs commands one at a time, from a process that stays small.
//
// The kernel counts what a process held before exec into its greatest resident memory. A command started by a
// process that has just read a ledger would be charged with that ledger; so the process that starts commands
// is split off first.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace heapledger::compare {

/// One run of a command. Standard input is empty.
struct Launch {
  std::string path;                      ///< for execve
  std::vector<std::string> arguments;    ///< with the command's own name first
  std::vector<std::string> environment;  ///< "NAME=value", all of it
  std::string directory;                 ///< to run in; empty: this one
  std::string output, errors;    ///< files that standard output and standard error go to, made or emptied
  std::uint64_t timeout_ns = 0;  ///< 0: none
  bool fixed_addresses = true;   ///< no randomisation of the address space
};

/// How a run ended and what the kernel counted: for the command and the processes that it started and waited
/// for.
struct Ending {
  int status = 0;  ///< of the command, as wait(2) reports it
  int error = 0;   ///< errno: the command was never started
  bool timed_out = false;
  bool stopped = false;           ///< by Runner::stop()
  bool addresses_varied = false;  ///< the kernel did not let them be fixed
  std::uint64_t wall_ns = 0;      ///< from the fork to the command's end
  std::uint64_t user_us = 0, system_us = 0;
  std::uint64_t max_rss_bytes = 0;  ///< greatest resident memory of any one of the processes
  std::uint64_t minor_faults = 0, major_faults = 0;
  std::uint64_t involuntary_switches = 0;
  std::uint64_t steal_ticks =
      0;  ///< of the whole machine meanwhile: taken by other guests of the host, 10 ms each
  std::uint64_t all_ticks = 0;  ///< the same, everything
};

class Runner {
 public:
  /// Forks. To be made before the calling process grows. Throws record::CannotRecord when that is not
  /// possible.
  Runner();
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  /// Runs a command to its end. What it leaves running is killed. Throws record::CannotRecord when the small
  /// process is gone.
  Ending run(const Launch& launch);
  /// Kills the command that is running; its Ending says so. For signal handlers and other threads.
  void stop() const noexcept;

 private:
  pid_t pid_ = 0;
  int orders_ = -1;   ///< to the small process: launches
  int stops_ = -1;    ///< to it: a byte for every stop()
  int endings_ = -1;  ///< from it
};

}  // namespace heapledger::compare
