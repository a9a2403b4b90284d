// The loop of a recording: signals, children, samples.
#include "supervisor.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <utility>

namespace heapledger::record {
namespace {

constexpr std::uint64_t kNoticeAfter = 1'000'000'000;
constexpr pid_t kNoneEnded = 0;

}  // namespace

void adopt_orphans() { ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

Supervisor::Supervisor(pid_t command, const std::string& folder, read::SessionWriter& log,
                       const SignalSession& signals,
                       std::function<void(const std::vector<ProcessStat>&)> notice)
    : command_(command), log_(log), signals_(signals), notice_(std::move(notice)), sampler_(folder, log) {}

Outcome Supervisor::run() {
  while (reap() && !interrupted_) {
    const std::uint64_t now = monotonic_ns();
    look_after_rest(now);
    pollfd waiting{signals_.file(), POLLIN, 0};
    ::poll(&waiting, 1, sampler_.step(now));
    handle_signals();
  }
  return {status_.value_or(0), interrupted_ ? descendants_of(::getpid()) : std::vector<ProcessStat>{}};
}

/// Takes the exit statuses of all children that have ended. False when there are no children left.
bool Supervisor::reap() {
  while (true) {
    siginfo_t info{};
    // The process is looked at first: once it is reaped, nothing says when it was started.
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0) return false;
    if (info.si_pid == kNoneEnded) return true;
    const auto stat = process_stat(info.si_pid);
    int status = 0;
    if (::waitpid(info.si_pid, &status, 0) != info.si_pid) continue;
    const std::uint64_t now = monotonic_ns();
    if (stat) log_.exit({static_cast<std::uint32_t>(info.si_pid), stat->start_ticks}, {status, now});
    if (info.si_pid != command_) continue;
    handle_signals();  // a Ctrl-C that came before the end was meant for the command
    status_ = status;
    ended_ns_ = now;
  }
}

void Supervisor::handle_signals() {
  for (auto signal = signals_.next(); signal.number != 0; signal = signals_.next()) {
    if (signal.number == SIGCHLD) continue;
    if (command_ended())
      interrupted_ = true;
    else if ((signal.number == SIGTERM || signal.number == SIGHUP) && !signal.from_kernel)
      ::kill(command_, signal.number);
  }
}

void Supervisor::look_after_rest(std::uint64_t now_ns) {
  if (!command_ended() || noticed_ || now_ns - ended_ns_ < kNoticeAfter) return;
  noticed_ = true;
  if (const auto rest = descendants_of(::getpid()); !rest.empty()) notice_(rest);
}

}  // namespace heapledger::record
