// signalfd(2) and what is ignored.
#include "signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <initializer_list>

namespace heapledger::record {
namespace {

/// As nohup, or a shell for its background jobs, left it.
bool is_ignored(int number) {
  struct sigaction action {};
  return ::sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

SignalSession::SignalSession() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGCHLD);
  for (const int number : {SIGINT, SIGQUIT, SIGTERM, SIGHUP})
    if (!is_ignored(number)) ::sigaddset(&set, number);
  ::sigprocmask(SIG_BLOCK, &set, &old_mask_);
  struct sigaction action {};
  action.sa_handler = SIG_DFL;  // an inherited SIG_IGN would take away the exit statuses of children
  ::sigaction(SIGCHLD, &action, &old_child_);
  action.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &action, &old_pipe_);
  ::sigaction(SIGXFSZ, &action, &old_file_size_);
  file_ = ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

SignalSession::~SignalSession() {
  ::close(file_);
  ::sigaction(SIGCHLD, &old_child_, nullptr);
  ::sigprocmask(SIG_SETMASK, &old_mask_, nullptr);
}

void SignalSession::restore() const {
  ::sigaction(SIGCHLD, &old_child_, nullptr);
  ::sigaction(SIGPIPE, &old_pipe_, nullptr);
  ::sigaction(SIGXFSZ, &old_file_size_, nullptr);
  ::sigprocmask(SIG_SETMASK, &old_mask_, nullptr);
}

SignalSession::Signal SignalSession::next() const {
  signalfd_siginfo info{};
  if (::read(file_, &info, sizeof info) != sizeof info) return {};
  return {static_cast<int>(info.ssi_signo), info.ssi_code == SI_KERNEL};
}

}  // namespace heapledger::record
