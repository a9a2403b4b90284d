// Safe text, cutting, colour decisions, tables.
#include "../../../analyzer/cli/terminal.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "../../../analyzer/cli/table.h"

namespace heapledger::cli {
namespace {

TEST(Printable, KeepsText) {
  EXPECT_EQ(printable(""), "");
  EXPECT_EQ(printable("na\xc3\xafve \xe2\x82\xac \xf0\x9f\x90\x8d"),
            "na\xc3\xafve \xe2\x82\xac \xf0\x9f\x90\x8d");
}
TEST(Printable, DisarmsControls) {
  EXPECT_EQ(printable("a\x1b[31mb\n\t\x7f"), "a?[31mb???");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "?31m");  // CSI as one character
  EXPECT_EQ(printable(std::string_view("\0x", 2)), "?x");
}
TEST(Printable, ReplacesWhatIsNotUtf8) {
  const std::string u = "\xef\xbf\xbd";
  EXPECT_EQ(printable("\xff"), u);
  EXPECT_EQ(printable("\xc0\x80"), u + u);          // overlong
  EXPECT_EQ(printable("\xed\xa0\x80"), u + u + u);  // surrogate
  EXPECT_EQ(printable("\xe2\x82"), u + u);          // cut off
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), u + u + u + u);
}

TEST(Cut, CountsCharacters) {
  EXPECT_EQ(columns("a\xe2\x82\xac"), 2u);
  EXPECT_EQ(cut_end("abcdef", 6), "abcdef");
  EXPECT_EQ(cut_end("abcdefg", 6), "abc...");
  EXPECT_EQ(cut_start("abcdefg", 6), "...efg");
  EXPECT_EQ(cut_end("\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac", 4), "\xe2\x82\xac...");
  EXPECT_EQ(cut_start("\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac", 4), "...\xe2\x82\xac");
}

/// stdout of a test is no terminal.
class Colour : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "COLUMNS"}) unsetenv(name);
  }
  void TearDown() override { SetUp(); }
};

TEST_F(Colour, FlagOverNoColorOverForceColor) {
  setenv("NO_COLOR", "1", 1);
  EXPECT_TRUE(stdout_style("always").colour);
  EXPECT_FALSE(stdout_style("auto").colour);
  setenv("FORCE_COLOR", "1", 1);
  EXPECT_FALSE(stdout_style("auto").colour);
  unsetenv("NO_COLOR");
  EXPECT_TRUE(stdout_style("auto").colour);
  EXPECT_FALSE(stdout_style("never").colour);
  setenv("FORCE_COLOR", "0", 1);
  EXPECT_FALSE(stdout_style("auto").colour);
}
TEST_F(Colour, EmptyVariablesSayNothing) {
  setenv("NO_COLOR", "", 1);
  setenv("FORCE_COLOR", "1", 1);
  EXPECT_TRUE(stdout_style("auto").colour);
}
TEST_F(Colour, WidthFromTheEnvironment) {
  setenv("COLUMNS", "90", 1);
  EXPECT_EQ(stdout_style("auto").width, 90u);
  setenv("COLUMNS", "5", 1);
  EXPECT_EQ(stdout_style("auto").width, 60u);
}

TEST(Table, AlignsCutsAndLeavesOut) {
  Table table("rsl");
  table.row({{"1"}, {"a", Ink::plain, "f"}, {"some source that is long enough to be cut"}});
  table.row({{"1,000"}, {std::string(40, 'p')}, {"source with little room"}});
  table.line(1, "note");
  EXPECT_EQ(table.text({false, false, 60}, 1),
            "     1  a f                               some source tha...\n"
            " 1,000  " +
                std::string(40, 'p') +
                "\n"
                "        note\n");
}
TEST(Table, ColoursDoNotMoveColumns) {
  Table table("ll");
  table.row({{"ab", Ink::bold}, {"x"}});
  table.row({{"a"}, {"y", Ink::alarm}});
  EXPECT_EQ(table.text({true, false, 60}, 0), "\033[1mab\033[0m  x\na   \033[1;31my\033[0m\n");
}

}  // namespace
}  // namespace heapledger::cli
