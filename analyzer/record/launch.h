// Starts the command: forked first, so that its pid can name the output, and held back until everything is
// ready.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "signals.h"
#include "target.h"

namespace heapledger::record {

/// What is added to the environment of the command. Everything else stays as it is.
struct Variable {
  std::string name;
  std::string value;
};
using Environment = std::vector<Variable>;

/// A child that waits. Goes away without a trace when it is never started.
class HeldCommand {
 public:
  /// Throws CannotRecord when no process can be made.
  HeldCommand(const Target& target, const SignalSession& signals);
  ~HeldCommand();
  HeldCommand(const HeldCommand&) = delete;
  HeldCommand& operator=(const HeldCommand&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Lets it run the target. Throws BadUsage, with the kernel's reason, when exec fails; the child is gone
  /// then.
  void start(const Environment& environment);

 private:
  [[noreturn]] void run_child(const Target& target, const SignalSession& signals);
  void reap();

  pid_t pid_ = 0;
  bool started_ = false;
  std::string path_;
  int orders_[2] = {-1, -1};   ///< parent to child: the environment, or nothing
  int failure_[2] = {-1, -1};  ///< child to parent: errno of exec; closed by a good exec
};

}  // namespace heapledger::record
