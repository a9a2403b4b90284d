// Findings from results that were made by hand; and the same results through a file.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>

#include "../../../analyzer/compare/results_file.h"
#include "../../../analyzer/error.h"
#include "../../support/temp_folder.h"

namespace heapledger::compare {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

Plan make_plan(std::initializer_list<const char*> metrics) {
  Plan plan;
  plan.arms = {parse_arm("a"), parse_arm("b"), parse_arm("c=LANG=C")};
  plan.command = {"true"};
  for (const char* metric : metrics) plan.metrics.push_back(parse_metric(metric));
  complete_plan(plan);
  return plan;
}

/// Round i: the baseline 1 % up or down, b `factor` times as long, c like a.
Results make_results(const Plan& plan, std::size_t rounds, double factor) {
  Results results;
  results.seed = 7;
  for (const Arm& arm : plan.arms) results.arms.push_back({arm.name, arm.command, "", {}, {}, ""});
  for (std::size_t i = 0; i < rounds; ++i) {
    Round round;
    round.order = {0, 1, 2};
    const double base = 1 + 0.01 * std::sin(static_cast<double>(i));
    const double wobble = 1 + 0.0001 * std::cos(7.0 * static_cast<double>(i));
    for (const double value : {base, base * factor * wobble, base / wobble}) {
      Run run;
      run.values.assign(plan.metrics.size(), value);
      run.ending.wall_ns = static_cast<std::uint64_t>(value * 1e9);
      run.ending.involuntary_switches = i == 2 ? 500 : 3;
      run.ending.all_ticks = 100;
      round.runs.push_back(run);
    }
    results.rounds.push_back(round);
  }
  return results;
}

const Finding& finding(const Analysis& analysis, std::size_t arm, std::size_t metric = 0) {
  for (const Finding& f : analysis.findings)
    if (f.arm == arm && f.metric == metric) return f;
  throw std::runtime_error("no such finding");
}

TEST(Analysis, RoundsAreTested) {
  const Plan plan = make_plan({"wall"});
  const Analysis analysis = analyse(plan, make_results(plan, 10, 1.2));
  EXPECT_EQ(analysis.findings.size(), 2u);
  const Finding& b = finding(analysis, 1);
  EXPECT_EQ(b.basis, Basis::tested);
  EXPECT_EQ(b.comparison.verdict, Verdict::changed);
  EXPECT_NEAR(relative_change(b.comparison.estimate), 0.2, 0.001);
  EXPECT_EQ(finding(analysis, 2).comparison.verdict, Verdict::no_change);
  EXPECT_TRUE(analysis.enough);
  EXPECT_EQ(analysis.noisy_rounds, (std::vector<std::size_t>{2}));
  EXPECT_FALSE(b.depends_on_noise);
}

TEST(Analysis, AsksForMoreRoundsWhileInconclusive) {
  Plan plan = make_plan({"wall"});
  Results results = make_results(plan, 10, 1.0);
  for (std::size_t i = 0; i < 10; ++i) results.rounds[i].runs[1].values[0] *= i % 2 == 0 ? 1.3 : 0.8;
  EXPECT_FALSE(analyse(plan, results).enough);
  EXPECT_EQ(analyse(plan, results).run_to, 20u);
  plan.most_rounds = 15;
  EXPECT_EQ(analyse(plan, results).run_to, 15u);
  plan.rounds = 10;
  EXPECT_TRUE(analyse(plan, results).enough);
  EXPECT_EQ(first_look(plan), 10u);
}

TEST(Analysis, CountsThatAgreeAreExact) {
  const Plan plan = make_plan({"allocations", "collections", "peak_bytes", "end_bytes"});
  Results results = make_results(plan, 0, 1);
  results.arms[0].recordings = {{1000, 5, 100, 10}, {1000, 5, 200, kNone}};
  results.arms[1].recordings = {{1001, 0, 150, 10}, {1003, 0, 150, 10}, {1001, 0, 150, 10}};
  const Analysis analysis = analyse(plan, results);
  const Finding& allocations = finding(analysis, 1, 0);
  EXPECT_EQ(allocations.basis, Basis::exact);
  EXPECT_EQ(allocations.value, 1001);
  EXPECT_EQ(allocations.comparison.verdict, Verdict::no_change);  // a tenth of a percent
  EXPECT_TRUE(allocations.comparison.small);
  EXPECT_EQ(finding(analysis, 1, 1).comparison.verdict, Verdict::changed);
  EXPECT_EQ(finding(analysis, 1, 1).comparison.estimate, -5);
  EXPECT_EQ(finding(analysis, 1, 2).basis, Basis::varies);
  EXPECT_EQ(finding(analysis, 1, 2).baseline_low, 100);
  EXPECT_EQ(finding(analysis, 1, 2).baseline_high, 200);
  EXPECT_EQ(finding(analysis, 1, 3).basis, Basis::missing);
  EXPECT_EQ(finding(analysis, 2, 0).basis, Basis::missing);  // never recorded
}

TEST(Analysis, RecordingsThatDisagreeAreTestedWhenTheyAreMany) {
  const Plan plan = make_plan({"allocations"});
  Results results = make_results(plan, 0, 1);
  for (int i = 0; i < 8; ++i) {
    results.arms[0].recordings.push_back({1000.0 + i});
    results.arms[1].recordings.push_back({1500.0 - i});
  }
  const Finding f = finding(analyse(plan, results), 1);
  EXPECT_EQ(f.basis, Basis::tested);
  EXPECT_EQ(f.comparison.verdict, Verdict::changed);
}

TEST(Analysis, FailedArmsAreNotCompared) {
  const Plan plan = make_plan({"wall"});
  Results results = make_results(plan, 10, 1.2);
  results.arms[1].failure = Failure{"exit status 1", ""};
  EXPECT_EQ(finding(analyse(plan, results), 1).basis, Basis::missing);
  EXPECT_EQ(finding(analyse(plan, results), 2).basis, Basis::tested);
  results.arms[0].failure = Failure{"exit status 1", ""};
  EXPECT_EQ(finding(analyse(plan, results), 2).basis, Basis::missing);
}

// ---------------------------------------------------------------------------------------------------- files

class ResultsFile : public testing::Test {
 protected:
  ResultsFile() : plan_(make_plan({"wall", "allocations"})), results_(make_results(plan_, 3, 1.2)) {
    for (ArmResult& arm : results_.arms) arm.recordings = {{kNone, 1234}};
    results_.arms[1].evidence = Evidence{{1, 2, 3, 4, 5},
                                         {6, 7, 8, 9, 10},
                                         11,
                                         {{"Thing", "", 0, 12, 13}},
                                         {},
                                         {{"f", "x.py", 14, 15, 16}},
                                         {}};
    results_.arms[1].ledger = folder_ / "of_b.hl";
    results_.arms[2].failure = Failure{"exit status 1", "bad \xff luck"};
  }
  std::string write() {
    const std::string path = folder_ / "x.json";
    replace_file(path, to_json(plan_, results_, analyse(plan_, results_), {"0.1", true}));
    return path;
  }
  Plan plan_;
  Results results_;
  support::TempFolder folder_;
};

TEST_F(ResultsFile, ComesBack) {
  const auto back = read_results(write(), plan_);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->seed, 7u);
  ASSERT_EQ(back->rounds.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t arm = 0; arm < 3; ++arm) {
      EXPECT_EQ(back->rounds[i].runs[arm].values[0], results_.rounds[i].runs[arm].values[0]);
      EXPECT_EQ(back->rounds[i].runs[arm].ending.wall_ns, results_.rounds[i].runs[arm].ending.wall_ns);
      EXPECT_EQ(back->rounds[i].runs[arm].ending.involuntary_switches,
                results_.rounds[i].runs[arm].ending.involuntary_switches);
    }
  ASSERT_EQ(back->arms[0].recordings.size(), 1u);
  EXPECT_EQ(back->arms[0].recordings[0][1], 1234);
  EXPECT_TRUE(std::isnan(back->arms[0].recordings[0][0]));
  ASSERT_TRUE(back->arms[2].failure);
  EXPECT_EQ(back->arms[2].failure->what, "exit status 1");
  EXPECT_FALSE(back->arms[0].failure);
}

