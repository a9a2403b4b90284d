// Names of recordings from command lines. Refusals are tested through the program,
// tests/integration/test_record.py.
#include "../../../analyzer/record/target.h"

#include <gtest/gtest.h>

namespace heapledger::record {
namespace {

using Words = std::vector<std::string>;

TEST(ProgramName, IsTheScriptOrModuleOfAPythonCommandLine) {
  EXPECT_EQ(program_name({"python3", "app.py"}), "app");
  EXPECT_EQ(program_name({"/opt/py/bin/python3.12", "-X", "dev", "dir/app.py", "-m", "other"}), "app");
  EXPECT_EQ(program_name({"python3.13t", "-Xdev", "-W", "error", "-bb", "app.tar.py"}), "app.tar");
  EXPECT_EQ(program_name({"python", "--check-hash-based-pycs", "always", "app"}), "app");
  EXPECT_EQ(program_name({"python3", "-m", "pytest", "-x"}), "pytest");
  EXPECT_EQ(program_name({"python3", "-Immodule"}), "module");
  EXPECT_EQ(program_name({"python3", "-Im", "package.module"}), "package.module");
}

TEST(ProgramName, IsTheInterpreterWhenThereIsNoScript) {
  EXPECT_EQ(program_name({"python3"}), "python3");
  EXPECT_EQ(program_name({"python3", "-c", "import app", "x.py"}), "python3");
  EXPECT_EQ(program_name({"python3", "-Ic", "pass"}), "python3");
  EXPECT_EQ(program_name({"python3", "-", "x.py"}), "python3");
  EXPECT_EQ(program_name({"python3", "-m"}), "python3");
  EXPECT_EQ(program_name({"python3", "-X"}), "python3");
}

TEST(ProgramName, IsTheFileNameOfAnyOtherProgram) {
  EXPECT_EQ(program_name({"/usr/bin/gcc", "x.py"}), "gcc");
  EXPECT_EQ(program_name({"./tool.py"}), "tool");
  EXPECT_EQ(program_name({"pythonic", "x.py"}), "pythonic");
  EXPECT_EQ(program_name({"dir/"}), "dir");
  EXPECT_EQ(program_name({".py"}), ".py");
}

TEST(ProgramName, AlwaysMakesAFileName) {
  for (const Words& command : {Words{"/"}, Words{"."}, Words{".."}, Words{""}, Words{"python3", "."}})
    EXPECT_EQ(program_name(command), "program") << command.back();
  EXPECT_LE(program_name({std::string(255, 'x')}).size(), 200u);
}

}  // namespace
}  // namespace heapledger::record
