// The texts of HEAPLEDGER_GC and HEAPLEDGER_SLOTS, as both sides take them apart.
#include "../../../trace/controls.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace heapledger::trace {
namespace {

using What = GcControl::What;

TEST(GcControl, WhatItSays) {
  EXPECT_EQ(parse_gc("").what, What::none);
  EXPECT_EQ(parse_gc("off").what, What::off);
  EXPECT_EQ(parse_gc("freeze").what, What::freeze);
  const auto thresholds = [](std::string_view text) {
    const GcControl c = parse_gc(text);
    EXPECT_EQ(c.what, What::threshold) << text;
    return std::vector<int>(c.thresholds, c.thresholds + c.count);
  };
  EXPECT_EQ(thresholds("threshold=0"), (std::vector{0}));
  EXPECT_EQ(thresholds("threshold=700,10"), (std::vector{700, 10}));
  EXPECT_EQ(thresholds("threshold=2147483647,0,0007"), (std::vector{2147483647, 0, 7}));
}

TEST(GcControl, WhatIsNotUnderstood) {
  for (const char* text : {"Off", " off", "off ", "on", "threshold", "threshold=", "threshold=,", "threshold=1,", "threshold=,1",
                           "threshold=1,,2", "threshold=1,2,3,", "threshold=1,2,3,4", "threshold=+1", "threshold=1x",
                           "threshold=2147483648", "threshold=99999999999999999999", "threshold=1 ", "thresholds=1"})
    EXPECT_EQ(parse_gc(text).what, What::unknown) << text;
}

TEST(SlotsControl, PartsOfEachClass) {
  std::string_view rest = "m:B=x+y,pkg.mod:f.<locals>.C=z,m:D,E,:=,";
  std::vector<std::string> found;
  while (!rest.empty()) {
    const SlotsControl c = take_slots(rest);
    found.push_back(std::string(c.subject) + "|" + std::string(c.module) + "|" + std::string(c.qualname) + "|" +
                    std::string(c.names) + (c.is_whole() ? "|whole" : ""));
  }
  EXPECT_EQ(found, (std::vector<std::string>{"m:B|m|B|x+y|whole", "pkg.mod:f.<locals>.C|pkg.mod|f.<locals>.C|z|whole",
                                             "m:D|m|D|", "E|E||", ":|||"}));
}

TEST(SlotsControl, PartsOfAnyTextEnd) {
  for (const char* text : {",", ",,", "=", ":", "a=,", "a:b=+"}) {
    std::string_view rest = text;
    int steps = 0;
    for (; !rest.empty() && steps < 10; ++steps) (void)take_slots(rest);
    EXPECT_LE(steps, 2) << text;
  }
  std::string_view names = "a+b";
  EXPECT_EQ(take_part(names, '+'), "a");
  EXPECT_EQ(take_part(names, '+'), "b");
  EXPECT_TRUE(names.empty());
}

}  // namespace
}  // namespace heapledger::trace
