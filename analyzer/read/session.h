// The session log that `heapledger record` keeps beside the raw traces: DIR/session.jsonl.
//
// One JSON object a line, appended while the target runs, each bundle by one write: a log cut off by a crash
// is a good log with at most one torn line at its end. Times are CLOCK_MONOTONIC of the recorded machine in
// nanoseconds, as in the raw traces; sizes are bytes. Kinds of lines ("type") and their fields:
//
//   command  schema (kSessionSchema), argv, cwd, pid, start_ticks, start_monotonic_ns, start_realtime_ns,
//            tool_version
//   rss      pid, start_ticks, t_ns, resident, file
//   exit     pid, start_ticks, status (as wait(2) reports it), t_ns
//   warning  text, incomplete
//   end      t_ns
//
// Readers ignore lines and fields that they do not know. Texts are UTF-8; bytes that are not become U+FFFD.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "../error.h"

namespace heapledger::read {

/// Raised when an older reader would misread a newer log.
inline constexpr std::uint32_t kSessionSchema = 1;

/// Name of the log inside the folder of raw traces.
inline constexpr std::string_view kSessionLogName = "session.jsonl";

/// Names a process for good: pids are used again. start_ticks is field 22 of /proc/PID/stat; exec keeps both,
/// so several raw traces (PID-0.raw, PID-1.raw) may belong to one key, one after the other.
struct ProcessKey {
  std::uint32_t pid = 0;
  std::uint64_t start_ticks = 0;
  auto operator<=>(const ProcessKey&) const = default;
};

/// Resident memory of one process at one moment, seen from outside.
struct RssReading {
  std::uint64_t t_ns = 0;
  std::uint64_t resident = 0;
  std::uint64_t file = 0;  ///< part of `resident` backed by files or shared memory
};

struct ProcessExit {
  std::int32_t status = 0;  ///< as wait(2) reports it
  std::uint64_t t_ns = 0;
};

/// What the log says about one process.
struct ProcessLog {
  std::optional<ProcessExit> exit;  ///< only processes that the recorder itself reaped have one
  std::vector<RssReading> rss;      ///< ascending in time
};

struct SessionLog {
  bool found = false;  ///< false: there was no log; everything below is empty
  std::vector<std::string> command;
  std::string directory;       ///< where the command was started
  ProcessKey command_process;  ///< pid 0: not known
  std::uint64_t start_monotonic_ns = 0;
  std::uint64_t start_realtime_ns = 0;
  std::optional<std::uint64_t> end_monotonic_ns;  ///< none: the recorder itself did not get to the end
  std::string tool_version;
  std::map<ProcessKey, ProcessLog> processes;
  std::vector<Warning> warnings;  ///< of the recorder, and about damage of the log itself

  /// How the command ended, if the log says so.
  [[nodiscard]] std::optional<ProcessExit> command_exit() const;
};

/// Reads a log; `path` names the file. Never throws on its contents: a missing file gives found == false,
/// damage gives warnings. More readings of one process than anybody can look at are thinned out, the greatest
/// ones kept.
SessionLog read_session_log(const std::string& path);

/// Appends to a log. Failing writes are remembered, not thrown: a recording is worth more than its log.
class SessionWriter {
 public:
  /// Creates the file inside `folder`. Throws FileError when that is impossible.
  explicit SessionWriter(const std::string& folder);
  ~SessionWriter();
  SessionWriter(const SessionWriter&) = delete;
  SessionWriter& operator=(const SessionWriter&) = delete;

  /// Takes command, directory, command_process, both start times and tool_version from `session`.
  void command(const SessionLog& session);
  /// Readings of one moment: written together by flush().
  void rss(const ProcessKey& process, const RssReading& reading);
  void flush();
  void exit(const ProcessKey& process, const ProcessExit& exit);
  void warning(const Warning& warning);
  void end(std::uint64_t t_ns);

  [[nodiscard]] bool failed() const { return failed_; }

 private:
  void append(std::string_view line);

  int file_ = -1;
  std::string pending_;
  bool failed_ = false;
};

}  // namespace heapledger::read
