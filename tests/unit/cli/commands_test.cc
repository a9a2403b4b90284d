// report, dump and the findings as commands, on a known ledger.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>

#include "../../../analyzer/cli/command.h"
#include "../../../analyzer/cli/findings.h"
#include "sample_ledger.h"

namespace heapledger::cli {
namespace {

using nlohmann::json;
using testing::Sample;
using testing::TempFolder;

constexpr Command kCommands[] = {
    {"report", "", report_command},
    {"dump", "", dump_command},
    {"pack", "", pack_command},
};

struct Outcome {
  int status = 0;
  std::string out, err;
};

Outcome run(std::vector<std::string> words) {
  std::vector<char*> argv{const_cast<char*>("heapledger")};
  for (std::string& word : words) argv.push_back(word.data());
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  Outcome o;
  o.status = dispatch(kCommands, static_cast<int>(argv.size()), argv.data());
  o.out = ::testing::internal::GetCapturedStdout();
  o.err = ::testing::internal::GetCapturedStderr();
  return o;
}

class Commands : public ::testing::Test {
 protected:
  Commands() : path_(folder_ / "app.hl") { Sample(path_, {.child = true}); }

  std::vector<json> dump(std::vector<std::string> options) {
    options.insert(options.begin(), {"dump", path_, "--json"});
    const Outcome o = run(options);
    EXPECT_EQ(o.status, 0) << o.err;
    std::vector<json> lines;
    std::istringstream in(o.out);
    for (std::string line; std::getline(in, line);) lines.push_back(json::parse(line));
    return lines;
  }

