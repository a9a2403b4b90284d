// Control options: what is understood, what is refused, and which variables carry it.
#include "../../../analyzer/record/controls.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "../../../analyzer/record/refusal.h"
#include "../../../trace/format.h"

namespace heapledger::record {
namespace {

/// Without variables of the test's own environment.
class ControlsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"HEAPLEDGER_GC", "HEAPLEDGER_SLOTS", "HEAPLEDGER_EVENTS"}) ::unsetenv(name);
  }
  void TearDown() override { SetUp(); }
};

std::string text_of(const Controls& controls) {
  std::string text;
  for (const auto& [name, value] : variables_of(controls)) text += name + "=" + value + ";";
  return text;
}

TEST_F(ControlsTest, VariablesCarryWhatWasGiven) {
  EXPECT_EQ(text_of(read_controls({}, {}, false)), "");
  EXPECT_EQ(text_of(read_controls({"threshold=1,2"}, {}, false)), "HEAPLEDGER_GC=threshold=1,2;");
  EXPECT_EQ(text_of(read_controls({"off"}, {"m:B=x+y", "p.q:f.<locals>.C=z"}, true)),
            "HEAPLEDGER_GC=off;HEAPLEDGER_SLOTS=m:B=x+y,p.q:f.<locals>.C=z;HEAPLEDGER_EVENTS=none;");
}

TEST_F(ControlsTest, VariablesOfTheEnvironmentMeanTheSame) {
  ::setenv("HEAPLEDGER_GC", "freeze", 1);
  ::setenv("HEAPLEDGER_EVENTS", "none", 1);
  EXPECT_EQ(text_of(read_controls({}, {}, false)), "HEAPLEDGER_GC=freeze;HEAPLEDGER_EVENTS=none;");
  EXPECT_EQ(text_of(read_controls({"freeze"}, {}, true)), "HEAPLEDGER_GC=freeze;HEAPLEDGER_EVENTS=none;");
  EXPECT_THROW((void)read_controls({"off"}, {}, false), BadUsage);
  ::setenv("HEAPLEDGER_EVENTS", "all", 1);
  EXPECT_EQ(text_of(read_controls({}, {}, false)), "HEAPLEDGER_GC=freeze;");
  EXPECT_THROW((void)read_controls({}, {}, true), BadUsage);
  ::setenv("HEAPLEDGER_EVENTS", "few", 1);
  EXPECT_THROW((void)read_controls({}, {}, false), BadUsage);
}

TEST_F(ControlsTest, ClassesAndTheirNames) {
  const auto classes = parse_slots("__main__:Outer.Inner=_a+b2+\xc3\xa9,pkg:C");
  ASSERT_EQ(classes.size(), 2u);
  EXPECT_EQ(classes[0].module, "__main__");
  EXPECT_EQ(classes[0].qualname, "Outer.Inner");
  EXPECT_EQ(classes[0].names, (std::vector<std::string>{"_a", "b2", "\xc3\xa9"}));
  EXPECT_TRUE(classes[1].names.empty());
  EXPECT_EQ(slots_value({classes[0]}), "__main__:Outer.Inner=_a+b2+\xc3\xa9");
  EXPECT_THROW((void)slots_value(classes), BadUsage) << "names are needed";
}

TEST_F(ControlsTest, WhatIsRefused) {
  for (const char* text : {",", "B", "B=a", ":B=a", "m:=a", "m:B=a,", "m:B=a,,m:C=b", "m:B=1", "m:B=a-b", "m:B=a++b", "m:B=+a",
                           "m:B=a+a", "m:B=a,m:B=b", ".m:B=a", "m..n:B=a", "m:B.=a", "m:<locals>x=a", "<locals>:B=a", "m:n:B=a"})
    EXPECT_THROW((void)slots_value(parse_slots(text)), BadUsage) << text;
  EXPECT_THROW((void)slots_value({{"m", "B", {std::string(trace::kMaxText, 'a')}}}), BadUsage);
  EXPECT_THROW((void)read_controls({"off", "off"}, {}, false), BadUsage);
  EXPECT_THROW((void)read_controls({""}, {}, false), BadUsage);
  EXPECT_THROW((void)read_controls({}, {""}, false), BadUsage);
  EXPECT_THROW((void)read_controls({}, {}, true), BadUsage);
}

}  // namespace
}  // namespace heapledger::record
