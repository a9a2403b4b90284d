// Real commands through the runner: what it counts, what it kills, what it leaves.
#include "../../../analyzer/compare/runner.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include "../../support/temp_folder.h"

namespace heapledger::compare {
namespace {

class RunnerTest : public testing::Test {
 protected:
  Launch shell(const std::string& script) {
    Launch launch;
    launch.path = "/bin/sh";
    launch.arguments = {"sh", "-c", script};
    launch.environment = {"PATH=/usr/bin:/bin"};
    launch.output = folder_ / "out";
    launch.errors = folder_ / "err";
    return launch;
  }
  std::string text(const char* name) {
    std::ifstream file(folder_ / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  support::TempFolder folder_;
  Runner runner_;
};

TEST_F(RunnerTest, StatusAndOutput) {
  const Ending ending = runner_.run(shell("echo out; echo err >&2; cat; pwd; exit 7"));
  EXPECT_EQ(WEXITSTATUS(ending.status), 7);
  EXPECT_EQ(ending.error, 0);
  EXPECT_EQ(text("out").substr(0, 4), "out\n");
  EXPECT_EQ(text("err"), "err\n");
  EXPECT_GT(ending.wall_ns, 0u);
  EXPECT_GT(ending.max_rss_bytes, 0u);
  EXPECT_GT(ending.minor_faults, 0u);
  const Ending killed = runner_.run(shell("kill -TERM $$"));
  EXPECT_TRUE(WIFSIGNALED(killed.status));
  EXPECT_EQ(WTERMSIG(killed.status), SIGTERM);
}

TEST_F(RunnerTest, EnvironmentAndFolderAreThoseAsked) {
  Launch launch = shell("env; pwd");
  launch.environment = {"A=1", "B=x y\nz"};
  launch.directory = "/";
  runner_.run(launch);
  const std::string out = text("out");
  EXPECT_NE(out.find("A=1\n"), out.npos);
  EXPECT_NE(out.find("B=x y\nz\n"), out.npos);
  EXPECT_EQ(out.substr(out.size() - 3), "\n/\n");
  EXPECT_EQ(out.find("HOME="), out.npos);
}

TEST_F(RunnerTest, WhatCannotBeStarted) {
  Launch launch = shell("");
  launch.path = "/nonexistent";
  EXPECT_EQ(runner_.run(launch).error, ENOENT);
  launch = shell("");
  launch.directory = "/nonexistent";
  EXPECT_EQ(runner_.run(launch).error, ENOENT);
  EXPECT_EQ(runner_.run(shell("exit 0")).status, 0);
}

TEST_F(RunnerTest, TimeIsUp) {
  Launch launch = shell("sleep 100 & sleep 100");
  launch.timeout_ns = 50'000'000;
  const Ending ending = runner_.run(launch);
  EXPECT_TRUE(ending.timed_out);
  EXPECT_TRUE(WIFSIGNALED(ending.status));
  EXPECT_FALSE(runner_.run(shell("exit 0")).timed_out);
}

TEST_F(RunnerTest, Stop) {
  std::thread stopper([&] {
    while (text("out").empty()) std::this_thread::yield();
    runner_.stop();
  });
  const Ending ending = runner_.run(shell("echo up; sleep 100"));
  stopper.join();
  EXPECT_TRUE(ending.stopped);
  EXPECT_FALSE(ending.timed_out);
  EXPECT_FALSE(runner_.run(shell("exit 0")).stopped);
}

TEST_F(RunnerTest, NothingIsLeftRunning) {
  // One in the command's group, one in a session of its own.
  runner_.run(shell("sleep 100 & echo $!; setsid sleep 100 & echo $!"));
  std::ifstream pids(folder_ / "out");
  int count = 0;
  for (pid_t pid; pids >> pid; ++count) EXPECT_TRUE(::kill(pid, 0) != 0 && errno == ESRCH) << pid;
  EXPECT_EQ(count, 2);
}

TEST_F(RunnerTest, MemoryOfTheCallerIsNotCharged) {
  constexpr std::size_t kMuch = 256 * 1024 * 1024;
  std::vector<char> much(kMuch, 'x');
  EXPECT_LT(runner_.run(shell("exit 0")).max_rss_bytes, kMuch / 4);
  EXPECT_EQ(much[kMuch / 2], 'x');
}

TEST_F(RunnerTest, AddressesAreFixed) {
  const auto stack = [&](bool fixed) {
    Launch launch = shell("grep stack /proc/self/maps");
    launch.fixed_addresses = fixed;
    const Ending ending = runner_.run(launch);
    return ending.addresses_varied ? std::string("not possible here") : text("out");
  };
  const std::string first = stack(true);
  if (first == "not possible here") GTEST_SKIP() << "the kernel does not let addresses be fixed here";
  EXPECT_EQ(first, stack(true));
}

TEST_F(RunnerTest, CpuTimeIsThatOfTheWholeTree) {
  const Ending idle = runner_.run(shell("exit 0"));
  const Ending busy = runner_.run(shell("sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done'; exit 0"));
  EXPECT_GT(busy.user_us + busy.system_us, 4 * (idle.user_us + idle.system_us));
}

}  // namespace
}  // namespace heapledger::compare
