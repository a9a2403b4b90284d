// Signals of the recorder while the command runs: it waits for them instead of dying of them.
#pragma once

#include <csignal>

namespace heapledger::record {

/// Blocks the signals that end, forward or wake; they come out of file() instead (signalfd). Those that were
/// ignored when the recorder was started stay ignored. SIGPIPE and SIGXFSZ are ignored for good, so that a
/// closed stderr or a file size limit does not kill the recorder, now or when it packs.
class SignalSession {
 public:
  SignalSession();
  ~SignalSession();
  SignalSession(const SignalSession&) = delete;
  SignalSession& operator=(const SignalSession&) = delete;

  /// In the forked child, before exec: mask and dispositions as they were when the recorder was started.
  void restore() const;

  [[nodiscard]] int file() const { return file_; }

  struct Signal {
    int number = 0;            ///< 0: none is waiting
    bool from_kernel = false;  ///< from a terminal, which also sent it to the command
  };
  /// Does not block.
  [[nodiscard]] Signal next() const;

 private:
  sigset_t old_mask_{};
  struct sigaction old_child_ {
  }, old_pipe_{}, old_file_size_{};
  int file_ = -1;
};

}  // namespace heapledger::record
