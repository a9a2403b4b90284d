// Waits for the command and everything that it started, keeps the session log, and forwards signals.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "../read/session.h"
#include "process_table.h"
#include "rss_sampler.h"
#include "signals.h"

namespace heapledger::record {

struct Outcome {
  int status = 0;                          ///< of the command, as wait(2) reports it
  std::vector<ProcessStat> still_running;  ///< the user did not want to wait for these
};

/// Makes this process the one that orphans of the command's tree are handed to, so that it can wait for all
/// of them. Called before the command is started. The command's parent is the recorder, as it would be a
/// shell; only orphans see a difference: their new parent is the recorder, not process 1.
void adopt_orphans();

class Supervisor {
 public:
  /// `notice` is called once when the command has ended and others have not for a second.
  Supervisor(pid_t command, const std::string& folder, read::SessionWriter& log, const SignalSession& signals,
             std::function<void(const std::vector<ProcessStat>&)> notice);

  /// Returns when the whole tree has ended, or when the user interrupts the wait for the rest of it.
  Outcome run();

 private:
  bool reap();
  void handle_signals();
  void look_after_rest(std::uint64_t now_ns);
  [[nodiscard]] bool command_ended() const { return status_.has_value(); }

  pid_t command_;
  read::SessionWriter& log_;
  const SignalSession& signals_;
  std::function<void(const std::vector<ProcessStat>&)> notice_;
  RssSampler sampler_;
  std::optional<int> status_;
  std::uint64_t ended_ns_ = 0;
  bool noticed_ = false;
  bool interrupted_ = false;
};

}  // namespace heapledger::record
