// What a recording may write, and what it may remove.
#include "../../../analyzer/record/output.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "../../../analyzer/record/refusal.h"

namespace heapledger::record {
namespace {

namespace fs = std::filesystem;

class OutputTest : public testing::Test {
 protected:
  OutputTest() {
    std::string pattern = testing::TempDir() + "/output.XXXXXX";
    place_ = ::mkdtemp(pattern.data());
    output_ = name_output(place_ + "/app.hl", "app", 7);
  }
  ~OutputTest() override { fs::remove_all(place_); }
  void write(const std::string& name) const { std::ofstream(place_ + "/" + name) << "x"; }

  std::string place_;
  Output output_;
};

TEST_F(OutputTest, IsNamedAfterProgramAndProcess) {
  const Output made_up = name_output("", "app", 4242);
  EXPECT_EQ(made_up.ledger, "app.4242.hl");
  EXPECT_EQ(made_up.folder, fs::current_path().string() + "/app.4242.hl.raw");
  EXPECT_EQ(name_output("/x/../y/a b.hl", "app", 1).folder, "/y/a b.hl.raw");
}

TEST_F(OutputTest, ExistingLedgersNeedForce) {
  EXPECT_NO_THROW(check_output(output_, false));
  write("app.hl");
  EXPECT_THROW(check_output(output_, false), BadUsage);
  EXPECT_NO_THROW(check_output(output_, true));
  fs::remove(output_.ledger);
  fs::create_symlink("nowhere", output_.ledger);
  EXPECT_THROW(check_output(output_, false), BadUsage) << "a dangling link is in the way, too";
}

TEST_F(OutputTest, FoldersDevicesAndStandardOutputAreRefused) {
  for (const std::string& path : {place_, place_ + "/", std::string("-"), std::string("/dev/null"),
                                  place_ + "/missing/app.hl", place_ + "/" + std::string(4000, 'x')})
    EXPECT_THROW(check_output(name_output(path, "app", 7), true), BadUsage) << path;
}

TEST_F(OutputTest, FolderOfAnEarlierRecordingNeedsForce) {
  make_folder(output_, false);
  EXPECT_NO_THROW(make_folder(output_, false)) << "empty: nothing is lost";
  write("app.hl.raw/1-0.raw");
  write("app.hl.raw/session.jsonl");
  EXPECT_THROW(make_folder(output_, false), BadUsage);
  make_folder(output_, true);
  EXPECT_TRUE(fs::is_empty(output_.folder));
}

TEST_F(OutputTest, ForeignFilesAreNeverRemoved) {
  make_folder(output_, false);
  write("app.hl.raw/1-0.raw");
  write("app.hl.raw/letter.txt");
  EXPECT_THROW(make_folder(output_, true), BadUsage);
  EXPECT_FALSE(remove_folder(output_.folder));
  EXPECT_TRUE(fs::exists(output_.folder + "/letter.txt"));
}

TEST_F(OutputTest, KnowsRawTracesByTheirNames) {
  EXPECT_EQ(pid_of_raw_trace("4242-0.raw"), 4242);
  EXPECT_EQ(pid_of_raw_trace("1-9999.raw"), 1);
  for (const char* name :
       {"", "-", ".raw", "4242.raw", "4242-.raw", "-1-0.raw", "0-0.raw", "4242-0.raw.hl", "4242-0",
        "4242--1.raw", "99999999999999999999-0.raw", " 1-0.raw", "session.jsonl"})
    EXPECT_EQ(pid_of_raw_trace(name), 0) << name;
}

TEST_F(OutputTest, FindsTheTraceOfAProcess) {
  make_folder(output_, false);
  EXPECT_FALSE(has_raw_trace(output_.folder, 0));
  write("app.hl.raw/12-1.raw");
  EXPECT_TRUE(has_raw_trace(output_.folder, 0));
  EXPECT_TRUE(has_raw_trace(output_.folder, 12));
  EXPECT_FALSE(has_raw_trace(output_.folder, 1));
  EXPECT_TRUE(remove_folder(output_.folder));
}

}  // namespace
}  // namespace heapledger::record
