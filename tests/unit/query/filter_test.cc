// Patterns, and words that a ledger does not know.
#include "../../../analyzer/query/filter.h"

#include "../../../analyzer/ledger/error.h"
#include "brute_force.h"

namespace heapledger::query {
namespace {

TEST(Patterns, PlainOnesMatchAnyPart) {
  EXPECT_TRUE(matches("load", "load_rows"));
  EXPECT_TRUE(matches("", ""));
  EXPECT_FALSE(matches("Load", "load_rows"));
}
TEST(Patterns, GlobsMatchTheWhole) {
  EXPECT_TRUE(matches("load*", "load_rows"));
  EXPECT_TRUE(matches("l?ad_[rs]ows", "load_rows"));
  EXPECT_FALSE(matches("load?", "load_rows"));
}
TEST(Patterns, GlobsOfPathsMatchTheLastParts) {
  EXPECT_TRUE(matches_path("json/*.py", "/usr/lib/python3.11/json/decoder.py"));
  EXPECT_TRUE(matches_path("*.py", "app.py"));
  EXPECT_FALSE(matches_path("on/*.py", "/usr/lib/python3.11/json/decoder.py"));
}

std::string refusal(const Filter& filter) {
  const testing::TempFolder folder;
  testing::WorldWriter(folder / "w.hl", {.processes = 2});
  const ledger::Reader reader(folder / "w.hl");
  try {
    (void)compile(filter, reader, {Clock(reader, 0), Clock(reader, 1)});
  } catch (const ledger::FileError& error) {
    return error.what();
  }
  return "";
}

TEST(Filter, UnknownWordsAreRefusedWithThoseThatThereAre) {
  EXPECT_EQ(refusal({.processes = {"77"}}), "no process '77' in the ledger, it has 4000, 4001");
  EXPECT_EQ(refusal({.processes = {"2"}, .threads = {"zzz"}}),
            "no thread 'zzz' in the chosen processes, they have 100 (T0), 101 (T1), 102 (T2)");
  EXPECT_EQ(refusal({.accounts = {"heap"}}),
            "no account 'heap', there are python_object, python_buffer, native, mapping, backing, reserved, "
            "file, stack");
  EXPECT_EQ(refusal({.processes = {"1"}, .threads = {"101"}, .accounts = {"native"}}), "");
}

}  // namespace
}  // namespace heapledger::query
