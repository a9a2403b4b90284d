// The session log: what is written is read back; torn, damaged and foreign logs give what is whole.
#include "../../../analyzer/read/session.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "../../../analyzer/ledger/error.h"

namespace heapledger::read {
namespace {

class SessionTest : public testing::Test {
 protected:
  SessionTest() {
    std::string pattern = testing::TempDir() + "/session.XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    path_ = folder_ + "/session.jsonl";
  }
  ~SessionTest() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string contents() const {
    std::ostringstream all;
    all << std::ifstream(path_, std::ios::binary).rdbuf();
    return all.str();
  }
  [[nodiscard]] SessionLog read(const std::string& contents) const {
    std::ofstream(path_, std::ios::binary) << contents;
    return read_session_log(path_);
  }
  /// A log with every kind of line.
  void write_whole() const {
    SessionLog session;
    session.command = {"python3", "a b.py", "", "line\nbreak", "\"quoted\""};
    session.directory = "/tmp/with space";
    session.command_process = {4242, 99};
    session.start_monotonic_ns = 1000;
    session.start_realtime_ns = 18446744073709551615u;
    session.tool_version = "1.2.3";
    SessionWriter writer(folder_);
    writer.command(session);
    writer.rss({4242, 99}, {1100, 5 << 20, 1 << 20});
    writer.rss({4243, 100}, {1100, 1, 0});
    writer.flush();
    writer.rss({4242, 99}, {1200, 6 << 20, 1 << 20});
    writer.exit({4242, 99}, {9, 1300});
    writer.warning({"stopped early", true});
    writer.end(1400);
  }

  std::string folder_, path_;
};

TEST_F(SessionTest, ReadsBackWhatWasWritten) {
  write_whole();
  const SessionLog log = read_session_log(path_);
  EXPECT_TRUE(log.found);
  EXPECT_EQ(log.command, (std::vector<std::string>{"python3", "a b.py", "", "line\nbreak", "\"quoted\""}));
  EXPECT_EQ(log.directory, "/tmp/with space");
  EXPECT_EQ(log.command_process, (ProcessKey{4242, 99}));
  EXPECT_EQ(log.start_monotonic_ns, 1000u);
  EXPECT_EQ(log.start_realtime_ns, 18446744073709551615u);
  EXPECT_EQ(log.tool_version, "1.2.3");
  ASSERT_EQ(log.processes.size(), 2u);
  const ProcessLog& first = log.processes.at({4242, 99});
  ASSERT_EQ(first.rss.size(), 2u);
  EXPECT_EQ(first.rss[1].t_ns, 1200u);
  EXPECT_EQ(first.rss[1].resident, 6u << 20);
  EXPECT_EQ(first.rss[1].file, 1u << 20);
  ASSERT_TRUE(log.command_exit());
  EXPECT_EQ(log.command_exit()->status, 9);
  EXPECT_EQ(log.command_exit()->t_ns, 1300u);
  EXPECT_FALSE(log.processes.at({4243, 100}).exit);
  EXPECT_EQ(log.end_monotonic_ns, 1400u);
  ASSERT_EQ(log.warnings.size(), 1u);
  EXPECT_EQ(log.warnings[0].text, "stopped early");
  EXPECT_TRUE(log.warnings[0].incomplete);
}

TEST_F(SessionTest, CutAtEveryByteGivesTheLinesBefore) {
  write_whole();
  const std::string whole = contents();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::string part = whole.substr(0, size);
    const auto ends = static_cast<std::size_t>(std::ranges::count(part, '\n'));
    const SessionLog log = read(part);
    EXPECT_TRUE(log.found);
    EXPECT_EQ(log.command_process.pid, ends > 0 ? 4242u : 0u) << size;
    EXPECT_EQ(log.processes.size(), std::min<std::size_t>(ends > 0 ? ends - 1 : 0, 2)) << size;
    EXPECT_EQ(log.command_exit().has_value(), ends >= 5) << size;
    EXPECT_EQ(log.warnings.size(), ends >= 6 ? 1u : 0u) << "a torn end is no damage: " << size;
  }
}

TEST_F(SessionTest, DamagedLinesAreCountedOnceAndLeftOut) {
  const SessionLog log = read(
      "\xff\xfe\n{\"type\":\"rss\",\"pid\":1,\"start_ticks\":2,\"t_ns\":3,\"resident\":4,\"file\":5}\n[1]\n{}"
      "\n"
      "{\"type\":\"of the future\"}\n");
  EXPECT_EQ(log.processes.at({1, 2}).rss.size(), 1u);
  ASSERT_EQ(log.warnings.size(), 1u);
  EXPECT_EQ(
      log.warnings[0].text,
      "3 lines of the session log are damaged and left out: memory readings or exit statuses may be missing");
}

TEST_F(SessionTest, FieldsOfTheWrongKindCountAsMissing) {
  const SessionLog log = read(
      "{\"type\":\"command\",\"schema\":1,\"argv\":[1,\"a\",null],\"cwd\":7,\"pid\":-1,\"start_ticks\":\"x\"}"
      "\n"
      "{\"type\":\"exit\",\"pid\":99999999999,\"start_ticks\":1.5,\"status\":99999999999}\n"
      "{\"type\":\"exit\",\"pid\":{},\"status\":\"9\"}\n{\"type\":\"warning\",\"text\":[]}\n{\"type\":["
      "\"end\"]}\n" +
      std::string(100000, '[') + "\n");
  EXPECT_EQ(log.command, (std::vector<std::string>{"", "a", ""}));
  EXPECT_EQ(log.command_process, ProcessKey{});
  EXPECT_FALSE(log.command_exit());
  EXPECT_TRUE(log.processes.empty());
}

TEST_F(SessionTest, ANewerLogSaysSo) {
  const SessionLog log = read("{\"type\":\"command\",\"schema\":2,\"argv\":[]}\n");
  ASSERT_EQ(log.warnings.size(), 1u);
  EXPECT_NE(log.warnings[0].text.find("newer version"), std::string::npos);
}

TEST_F(SessionTest, ManyReadingsAreThinnedOutButNotTheGreatest) {
  {
    SessionWriter writer(folder_);
    for (std::uint64_t i = 0; i < 50000; ++i) writer.rss({1, 1}, {50000 - i, i == 31415 ? 999999 : i, 0});
  }
  const auto rss = read_session_log(path_).processes.at({1, 1}).rss;
  EXPECT_LE(rss.size(), 8192u);
  EXPECT_GE(rss.size(), 4096u);
  EXPECT_TRUE(std::ranges::is_sorted(rss, {}, &RssReading::t_ns));
  EXPECT_EQ(std::ranges::max(rss, {}, &RssReading::resident).resident, 999999u);
}

TEST_F(SessionTest, TextsThatAreNoUtf8AreStillText) {
  SessionLog session;
  session.command = {"caf\xe9"};
  SessionWriter(folder_).command(session);
  EXPECT_EQ(read_session_log(path_).command, std::vector<std::string>{"caf\xef\xbf\xbd"});
}

TEST_F(SessionTest, MissingLogsAndFoldersAreNoError) {
  EXPECT_FALSE(read_session_log(folder_ + "/nothing").found);
  EXPECT_FALSE(read_session_log(folder_).found);
  EXPECT_THROW(SessionWriter(folder_ + "/nothing"), ledger::FileError);
}

}  // namespace
}  // namespace heapledger::read