  TempFolder folder_;
  std::string path_;
};

TEST_F(Commands, ReportOptionsReachTheReport) {
  const json all = json::parse(run({"report", path_, "--json"}).out);
  EXPECT_EQ(all["groups"]["by"], "line");
  EXPECT_EQ(all["groups"]["count"], all["groups"]["entries"].size());
  const json some = json::parse(run({"report", path_, "--json", "--by", "count", "--group", "file", "--top",
                                     "1", "--pid", "2", "--tree", "--from", "0.5s", "--to", "2500ms"})
                                    .out);
  EXPECT_EQ(some["groups"]["by"], "file");
  EXPECT_EQ(some["groups"]["sorted_by"], "count");
  EXPECT_EQ(some["groups"]["entries"].size(), 1u);
  EXPECT_EQ(some["processes"].size(), 1u);
  EXPECT_EQ(some["trees"][0]["direction"], "callers");
  EXPECT_EQ(some["filter"]["from_us"], 500'000);
  EXPECT_EQ(some["filter"]["to_us"], 2'500'000);
  EXPECT_EQ(some["filter"]["conditions"], (json{"--pid 2", "--from 0.5s", "--to 2500ms"}));
  EXPECT_EQ(some["totals"]["allocations"], 10);
}

TEST_F(Commands, ReportWithOneFigureShowsOneList) {
  const Outcome o = run({"report", path_, "--by", "end", "--no-source"});
  EXPECT_NE(o.out.find("Not freed at the end, by line"), std::string::npos);
  EXPECT_EQ(o.out.find("Held at the peak"), std::string::npos);
  EXPECT_EQ(o.out.find("return [json"), std::string::npos);
}

TEST_F(Commands, BadInputIsOneLineAndStatusTwo) {
  const std::string text = folder_ / "text.txt";
  ledger::testing::write_bytes(text, "hello");
  const std::string empty = folder_ / "empty.hl";
  ledger::testing::write_bytes(empty, "");
  for (const auto& words :
       std::vector<std::vector<std::string>>{{"report", folder_ / "absent.hl"},
                                             {"report", text},
                                             {"dump", text},
                                             {"report", empty},
                                             {"report", path_, "--pid", "77"},
                                             {"report", path_, "--thread", "nobody"},
                                             {"report", path_, "--account", "bank"},
                                             {"report", path_, "--from", "soon"},
                                             {"report", path_, "--from", "2s", "--to", "1s"},
                                             {"pack", text},
                                             {"pack", text, "-o", path_},
                                             {"pack", text, "-o", folder_ / "new.hl"}}) {
    const Outcome o = run(words);
    EXPECT_EQ(o.status, 2) << words[1];
    EXPECT_TRUE(o.err.starts_with("heapledger: error: ")) << o.err;
    EXPECT_EQ(std::count(o.err.begin(), o.err.end(), '\n'), 1) << o.err;
    EXPECT_EQ(o.out, "");
  }
}

TEST_F(Commands, DumpShowsEveryBlockOfEveryAccount) {
  const auto blocks = dump({});
  EXPECT_EQ(blocks.size(), 4u + 1 + 100 + 500 + 1 + 20 + 3 + 10);
  std::uint64_t bytes = 0;
  for (const json& b : blocks) bytes += b["account"] == "backing" ? 0 : b["size"].get<std::uint64_t>();
  EXPECT_EQ(bytes, 64u + 1000 + 1024 + 102'400 + 150'000 + (1 << 20) + 40'960 + 384 + 40'960);
}

TEST_F(Commands, DumpFiltersAndStops) {
  EXPECT_EQ(dump({"--pid", "102"}).size(), 10u);
  EXPECT_EQ(dump({"--account", "mapping"}).size(), 1u);
  EXPECT_EQ(dump({"--limit", "7"}).size(), 7u);
  EXPECT_EQ(dump({"--thread", "worker"}).size(), 20u);
  EXPECT_EQ(dump({"--file", "decoder.py", "--account", "native"}).size(), 0u);
  const auto block = dump({"--account", "mapping"}).front();
  EXPECT_EQ(block["time_us"], 2'000'000);
  EXPECT_EQ(block["call"], "mmap");
  EXPECT_EQ(block["frames"][0]["line"], 12);
  EXPECT_EQ(block["frames"][1]["function"], "<module>");
}

TEST_F(Commands, DumpOfEventsIsInOrderAndEveryDeathFollowsItsBirth) {
  const auto events = dump({"--events", "--pid", "100"});
  EXPECT_EQ(events.size(), 629u + 581);
  std::vector<std::uint64_t> alive;
  std::uint64_t position = 0;
  for (const json& e : events) {
    const auto row = e["row"].get<std::uint64_t>();
    const bool birth = e["what"] == "birth";
    const std::uint64_t now = birth ? row : e["end"].get<std::uint64_t>();
    EXPECT_GE(now, position);
    position = now;
    if (birth) {
      alive.push_back(row);
    } else {
      EXPECT_EQ(std::erase(alive, row), 1u);
    }
  }
  EXPECT_EQ(alive.size(), 48u);
}

TEST_F(Commands, DumpAsTextHasAHeadingAndOneLineABlock) {
  const Outcome o = run({"dump", path_, "--limit", "3"});
  EXPECT_EQ(std::count(o.out.begin(), o.out.end(), '\n'), 4);
  EXPECT_NE(o.out.find("where"), std::string::npos);
}

TEST_F(Commands, FindingsAreThreeLines) {
  const ledger::Reader reader(path_);
  EXPECT_EQ(findings(reader),
            "peak       1.1 MiB at 2.000 s, most of it held by app.py:12 main (1.0 MiB, 87.8%)\n"
            "not freed  82.4 KiB in 57 blocks, most of it from app.py:3 load (80.0 KiB, 97.1%)\n"
            "temporary  521 of 638 allocations (81.7%), most of them from python3.11/json/decoder.py:337 "
            "JSONDecoder.decode (500, 96.0%)\n");
}

TEST(Findings, NothingRecorded) {
  const TempFolder folder;
  ledger::Writer(folder / "e.hl").finish({});
  EXPECT_EQ(findings(ledger::Reader(folder / "e.hl")), "");
}

}  // namespace
}  // namespace heapledger::cli
