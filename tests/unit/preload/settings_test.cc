// Variables of the environment as the shim reads them, also before libc has them.
#include "../../../preload/settings.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace heapledger {
namespace {

/// Reads these entries instead of the process's environment.
const Settings& read(std::vector<std::string> entries) {
  std::vector<char*> pointers;
  for (std::string& entry : entries) pointers.push_back(entry.data());
  pointers.push_back(nullptr);
  char** const kept = std::exchange(environ, pointers.data());
  read_settings();
  environ = kept;
  return g_settings;
}

TEST(Settings, DefaultsAreThoseOfTheTable) {
  const Settings& settings = read({});
  EXPECT_STREQ(settings.out, "");
  EXPECT_EQ(settings.stack_mode(), Stacks::python);
#define HEAPLEDGER_CHECK_text(field, fallback) EXPECT_STREQ(settings.field, fallback);
#define HEAPLEDGER_CHECK_wish(field, fallback) HEAPLEDGER_CHECK_text(field, fallback)
#define HEAPLEDGER_CHECK_choice(field, fallback) EXPECT_EQ(settings.field, 0u) << "the default comes first";
#define HEAPLEDGER_OPTION(field, kind, name, fallback, values, meaning) HEAPLEDGER_CHECK_##kind(field, fallback)
#include "../../../trace/options.def"
#undef HEAPLEDGER_OPTION
}

TEST(Settings, ValuesAreRead) {
  const Settings& settings = read({"PATH=/bin", "HEAPLEDGER_STACKS=none", "HEAPLEDGER_OUT=/tmp/a b=c", "HOME=/"});
  EXPECT_STREQ(settings.out, "/tmp/a b=c");
  EXPECT_EQ(settings.stack_mode(), Stacks::none);
  EXPECT_EQ(read({"HEAPLEDGER_STACKS=python"}).stack_mode(), Stacks::python);
}

TEST(Settings, ReadingAgainForgetsWhatWasThere) {
  read({"HEAPLEDGER_STACKS=none", "HEAPLEDGER_OUT=/tmp/x"});
  EXPECT_STREQ(read({}).out, "");
  EXPECT_EQ(read({}).stack_mode(), Stacks::python);
}

TEST(Settings, NamesMustBeWhole) {
  const Settings& settings = read({"HEAPLEDGER_OUTX=/a", "XHEAPLEDGER_OUT=/b", "HEAPLEDGER_OU=/c", "HEAPLEDGER_OUT",
                                   "HEAPLEDGER_", "HEAPLEDGER_STACKS", "heapledger_out=/d", "", "="});
  EXPECT_STREQ(settings.out, "");
  EXPECT_EQ(settings.stack_mode(), Stacks::python);
}

TEST(Settings, ChoicesMustBeWhole) {
  for (const char* value : {"", "non", "nonex", "None", "python|none", "|", "|none", "none|", "1"})
    EXPECT_EQ(read({std::string("HEAPLEDGER_STACKS=") + value}).stack_mode(), Stacks::python) << value;
}

TEST(Settings, WhatCouldNotBeTakenIsTold) {
  const auto told = [](std::vector<std::string> entries) {
    read(std::move(entries));
    std::string all;
    for_each_not_taken([&](std::string_view name, std::string_view why) { all += std::string(name) + ": " + std::string(why) + ";"; });
    return all;
  };
  EXPECT_EQ(told({"HEAPLEDGER_STACKS=none", "HEAPLEDGER_GC=nonsense is the control's matter", "HEAPLEDGER_OTHER=x"}), "");
  EXPECT_EQ(told({"HEAPLEDGER_EVENTS=nothing"}),
            "HEAPLEDGER_EVENTS: its value is none of all|none, so it was taken for all;");
  EXPECT_EQ(told({"HEAPLEDGER_SLOTS=" + std::string(kMaxText, 'x')}), "HEAPLEDGER_SLOTS: its value is too long;");
  EXPECT_EQ(told({"HEAPLEDGER_EVENTS=nothing", "HEAPLEDGER_EVENTS=none", "HEAPLEDGER_STACKS="}), "") << "the last one counts";
  EXPECT_EQ(told({}), "") << "told of the process before";
}

TEST(Settings, TextsThatAreTooLongCountAsUnset) {
  const std::string longest(kMaxText - 1, 'x');
  EXPECT_EQ(read({"HEAPLEDGER_OUT=" + longest}).out, longest);
  EXPECT_STREQ(read({"HEAPLEDGER_OUT=" + longest + "x"}).out, "");
  EXPECT_STREQ(read({"HEAPLEDGER_OUT=" + std::string(1 << 20, 'x')}).out, "");
}

TEST(Settings, WishesThatAreTooLongAreNotForgotten) {
  const std::string longest(kMaxText - 1, 'x');
  EXPECT_EQ(read({"HEAPLEDGER_SLOTS=" + longest}).slots, longest);
  EXPECT_STREQ(read({"HEAPLEDGER_SLOTS=" + longest + "x"}).slots, "?");
  EXPECT_STREQ(read({"HEAPLEDGER_GC=" + longest + "x"}).gc, "?");
  EXPECT_STREQ(read({"HEAPLEDGER_GC=off"}).gc, "off");
}

TEST(Settings, Events) {
  EXPECT_EQ(read({}).wanted_events(), Events::all);
  EXPECT_EQ(read({"HEAPLEDGER_EVENTS=none"}).wanted_events(), Events::none);
  EXPECT_EQ(read({"HEAPLEDGER_EVENTS=some"}).wanted_events(), Events::all);
}

/// As in a process whose libc has not set `environ` yet: the values come from /proc.
TEST(SettingsDeathTest, BeforeLibcIsReady) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";  // starts the test program again, with this environment
  ::setenv("HEAPLEDGER_OUT", "/from/proc", 1);
  ::setenv("HEAPLEDGER_STACKS", "none", 1);
  const auto check = [] {
    environ = nullptr;
    read_settings();
    _exit(std::strcmp(g_settings.out, "/from/proc") == 0 && g_settings.stack_mode() == Stacks::none ? 0 : 1);
  };
  EXPECT_EXIT(check(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace heapledger
