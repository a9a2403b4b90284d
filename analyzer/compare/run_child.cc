// fork, exec, wait4.
#include "run_child.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <vector>

#include "../record/process_table.h"

namespace heapledger::compare {

namespace {

using record::monotonic_ns;

/// What a child tells when it cannot become the command.
struct ChildTrouble {
  int error = 0;
  bool addresses_varied = false;
};

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (const std::string& text : texts) list.push_back(const_cast<char*>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

bool redirect(int file, const char* path, int flags) {
  const int opened = ::open(path, flags, 0644);
  if (opened < 0) return false;
  const bool done = ::dup2(opened, file) == file;
  if (opened != file) ::close(opened);
  return done;
}

bool fix_addresses() {
  const int now = ::personality(0xffffffff);
  return now >= 0 && ::personality(static_cast<unsigned long>(now) | ADDR_NO_RANDOMIZE) >= 0;
}

[[noreturn]] void become(const Launch& launch, int trouble) {
  ::setpgid(0, 0);  // a group of its own: killed as a whole, and Ctrl-C is not meant for it
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int number : {SIGINT, SIGQUIT, SIGHUP, SIGPIPE}) ::signal(number, SIG_DFL);
  ChildTrouble told;
  told.addresses_varied = launch.fixed_addresses && !fix_addresses();
  constexpr int kNew = O_WRONLY | O_CREAT | O_TRUNC;
  if (redirect(STDIN_FILENO, "/dev/null", O_RDONLY) && redirect(STDOUT_FILENO, launch.output.c_str(), kNew) &&
      redirect(STDERR_FILENO, launch.errors.c_str(), kNew) &&
      (launch.directory.empty() || ::chdir(launch.directory.c_str()) == 0)) {
    if (told.addresses_varied) (void)!::write(trouble, &told, sizeof told);
    ::execve(launch.path.c_str(), pointers(launch.arguments).data(), pointers(launch.environment).data());
  }
  told.error = errno;
  (void)!::write(trouble, &told, sizeof told);
  ::_exit(127);
}

/// Time of all processors since the machine was started, in ticks; zeros where it is not told.
struct Ticks {
  std::uint64_t steal = 0, all = 0;
};

Ticks ticks() {
  std::FILE* file = std::fopen("/proc/stat", "re");
  if (file == nullptr) return {};
  unsigned long long v[8] = {};  // user, nice, system, idle, iowait, irq, softirq, steal
  const int read = std::fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", v, v + 1, v + 2, v + 3,
                               v + 4, v + 5, v + 6, v + 7);
  std::fclose(file);
  if (read != 8) return {};
  return {v[7], std::accumulate(v, v + 8, std::uint64_t{0})};
}

/// Waits until the command ends; kills its group when its time is up or it is told to.
void wait_for_end(pid_t pid, const Launch& launch, int stops, int children, Ending& ending) {
  const std::uint64_t begin = monotonic_ns();
  while (true) {
    siginfo_t info{};
    if (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
        info.si_pid == pid)
      return;
    int left_ms = -1;
    if (launch.timeout_ns != 0 && !ending.timed_out) {
      const std::uint64_t passed = monotonic_ns() - begin;
      if (passed >= launch.timeout_ns) {
        ending.timed_out = true;
        ::kill(-pid, SIGKILL);
        continue;
      }
      left_ms = static_cast<int>((launch.timeout_ns - passed) / 1'000'000 + 1);
    }
    pollfd waiting[2] = {{children, POLLIN, 0}, {ending.stopped ? -1 : stops, POLLIN, 0}};
    ::poll(waiting, 2, left_ms);
    signalfd_siginfo seen;
    while (::read(children, &seen, sizeof seen) > 0) continue;
    if ((waiting[1].revents & (POLLIN | POLLHUP)) == 0) continue;
    ending.stopped = true;
    ::kill(-pid, SIGKILL);
  }
}

/// What the command left running would run beside the next one.
void end_rest(pid_t group) {
  ::kill(-group, SIGKILL);
  while (::waitpid(-1, nullptr, WNOHANG) >= 0 || errno != ECHILD) {
    for (const record::ProcessStat& left : record::descendants_of(::getpid())) ::kill(left.pid, SIGKILL);
    ::waitpid(-1, nullptr, 0);
  }
}

void count(const rusage& used, Ending& ending) {
  const auto micro = [](const timeval& t) {
    return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000u + static_cast<std::uint64_t>(t.tv_usec);
  };
  ending.user_us = micro(used.ru_utime);
  ending.system_us = micro(used.ru_stime);
  ending.max_rss_bytes = static_cast<std::uint64_t>(used.ru_maxrss) * 1024u;
  ending.minor_faults = static_cast<std::uint64_t>(used.ru_minflt);
  ending.major_faults = static_cast<std::uint64_t>(used.ru_majflt);
  ending.involuntary_switches = static_cast<std::uint64_t>(used.ru_nivcsw);
}

/// A stop that came too late for the run before.
void forget_stops(int stops) {
  char bytes[64];
  while (::read(stops, bytes, sizeof bytes) > 0) continue;
}

int g_children = -1;  ///< signalfd of SIGCHLD

}  // namespace

void prepare_for_children() {
  for (const int number : {SIGINT, SIGQUIT, SIGHUP, SIGPIPE}) ::signal(number, SIG_IGN);
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &child, nullptr);
  g_children = ::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

Ending run_child(const Launch& launch, int stops) noexcept {
  Ending ending;
  int trouble[2];
  if (::pipe2(trouble, O_CLOEXEC) != 0) return ending.error = errno, ending;
  forget_stops(stops);
  const Ticks before = ticks();
  const std::uint64_t begin = monotonic_ns();
  const pid_t pid = ::fork();
  if (pid == 0) become(launch, trouble[1]);
  ::close(trouble[1]);
  if (pid < 0) return ending.error = errno, ::close(trouble[0]), ending;
  ::setpgid(pid, pid);
  ChildTrouble told;
  while (::read(trouble[0], &told, sizeof told) == sizeof told)
    ending.addresses_varied |= told.addresses_varied;
  ::close(trouble[0]);
  ending.error = told.error;
  wait_for_end(pid, launch, stops, g_children, ending);
  ending.wall_ns = monotonic_ns() - begin;
  rusage used{};
  ::wait4(pid, &ending.status, 0, &used);
  const Ticks after = ticks();
  ending.steal_ticks = after.steal - before.steal;
  ending.all_ticks = after.all - before.all;
  count(used, ending);
  end_rest(pid);
  return ending;
}

}  // namespace heapledger::compare
