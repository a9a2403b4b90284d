// Arms from words, plans from files, and what is wrong with them.
#include "../../../analyzer/compare/plan.h"

#include <gtest/gtest.h>

#include <fstream>

#include "../../../analyzer/error.h"
#include "../../../analyzer/record/refusal.h"
#include "../../support/temp_folder.h"

namespace heapledger::compare {
namespace {

using Words = std::vector<std::string>;

TEST(Plan, ArmsFromWords) {
  EXPECT_EQ(parse_arm("on").name, "on");
  EXPECT_TRUE(parse_arm("on").command.empty());
  const Arm off =
      parse_arm("off=gc=off slots=m:A=x+y slots=m:B=z python=/usr/bin/python3 LANG=C env:mode=fast -- a=b c");
  EXPECT_EQ(off.name, "off");
  EXPECT_EQ(off.gc, "off");
  EXPECT_EQ(off.slots, (Words{"m:A=x+y", "m:B=z"}));
  EXPECT_EQ(off.python, "/usr/bin/python3");
  ASSERT_EQ(off.environment.size(), 2u);
  EXPECT_EQ(off.environment[0].name + "|" + off.environment[0].value, "LANG|C");
  EXPECT_EQ(off.environment[1].name + "|" + off.environment[1].value, "mode|fast");
  EXPECT_EQ(off.command, (Words{"a=b", "c"}));
  EXPECT_EQ(parse_arm("x=./sum --list=1").command, (Words{"./sum", "--list=1"}));
  EXPECT_EQ(parse_arm("x=A=1 ./sum").environment.size(), 1u);
}

TEST(Plan, WordsAreQuotedAsInAShell) {
  EXPECT_EQ(parse_arm(R"(x=sh -c 'a  "b"' "c \" d" e\ f '')").command,
            (Words{"sh", "-c", "a  \"b\"", "c \" d", "e f", ""}));
  EXPECT_EQ(parse_arm("x=a'b'\"c\"").command, (Words{"abc"}));
  EXPECT_THROW((void)parse_arm("x=sh 'a"), record::BadUsage);
}

TEST(Plan, BadWords) {
  for (const char* bad : {"", "=gc=off", "a b=gc=off", "a/b", "x=gcc=off", "x=gc=off colour=red -- ls"})
    EXPECT_THROW((void)parse_arm(bad), record::BadUsage) << bad;
}

Plan two_arms() {
  Plan plan;
  plan.arms = {parse_arm("a"), parse_arm("b=python=/opt/python9")};
  plan.command = {"python3", "app.py"};
  return plan;
}

TEST(Plan, IsCompleted) {
  Plan plan = two_arms();
  complete_plan(plan);
  EXPECT_EQ(plan.arms[0].command, (Words{"python3", "app.py"}));
  EXPECT_EQ(plan.arms[1].command, (Words{"/opt/python9", "app.py"}));
  EXPECT_FALSE(plan.metrics.empty());
}

TEST(Plan, IsRefused) {
  Plan one = two_arms();
  one.arms.pop_back();
  EXPECT_THROW(complete_plan(one), record::BadUsage);
  Plan twins = two_arms();
  twins.arms[1].name = "a";
  EXPECT_THROW(complete_plan(twins), record::BadUsage);
  Plan bare = two_arms();
  bare.command.clear();
  EXPECT_THROW(complete_plan(bare), record::BadUsage);
  Plan native = two_arms();
  native.command = {"ls"};
  EXPECT_THROW(complete_plan(native), record::BadUsage);
  Plan learns = two_arms();
  learns.arms[0].slots_from = "x.hl";
  EXPECT_THROW(complete_plan(learns), record::BadUsage);
  Plan plan = two_arms();
  EXPECT_THROW(set_baseline(plan, "c"), record::BadUsage);
  set_baseline(plan, "b");
  EXPECT_EQ(plan.baseline, 1u);
}

TEST(Plan, TimesAndShares) {
  EXPECT_EQ(parse_duration("90"), 90'000'000'000u);
  EXPECT_EQ(parse_duration("1.5min"), 90'000'000'000u);
  EXPECT_EQ(parse_duration("20ms"), 20'000'000u);
  EXPECT_EQ(parse_duration("2h"), 7'200'000'000'000u);
  for (const char* bad : {"", "x", "-1s", "0", "1d", "1e300h", "nan", "1 s"})
    EXPECT_FALSE(parse_duration(bad)) << bad;
  EXPECT_DOUBLE_EQ(*parse_share("5%"), 0.05);
  EXPECT_DOUBLE_EQ(*parse_share("0.05"), 0.05);
  EXPECT_DOUBLE_EQ(*parse_share("0"), 0.0);
  for (const char* bad : {"", "%", "-1%", "101%", "5 %", "inf", "nan"}) EXPECT_FALSE(parse_share(bad)) << bad;
}

class PlanFile : public testing::Test {
 protected:
  std::string write(const std::string& text) {
    const std::string path = folder_ / "x.toml";
    std::ofstream(path) << text;
    return path;
  }
  /// What a reader says about a text, without the folder.
  std::string complaint(const std::string& text) {
    Plan plan;
    const std::string path = write(text);
    try {
      read_plan(path, plan);
    } catch (const FileError& e) {
      return std::string(e.what()).substr(path.size() - 6);
    }
    return "";
  }
  support::TempFolder folder_;
};

TEST_F(PlanFile, EveryKey) {
  Plan plan;
  read_plan(write(R"(
command = ["python3", "app.py"]
baseline = "off"
metrics = ["wall", "class_bytes:shop.Book"]
rounds = 7
most-rounds = 20
warm-ups = 2
recordings = 3
seed = 42
timeout = "10min"
same-output = true
fixed-addresses = false
hash-seed = "random"
[thresholds]
time = "2%"
memory = "0.5%"
count = "0"
[[arm]]
name = "on"
env = { A = "1" }
[[arm]]
name = "off"
command = ["python3", "other.py"]
python = "python3.13"
allocator = "jemalloc"
directory = "/tmp"
gc = "off"
slots = ["m:A=x"]
slots-from = "x.hl"
)"),
            plan);
  EXPECT_EQ(plan.command, (Words{"python3", "app.py"}));
  EXPECT_EQ(plan.baseline, 1u);
  ASSERT_EQ(plan.metrics.size(), 2u);
  EXPECT_EQ(plan.metrics[1].name(), "class_bytes:shop.Book");
  EXPECT_EQ(plan.rounds, 7u);
  EXPECT_EQ(plan.most_rounds, 20u);
  EXPECT_EQ(plan.warm_ups, 2u);
  EXPECT_EQ(plan.recordings, 3u);
  EXPECT_EQ(plan.seed, 42u);
  EXPECT_EQ(plan.timeout_ns, 600'000'000'000u);
  EXPECT_TRUE(plan.same_output);
  EXPECT_FALSE(plan.fixed_addresses);
  EXPECT_EQ(plan.hash_seed, "random");
  EXPECT_DOUBLE_EQ(plan.thresholds.time, 0.02);
  EXPECT_DOUBLE_EQ(plan.thresholds.memory, 0.005);
  EXPECT_DOUBLE_EQ(plan.thresholds.count, 0);
  ASSERT_EQ(plan.arms.size(), 2u);
  EXPECT_EQ(plan.arms[0].environment.front().name, "A");
  const Arm& off = plan.arms[1];
  EXPECT_EQ(off.python + off.allocator + off.directory + off.gc + off.slots.front() + off.slots_from,
            "python3.13jemalloc/tmpoffm:A=xx.hl");
}

TEST_F(PlanFile, MistakesHaveLineAndKey) {
  EXPECT_EQ(complaint("rounds = 3\nrouns = 4\n").substr(0, 17), "x.toml:2: rouns: ");
  EXPECT_EQ(complaint("rounds = \"3\"\n").substr(0, 18), "x.toml:1: rounds: ");
  EXPECT_EQ(complaint("\nrounds = 0\n").substr(0, 18), "x.toml:2: rounds: ");
  EXPECT_EQ(complaint("[[arm]]\nname = \"a\"\ngcc = \"off\"\n").substr(0, 19), "x.toml:3: arm.gcc: ");
  EXPECT_EQ(complaint("[[arm]]\ngc = \"off\"\n").substr(0, 20), "x.toml:1: arm.name: ");
  EXPECT_EQ(complaint("[[arm]]\nname = \"a\"\nenv = { A = 1 }\n").substr(0, 21), "x.toml:3: arm.env.A: ");
  EXPECT_EQ(complaint("arm = 3\n").substr(0, 15), "x.toml:1: arm: ");
  EXPECT_EQ(complaint("metrics = [\n\"wall\",\n\"wal\"]\n").substr(0, 19), "x.toml:1: metrics: ");
  EXPECT_EQ(complaint("timeout = \"soon\"\n").substr(0, 19), "x.toml:1: timeout: ");
  EXPECT_EQ(complaint("[thresholds]\ntime = 5\n").substr(0, 27), "x.toml:2: thresholds.time: ");
  EXPECT_EQ(complaint("command = [1]\n").substr(0, 19), "x.toml:1: command: ");
  EXPECT_EQ(complaint("same-output = 1\n").substr(0, 23), "x.toml:1: same-output: ");
  EXPECT_EQ(complaint("a = \n").substr(0, 9), "x.toml:1:");
  Plan plan;
  EXPECT_THROW(read_plan(folder_ / "none.toml", plan), FileError);
  EXPECT_THROW(read_plan(write("baseline = \"x\"\n"), plan), record::BadUsage);
}

TEST(Metrics, Words) {
  EXPECT_EQ(parse_metric("wall").title(), "elapsed time");
  EXPECT_EQ(parse_metric("class_instances:a.B").title(), "instances of a.B at the peak");
  for (const char* bad : {"", "wal", "wall:x", "class_bytes", "class_bytes:"})
    EXPECT_THROW((void)parse_metric(bad), record::BadUsage) << bad;
  for (const MetricKind& kind : metric_kinds()) EXPECT_FALSE(kind.title.empty());
}

}  // namespace
}  // namespace heapledger::compare
