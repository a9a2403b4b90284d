// Names of classes, filters by class, and sums with the parts of instances.
#include "../../../analyzer/query/types.h"

#include <gtest/gtest.h>

#include "../../../analyzer/query/lifetimes.h"
#include "../../support/typed_ledger.h"

namespace heapledger::query {
namespace {

class TypesTest : public testing::Test {
 protected:
  TypesTest() {
    item = ledger_.type("Item", 0, 10);
    again = ledger_.type("Item", 0, 30);  // another class statement, the same name
    book = ledger_.type("Outer.Book", item, 20);
    part = ledger_.type("__dict__", 0, 0, {.owner = book});
    const std::uint32_t values = ledger_.type("values", 0, 0, {.owner = book}), keys = ledger_.type("keys", 0, 0, {.owner = book});
    ledger::Writer& w = ledger_.writer();
    for (int i = 0; i < 3; ++i) w.row(ledger_.site(1, item), 0, 100);
    w.row(ledger_.site(2, again), 0, 7);
    for (int i = 0; i < 5; ++i) {
      w.row(ledger_.site(3, book), 0, 48);
      w.row(ledger_.site(4, part), 0, 64);
    }
    w.row(ledger_.site(4, values), 0, 40);
    w.row(ledger_.site(4, keys), 0, 120);
    const std::uint64_t late = w.row(ledger_.site(5, 0), 0, 1000);
    w.amend(late, ledger_.site(5, item));
    reader = &ledger_.read();
  }
  support::TypedLedger ledger_;
  std::uint32_t item, again, book, part;
  const ledger::Reader* reader;
};

TEST_F(TypesTest, Names) {
  EXPECT_EQ(type_name(*reader, 0), "");
  EXPECT_EQ(type_name(*reader, item), "shop.Item");
  EXPECT_EQ(type_name(*reader, book), "shop.Outer.Book");
  EXPECT_EQ(type_name(*reader, part), "shop.Outer.Book");
  EXPECT_EQ(same_names(*reader), (std::vector<std::uint32_t>{0, item, item, book, book, book, book}));
}

TEST_F(TypesTest, SumsOfInstancesAndTheirParts) {
  const auto types = support::types_at_peak(*reader);
  ASSERT_EQ(types.size(), 2u);
  EXPECT_EQ(types[0].type, item);
  EXPECT_EQ(types[0].instances.peak_bytes, 1307u);
  EXPECT_EQ(types[0].instances.peak_blocks, 5u);
  EXPECT_EQ(types[1].type, book);
  EXPECT_EQ(types[1].instances.peak_bytes, 240u);
  EXPECT_EQ(types[1].parts.peak_bytes, 480u);
  EXPECT_EQ(types[1].parts.allocations, 7u);
  EXPECT_EQ(types[1].dicts.peak_bytes, 320u);
  EXPECT_EQ(types[1].values.peak_bytes, 40u);
  EXPECT_EQ(types[1].all().peak_bytes, 720u);
}

TEST_F(TypesTest, WordsOfAFilter) {
  const auto bytes = [&](const std::vector<std::string>& words) {
    Question question;
    question.filter.types = words;
    const Slots slots(*reader);
    return profile(*reader, slots, question, {}).totals.peak_bytes;
  };
  EXPECT_EQ(bytes({"shop.Item"}), 1307u);
  EXPECT_EQ(bytes({"Item"}), 1307u);
  EXPECT_EQ(bytes({"Outer.Book"}), 720u);
  EXPECT_EQ(bytes({"shop.*"}), 2027u);
  EXPECT_EQ(bytes({"Item", "*.Book"}), 2027u);
  try {
    (void)bytes({"Boo"});
    FAIL();
  } catch (const ledger::FileError& e) {
    EXPECT_NE(std::string(e.what()).find("there are shop.Outer.Book"), std::string::npos) << e.what();
  }
}

TEST(Lifetimes, ByDecadesAndUntilTheEnd) {
  support::TypedLedger ledger;
  ledger::Writer& w = ledger.writer();
  const std::uint32_t mine = ledger.site(1, ledger.type("Mine", 0, 1)), other = ledger.site(2, 0);
  std::vector<std::uint64_t> rows;
  for (std::uint64_t ms = 0; ms < 20'000; ++ms) {
    w.time(ms * 1000);
    w.row(other, 0, 1);  // a position for the deaths before
    if (ms == 0)
      for (int i = 0; i < 6; ++i) rows.push_back(w.row(mine, 0, 8));
    if (ms == 0) w.death(rows[0]), w.row(other, 0, 1);
    if (ms == 5) w.death(rows[1]);
    if (ms == 50) w.death(rows[2]);
    if (ms == 15'000) w.death(rows[3]);
  }
  ledger.process.duration_us = 20'000'000;
  const ledger::Reader& reader = ledger.read();
  Filter filter;
  filter.types = {"Mine"};
  const Lifetimes lives = lifetimes(reader, filter, {});
  EXPECT_EQ(lives.freed, (std::array<std::uint64_t, 6>{1, 1, 1, 0, 0, 1}));
  EXPECT_EQ(lives.alive, 2u);
  EXPECT_EQ(lives.blocks(), 6u);
}

TEST(Types, AmendedRowsOfOldGroups) {
  support::TypedLedger large;
  const std::uint32_t type = large.type("Late", 0, 1);
  const std::uint32_t plain = large.site(1, 0), typed = large.site(1, type);
  for (int i = 0; i < 200'000; ++i) large.writer().row(plain, 0, 1);
  for (const std::uint64_t row : {0u, 65'535u, 65'536u, 150'000u, 199'999u}) large.writer().amend(row, typed);
  const ledger::Reader& read = large.read();
  const auto types = support::types_at_peak(read);
  ASSERT_EQ(types.size(), 1u);
  EXPECT_EQ(types[0].instances.peak_blocks, 5u);
}

}  // namespace
}  // namespace heapledger::query
