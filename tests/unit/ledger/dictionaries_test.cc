// Reading side of the dictionaries: payloads that refer to what does not exist end a dictionary, nothing
// else. The writing side and good payloads: writer_test.cc.
#include "../../../analyzer/ledger/dictionaries.h"

#include <gtest/gtest.h>

namespace heapledger::ledger {
namespace {

/// A payload: first entry, count, then columns of differences to the entry before, then single bytes.
ByteBuffer payload(std::uint64_t first, const std::vector<std::vector<std::uint64_t>>& columns,
                   const std::vector<std::vector<unsigned>>& bytes = {}) {
  ByteBuffer out;
  out.number(first);
  out.number(columns[0].size());
  for (const auto& column : columns) {
    std::uint64_t last = 0;
    for (const std::uint64_t v : column) {
      out.difference(v, last);
      last = v;
    }
  }
  for (const auto& column : bytes) {
    for (const unsigned b : column) out.byte(b);
  }
  return out;
}

ByteBuffer strings(std::uint64_t first, const std::vector<std::string>& texts) {
  ByteBuffer out;
  out.number(first);
  out.number(texts.size());
  for (const auto& t : texts) out.number(t.size());
  for (const auto& t : texts) out.append(t);
  return out;
}

bool add(DictionaryTables& tables, Tag tag, const ByteBuffer& bytes) {
  return tables.add(tag, bytes.bytes());
}

TEST(DictionaryTables, StartWithTheirFirstEntries) {
  const DictionaryTables tables;
  EXPECT_EQ(tables.strings(), std::vector<std::string_view>{""});
  EXPECT_EQ(tables.frames().size(), 0u);
  EXPECT_EQ(tables.nodes(), std::vector<Node>(1));
  EXPECT_EQ(tables.sites(), std::vector<Site>(1));
}

TEST(DictionaryTables, EndAtTheFirstBadReference) {
  DictionaryTables tables;
  EXPECT_TRUE(add(tables, Tag::strings, strings(1, {"f", "", "a.py"})));
  EXPECT_TRUE(add(tables, Tag::strings, strings(4, {"g"})));
  EXPECT_EQ(tables.strings(), (std::vector<std::string_view>{"", "f", "", "a.py", "g"}));
  EXPECT_FALSE(add(tables, Tag::frames, payload(0, {{1, 4, 5}, {3, 3, 3}, {10, 20, 30}, {1, 2, 3}})));
  EXPECT_EQ(tables.frames(), (std::vector<Frame>{{1, 3, 10, 1}, {4, 3, 20, 2}}));
  EXPECT_FALSE(add(tables, Tag::nodes, payload(1, {{0, 1, 3, 1}, {1, 0, 0, 1}})));  // a node above itself
  EXPECT_EQ(tables.nodes(), (std::vector<Node>{{}, {0, 1}, {1, 0}}));
  EXPECT_FALSE(add(tables, Tag::sites, payload(1, {{2, 0, 3}}, {{1, 99, 1}, {2, 0x81, 0}})));
  EXPECT_EQ(tables.sites(),
            (std::vector<Site>{{},
                               {.node = 2, .api = trace::Api::malloc, .account = Account::native},
                               {.account = Account::python_buffer, .continuation = true}}));
}

TEST(DictionaryTables, RefuseFramesBeyondTheirStrings) {
  DictionaryTables tables;
  EXPECT_FALSE(add(tables, Tag::frames, payload(0, {{0}, {1}, {0}, {0}})));
  EXPECT_FALSE(add(tables, Tag::nodes, payload(1, {{0}, {0}})));  // frame 0 does not exist
  EXPECT_EQ(tables.frames().size(), 0u);
  EXPECT_EQ(tables.nodes().size(), 1u);
}

TEST(DictionaryTables, RefuseUnknownAccounts) {
  DictionaryTables tables;
  EXPECT_FALSE(add(tables, Tag::sites, payload(1, {{0, 0}}, {{0, 0}, {7, 8}})));
  EXPECT_EQ(tables.sites().size(), 2u);
}

TEST(DictionaryTables, RefuseGapsCountsAndRests) {
  DictionaryTables tables;
  EXPECT_FALSE(add(tables, Tag::strings, strings(2, {"f"})));
  EXPECT_FALSE(add(tables, Tag::nodes, payload(0, {{0}, {0}})));
  ByteBuffer huge;
  huge.number(1);
  huge.number(~std::uint64_t{0});
  for (const Tag tag : {Tag::strings, Tag::frames, Tag::nodes, Tag::types, Tag::sites, Tag::process}) {
    EXPECT_FALSE(add(tables, tag, huge));
    EXPECT_FALSE(add(tables, tag, ByteBuffer()));
  }
  ByteBuffer rest = payload(1, {{0}}, {{0}, {0}});
  EXPECT_TRUE(add(tables, Tag::sites, rest));
  rest = payload(2, {{0}}, {{0}, {0}});
  rest.byte(0);  // the column of types
  rest.byte(0);
  EXPECT_FALSE(add(tables, Tag::sites, rest));
  EXPECT_EQ(tables.sites().size(), 2u);
}

TEST(DictionaryTables, RefuseLengthsThatAreNotTheTexts) {
  ByteBuffer longer = strings(1, {"abc"});
  longer.byte('x');
  ByteBuffer shorter;
  for (const unsigned b : {1u, 1u, 3u, 97u}) shorter.byte(b);
  DictionaryTables first, second;
  EXPECT_FALSE(add(first, Tag::strings, longer));
  EXPECT_FALSE(add(second, Tag::strings, shorter));
  EXPECT_EQ(second.strings().size(), 1u);
}

}  // namespace
}  // namespace heapledger::ledger
