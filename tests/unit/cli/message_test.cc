// Words for a shell: they mean what they were, and show nothing that a terminal would act on.
#include "../../../analyzer/cli/message.h"

#include <gtest/gtest.h>

#include "../../../analyzer/cli/terminal.h"

namespace heapledger::cli {
namespace {

TEST(ShellWord, PlainAndQuoted) {
  EXPECT_EQ(shell_word("a/b-c=1.py"), "a/b-c=1.py");
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(shell_word("sp ace"), "'sp ace'");
  EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_word("\xc3\xa9t\xc3\xa9"), "'\xc3\xa9t\xc3\xa9'");
}

TEST(ShellWord, WhatATerminalWouldNotShowIsEscaped) {
  EXPECT_EQ(shell_word("import gc\ngc.collect()\n"), "$'import gc\\ngc.collect()\\n'");
  EXPECT_EQ(shell_word("a\tb\\c'd\n"), "$'a\\tb\\\\c\\'d\\n'");
  EXPECT_EQ(shell_word("\x1b[31m"), "$'\\x1b[31m'");
  EXPECT_EQ(shell_word("\xff" "a"), "$'\\xffa'");
  for (const char* text : {"\n", "\xc2\x9b", "\xff\xfe"})
    EXPECT_EQ(printable(shell_word(text)), shell_word(text));
}

}  // namespace
}  // namespace heapledger::cli
