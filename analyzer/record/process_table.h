// What the kernel says about processes: /proc/PID/stat and /proc/PID/statm.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "../read/session.h"

namespace heapledger::record {

/// CLOCK_MONOTONIC, nanoseconds.
std::uint64_t monotonic_ns();

/// Fields of /proc/PID/stat.
struct ProcessStat {
  pid_t pid = 0;
  pid_t parent = 0;
  char state = '?';  ///< 'Z' once it has ended
  std::string name;
  std::uint64_t start_ticks = 0;
};

/// Nothing when there is no such process.
std::optional<ProcessStat> process_stat(pid_t pid);

/// Every living process below `ancestor`, oldest first. Zombies are left out. Reads the whole of /proc: some
/// milliseconds, not for a sampling loop.
std::vector<ProcessStat> descendants_of(pid_t ancestor);

/// Reads the resident memory of one process again and again. The open file stays with the process that it was
/// opened for, so that a pid used again is not mistaken for it.
class ResidentMemory {
 public:
  explicit ResidentMemory(pid_t pid);
  ~ResidentMemory();
  ResidentMemory(ResidentMemory&& other) noexcept;
  ResidentMemory& operator=(ResidentMemory&& other) noexcept;

  [[nodiscard]] const read::ProcessKey& process() const { return process_; }
  /// t_ns is left alone. False once the process has ended (or could not be opened): it will never read again.
  bool read(read::RssReading& reading) const;

 private:
  int file_ = -1;
  read::ProcessKey process_;
};

}  // namespace heapledger::record
