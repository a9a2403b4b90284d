// Text and JSON of a known ledger: golden files, figures, the documented keys.
// HEAPLEDGER_UPDATE_GOLDEN=1 writes the golden files anew; read their differences before you commit them.
#include "../../../analyzer/cli/report.h"

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "sample_ledger.h"

namespace heapledger::cli {
namespace {

using nlohmann::json;
using query::GroupBy;
using query::Metric;
using testing::Sample;
using testing::SampleShape;
using testing::TempFolder;

/// A written sample, profiled.
struct Case {
  explicit Case(const SampleShape& shape = {}, ReportRequest wish = {})
      : request(std::move(wish)),
        sample(folder / "app.hl", shape),
        reader(folder / "app.hl"),
        slots(reader),
        profile(query::profile(reader, slots, request.question, {})) {
    request.ledger = "app.hl";
    if (request.metrics.empty()) {
      request.metrics = {Metric::peak, Metric::end, Metric::allocated, Metric::count, Metric::temporary};
    }
  }
  [[nodiscard]] std::string text(std::size_t width = 100) const {
    return report_text({reader, slots, profile, request}, {false, false, width});
  }
  [[nodiscard]] json parsed() const { return json::parse(report_json({reader, slots, profile, request})); }

  ReportRequest request;
  TempFolder folder;
  Sample sample;
  ledger::Reader reader;
  query::Slots slots;
  query::Profile profile;
};

void expect_golden(const std::string& name, const std::string& text) {
  const std::string path = std::string{HEAPLEDGER_SOURCE} + "/tests/golden/report/" + name;
  if (std::getenv("HEAPLEDGER_UPDATE_GOLDEN") != nullptr) ledger::testing::write_bytes(path, text);
  EXPECT_EQ(text, ledger::testing::read_bytes(path)) << "golden file " << path;
}

ReportRequest wish(Metric metric, GroupBy by) {
  ReportRequest request;
  request.metrics = {metric};
  request.by = by;
  request.overview = false;
  return request;
}

TEST(ReportText, Overview) { expect_golden("overview.txt", Case({}, {.top = 5}).text()); }
TEST(ReportText, NarrowTerminal) { expect_golden("narrow.txt", Case({}, {.top = 2}).text(70)); }
TEST(ReportText, ProcessesAndLosses) {
  expect_golden("processes.txt", Case({.child = true}, {.top = 5}).text());
}

TEST(ReportText, EveryGrouping) {
  std::string text;
  for (const GroupBy by : {GroupBy::line, GroupBy::function, GroupBy::file, GroupBy::stack, GroupBy::account,
                           GroupBy::thread, GroupBy::process}) {
    const Case c({.child = true}, wish(Metric::allocated, by));
    Places places(c.reader);
    text += list_text({c.reader, c.slots, c.profile, c.request}, {}, Metric::allocated, places);
  }
  expect_golden("groupings.txt", text);
}

TEST(ReportText, Trees) {
  ReportRequest request = wish(Metric::peak, GroupBy::line);
  request.callers = request.calls = true;
  expect_golden("trees.txt", Case({}, request).text());
}

TEST(ReportText, FilteredAtATime) {
  ReportRequest request = wish(Metric::peak, GroupBy::line);
  request.question.at_us = 1'000'000;
  request.question.filter.files = {"app.py"};
  request.conditions = {"--file app.py"};
  expect_golden("filtered.txt", Case({}, request).text());
}

TEST(ReportText, ColourOnlyWhenWanted) {
  const Case c;
  const ReportInput input{c.reader, c.slots, c.profile, c.request};
  EXPECT_EQ(c.text().find('\033'), std::string::npos);
  const std::string coloured = report_text(input, {true, false, 100});
  EXPECT_NE(coloured.find("\033[1m"), std::string::npos);
  std::string stripped;
  for (std::size_t i = 0; i < coloured.size(); ++i) {
    if (coloured[i] == '\033') {
      i = coloured.find('m', i);
    } else {
      stripped += coloured[i];
    }
  }
  EXPECT_EQ(stripped, c.text());
}

TEST(ReportText, SourceThatChangedAfterTheRecordingIsNotShown) {
  EXPECT_NE(Case().text().find("PAGE = mmap.mmap(-1, 1 << 20)"), std::string::npos);
  EXPECT_EQ(Case({.realtime_s = 1'000'000'000}).text().find("mmap.mmap"), std::string::npos);
}

TEST(ReportText, SourceIsLeftOutOnRequest) {
  ReportRequest request;
  request.source = false;
  EXPECT_EQ(Case({}, request).text().find("mmap.mmap"), std::string::npos);
}

TEST(ReportText, NamesFromTheProgramCannotCommandTheTerminal) {
  EXPECT_EQ(Case({.child = true}).text().find('\033'), std::string::npos);
}

/// Names in the first column of the tables of docs/report-json.md under a heading.
std::set<std::string> documented_keys(const std::string& heading) {
  std::ifstream in(std::string{HEAPLEDGER_SOURCE} + "/docs/report-json.md");
  std::set<std::string> keys;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("#")) inside = line == heading;
    if (inside && line.starts_with("| `")) keys.insert(line.substr(3, line.find('`', 3) - 3));
  }
  EXPECT_FALSE(keys.empty()) << heading;
  return keys;
}

void expect_documented(const json& object, const std::string& heading) {
  std::set<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.insert(key);
  EXPECT_EQ(keys, documented_keys(heading)) << heading;
}

TEST(ReportJson, KeysAreTheDocumentedOnes) {
  ReportRequest request;
  request.callers = request.calls = true;
  const json report = Case({.child = true}, request).parsed();
  EXPECT_EQ(report["schema"], "heapledger-report/1");
  expect_documented(report, "## The object");
  expect_documented(report["filter"], "## filter");
  expect_documented(report["session"], "## session");
  expect_documented(report["moment"], "## moment");
  expect_documented(report["totals"], "## Sums");
  for (const json& warning : report["warnings"]) expect_documented(warning, "## warnings");
  for (const json& account : report["accounts"]) expect_documented(account, "## accounts");
  for (const json& process : report["processes"]) {
    expect_documented(process, "## processes");
    for (const json& control : process["controls"]) expect_documented(control, "## controls of a process");
    for (const json& thread : process["threads"]) expect_documented(thread, "## threads of a process");
  }
  expect_documented(report["groups"], "## groups");
  for (const json& entry : report["groups"]["entries"]) expect_documented(entry, "## Entries of groups");
  ASSERT_EQ(report["trees"].size(), 2u);
  for (const json& tree : report["trees"]) {
    expect_documented(tree, "## trees");
    for (const json& branch : tree["branches"]) expect_documented(branch, "## Branches of trees");
  }
}

TEST(ReportJson, FiguresAreThoseOfTheLedger) {
  const json report = Case().parsed();
  EXPECT_EQ(report["moment"]["bytes"], testing::kPeakBytes);
  EXPECT_EQ(report["moment"]["time_us"], 2'000'000);
  EXPECT_EQ(report["totals"]["peak_bytes"], testing::kPeakBytes);
  EXPECT_EQ(report["totals"]["peak_blocks"], 105);
  EXPECT_EQ(report["totals"]["allocations"], 4 + 100 + 500 + 1 + 20 + 3);
  EXPECT_EQ(report["totals"]["frees"], 500 + 1 + 20 + 60);
  EXPECT_EQ(report["totals"]["end_bytes"], 64 + 1000 + 1024 + 40 * 1024 + 3 * 128);
  EXPECT_EQ(report["totals"]["end_blocks"], 4 + 40 + 3);
  EXPECT_EQ(report["totals"]["allocated_bytes"],
            64 + 1000 + 1024 + 102'400 + 150'000 + (1 << 20) + 40'960 + 384);
  EXPECT_EQ(report["totals"]["temporary_allocations"], 500 + 1 + 20);
  EXPECT_TRUE(report["complete"]);
  EXPECT_EQ(report["session"]["command"], (json{"python3", "app.py", "--name", "it's"}));
  EXPECT_EQ(report["processes"][0]["resident_bytes"], 10'485'760);
  EXPECT_EQ(report["processes"][0]["threads"][1]["sums"]["allocations"], 20);
}

TEST(ReportJson, ProcessesTogether) {
  const json report = Case({.child = true}).parsed();
  EXPECT_EQ(report["moment"]["bytes"], testing::kPeakBytes + 40'960);
  EXPECT_FALSE(report["complete"]);
  EXPECT_EQ(report["warnings"][0]["pid"], 102);
  EXPECT_TRUE(report["warnings"][0]["incomplete"]);
  EXPECT_EQ(report["processes"][1]["start_us"], 1'000'000);
  EXPECT_EQ(report["processes"][1]["own_peak_bytes"], 40'960);
}

TEST(ReportJson, EveryGroupingAddsUpToTheTotals) {
  for (const GroupBy by : {GroupBy::line, GroupBy::function, GroupBy::file, GroupBy::stack, GroupBy::account,
                           GroupBy::thread, GroupBy::process}) {
    const json report = Case({.child = true}, wish(Metric::count, by)).parsed();
    for (const auto& [key, total] : report["totals"].items()) {
      std::uint64_t sum = 0;
      for (const json& entry : report["groups"]["entries"]) sum += entry["sums"][key].get<std::uint64_t>();
      EXPECT_EQ(sum, total) << group_name(by) << " " << key;
    }
  }
}

TEST(ReportJson, BytesThatAreNotUtf8AreReplaced) {
  ReportRequest request;
  request.conditions = {"--function \xff"};
  const json report = Case({}, request).parsed();
  EXPECT_EQ(report["filter"]["conditions"][0], "--function \xef\xbf\xbd");
}

}  // namespace
}  // namespace heapledger::cli