TEST_F(ResultsFile, EvidenceComesBack) {
  std::ofstream(results_.arms[1].ledger) << "a ledger";
  auto back = read_results(write(), plan_);
  EXPECT_FALSE(back->arms[0].evidence);
  ASSERT_TRUE(back->arms[1].evidence);
  const Evidence &was = *results_.arms[1].evidence, &is = *back->arms[1].evidence;
  EXPECT_EQ(is.before, was.before);
  EXPECT_EQ(is.after, was.after);
  EXPECT_EQ(is.allocations, was.allocations);
  EXPECT_EQ(is.classes_at_peak, was.classes_at_peak);
  EXPECT_EQ(is.lines_at_peak, was.lines_at_peak);
  EXPECT_EQ(is.lines_at_end, was.lines_at_end);
  EXPECT_EQ(is.lines_by_count, was.lines_by_count);
  EXPECT_EQ(back->arms[1].ledger, results_.arms[1].ledger);
  std::filesystem::remove(results_.arms[1].ledger);
  EXPECT_EQ(read_results(write(), plan_)->arms[1].ledger, "");
}

TEST_F(ResultsFile, OfAnotherPlanIsRefused) {
  const std::string path = write();
  Plan other = plan_;
  other.arms[2].gc = "off";
  EXPECT_THROW((void)read_results(path, other), FileError);
  other = plan_;
  other.metrics.pop_back();
  EXPECT_THROW((void)read_results(path, other), FileError);
  EXPECT_FALSE(read_results(folder_ / "none.json", plan_));
}

TEST_F(ResultsFile, CutAnywhereIsRefused) {
  const std::string path = write();
  std::ifstream file(path);
  const std::string whole((std::istreambuf_iterator<char>(file)), {});
  for (std::size_t size = 0; size + 2 < whole.size(); size += 37) {
    replace_file(path, whole.substr(0, size));
    EXPECT_THROW((void)read_results(path, plan_), FileError) << size;
  }
  replace_file(path, "[]");
  EXPECT_THROW((void)read_results(path, plan_), FileError);
  replace_file(path, "{\"schema\": 3}");
  EXPECT_THROW((void)read_results(path, plan_), FileError);
}

TEST_F(ResultsFile, CannotBeWritten) { EXPECT_THROW(replace_file("/nonexistent/x.json", ""), FileError); }

}  // namespace
}  // namespace heapledger::compare
