// /proc against what this process knows about itself and its children.
#include "../../../analyzer/record/process_table.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <string>
#include <vector>

namespace heapledger::record {
namespace {

/// A process that sleeps until it is killed by the end of the scope.
class Sleeper {
 public:
  /// `depth` more processes below it, each the child of the one before.
  explicit Sleeper(int depth = 0) {
    int ready[2];
    EXPECT_EQ(::pipe(ready), 0);
    pid_ = ::fork();
    if (pid_ == 0) run(depth, ready[1]);
    ::close(ready[1]);
    for (pid_t pid; ::read(ready[0], &pid, sizeof pid) == sizeof pid && pid != 0;) pids_.push_back(pid);
    ::close(ready[0]);
  }
  ~Sleeper() {
    for (const pid_t pid : pids_) ::kill(pid, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] const std::vector<pid_t>& pids() const { return pids_; }

 private:
  [[noreturn]] static void run(int depth, int ready) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::prctl(PR_SET_NAME, "a) (b c");
    for (pid_t pid = ::getpid(); ::write(ready, &pid, sizeof pid) != sizeof pid;) continue;
    if (depth > 0 && ::fork() == 0) run(depth - 1, ready);
    const pid_t end = 0;
    while (depth == 0 && ::write(ready, &end, sizeof end) != sizeof end) continue;
    while (true) ::pause();
  }
  pid_t pid_ = 0;
  std::vector<pid_t> pids_;
};

TEST(ProcessTable, ReadsNamesThatHoldBracketsAndSpaces) {
  const Sleeper sleeper;
  const auto stat = process_stat(sleeper.pid());
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->name, "a) (b c");
  EXPECT_EQ(stat->parent, ::getpid());
  EXPECT_NE(std::string("RS").find(stat->state), std::string::npos) << stat->state;
  EXPECT_GE(stat->start_ticks, process_stat(::getpid())->start_ticks);
}

TEST(ProcessTable, AProcessThatIsGoneHasNoEntry) {
  pid_t pid;
  { pid = Sleeper().pid(); }
  EXPECT_FALSE(process_stat(pid));
  EXPECT_FALSE(process_stat(0));
}

TEST(ProcessTable, FindsDescendantsOfEveryDegree) {
  const Sleeper sleeper(3);
  std::vector<pid_t> found;
  for (const auto& stat : descendants_of(::getpid())) found.push_back(stat.pid);
  ASSERT_EQ(sleeper.pids().size(), 4u);
  for (const pid_t pid : sleeper.pids()) EXPECT_EQ(std::ranges::count(found, pid), 1) << pid;
  EXPECT_EQ(std::ranges::count(found, ::getpid()), 0);
}

TEST(ResidentMemory, GrowsByWhatIsTouched) {
  const ResidentMemory memory(::getpid());
  read::RssReading before{7, 0, 0}, after{7, 0, 0};
  ASSERT_TRUE(memory.read(before));
  const std::vector<char> touched(64 << 20, 'x');
  ASSERT_TRUE(memory.read(after));
  EXPECT_GE(after.resident, before.resident + (60u << 20));
  EXPECT_LT(after.file, after.resident);
  EXPECT_EQ(after.t_ns, 7u);
  EXPECT_EQ(memory.process().pid, static_cast<std::uint32_t>(::getpid()));
}

TEST(ResidentMemory, EndsWithTheProcess) {
  read::RssReading reading;
  std::vector<ResidentMemory> memory;
  {
    const Sleeper sleeper;
    memory.emplace_back(sleeper.pid());
    EXPECT_TRUE(memory[0].read(reading));
  }
  EXPECT_FALSE(memory[0].read(reading));
  memory[0] = ResidentMemory(::getpid());
  EXPECT_TRUE(memory[0].read(reading));
}

}  // namespace
}  // namespace heapledger::record
