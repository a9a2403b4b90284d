// First lines of scripts, split as the kernel and env split them.
#include "../../../analyzer/record/interpreter_line.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "../../../analyzer/record/command_search.h"
#include "../../../analyzer/record/refusal.h"

namespace heapledger::record {
namespace {

using Words = std::vector<std::string>;

class InterpreterLineTest : public testing::Test {
 protected:
  InterpreterLineTest() {
    std::string pattern = testing::TempDir() + "/script.XXXXXX";
    place_ = ::mkdtemp(pattern.data());
  }
  ~InterpreterLineTest() override { std::filesystem::remove_all(place_); }
  /// Path of a file with these contents.
  [[nodiscard]] std::string file(const std::string& contents, const std::string& name = "script") const {
    std::ofstream(place_ + "/" + name, std::ios::binary) << contents;
    return place_ + "/" + name;
  }

  std::string place_;
};

TEST_F(InterpreterLineTest, IsSplitAtTheFirstSpaceOnly) {
  EXPECT_EQ(interpreter_line(file("#!/bin/sh\n")), (Words{"/bin/sh"}));
  EXPECT_EQ(interpreter_line(file("#! \t/bin/sh  -e -x \t\necho")), (Words{"/bin/sh", "-e -x"}));
  EXPECT_EQ(interpreter_line(file("#!/bin/sh")), (Words{"/bin/sh"}));
  EXPECT_EQ(interpreter_line(file("#!/bin/sh\r\n")), (Words{"/bin/sh\r"}));
  for (const char* none : {"", "#", "\n#!/bin/sh",
                           "\x7f"
                           "ELF"})
    EXPECT_TRUE(interpreter_line(file(none)).empty());
}

TEST_F(InterpreterLineTest, LeadsToTheBinary) {
  const std::string python = search_path("python3");
  ASSERT_FALSE(python.empty());
  const std::string expected = find_binary(python);
  EXPECT_EQ(find_binary(file("#!/bin/sh\n")), "/bin/sh");
  EXPECT_EQ(find_binary(file("echo no first line\n")), "/bin/sh");
  EXPECT_EQ(find_binary(file("")), "/bin/sh");
  EXPECT_EQ(find_binary("/bin/cat"), "/bin/cat");
  EXPECT_EQ(find_binary(file("#!/usr/bin/env python3\n")), expected);
  EXPECT_EQ(find_binary(file("#!/usr/bin/env -S A=B python3 -u\n")), expected);
  EXPECT_EQ(find_binary(file("#!" + file("#!/bin/cat\n", "inner") + "\n")), "/bin/cat");
}

TEST_F(InterpreterLineTest, MissingInterpretersAreNamed) {
  for (const char* line : {"#!/no/such/thing -x\n", "#!/usr/bin/env no-such-thing\n", "#!/bin/sh\r\n"})
    EXPECT_THROW(static_cast<void>(find_binary(file(line))), BadUsage) << line;
}

TEST_F(InterpreterLineTest, ARingOfScriptsEnds) {
  const std::string script = place_ + "/ring";
  std::ofstream(script) << "#!" << script << "\n";
  EXPECT_EQ(find_binary(script), script);
}

}  // namespace
}  // namespace heapledger::record
