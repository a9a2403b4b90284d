// Samples the resident memory of the recorded processes from outside, into the session log.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "../read/session.h"
#include "process_table.h"

namespace heapledger::record {

/// Processes are found by the raw traces that they begin to write. A sample costs some 50 microseconds and 5
/// for each process more; the pause between samples grows from 10 ms to 1 s with the length of the run, and
/// with the number of processes, so that sampling takes at most 0.5 % of one core.
class RssSampler {
 public:
  RssSampler(std::string folder, read::SessionWriter& log);

  /// Takes a sample when one is due. Returns the milliseconds until the next one is.
  int step(std::uint64_t now_ns);

 private:
  void find_processes(std::uint64_t now_ns);
  void sample(std::uint64_t now_ns);
  [[nodiscard]] std::uint64_t pause_ns(std::uint64_t now_ns) const;

  std::string folder_;
  read::SessionWriter& log_;
  std::uint64_t begin_ns_;
  std::uint64_t due_ns_;
  std::int64_t folder_changed_ns_ = 0;  ///< mtime of the folder when it was last listed
  bool list_again_ = true;
  std::uint64_t list_due_ns_ = 0;
  std::uint64_t write_due_ns_ = 0;
  std::set<std::string> seen_;  ///< names of raw traces
  std::vector<ResidentMemory> processes_;
};

}  // namespace heapledger::record
