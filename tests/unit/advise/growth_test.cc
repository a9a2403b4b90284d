// What only grows, told from what comes and goes and from what was there at once.
#include "../../../analyzer/advise/growth.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "../../support/typed_ledger.h"

namespace heapledger::advise {
namespace {

const Growth* of_line(const GrowthReport& report, const ledger::Reader& reader, const query::Slots& slots,
                      std::uint32_t line) {
  const auto found = std::ranges::find_if(report.slots, [&](const Growth& g) {
    const ledger::Site& site = reader.sites()[slots.site(g.slot)];
    return site.node != 0 && reader.frames()[reader.nodes()[site.node].frame].line == line;
  });
  return found == report.slots.end() ? nullptr : &*found;
}

TEST(Growth, SteadyAtOnceAndWaste) {
  support::TypedLedger ledger;
  ledger::Writer& w = ledger.writer();
  const std::uint32_t hoard = ledger.site(1, 0), once = ledger.site(2, 0), waste = ledger.site(3, 0),
                      table = ledger.buffers(4, trace::Api::py_mem_realloc);
  const std::uint32_t cleanup = w.site({.api = trace::Api::malloc});
  std::vector<std::uint64_t> hoarded;
  std::uint64_t last_table = 0;
  for (int i = 0; i < 100; ++i) w.row(once, 0, 1000);
  for (std::uint64_t i = 0; i < 80; ++i) {
    w.time(i * 1000);
    hoarded.push_back(w.row(hoard, 0, 10));
    w.death(w.row(waste, 0, 500));
    if (i % 20 != 0) continue;
    if (i != 0) w.death(last_table);
    last_table = w.row(table, 0, 1000 * (i + 1));
  }
  w.row(cleanup, 0, 8);
  for (const std::uint64_t row : hoarded) w.death(row);  // the interpreter cleans up
  w.death(last_table);
  w.row(cleanup, 0, 8);
  ledger.process.duration_us = 80'000;
  const ledger::Reader& reader = ledger.read();
  const query::Slots slots(reader);
  const GrowthReport report = growth(reader, slots, 0);
  EXPECT_EQ(report.end_us, 79'000u);

  const Growth* hoard_line = of_line(report, reader, slots, 1);
  ASSERT_NE(hoard_line, nullptr);
  EXPECT_TRUE(hoard_line->steady());
  EXPECT_EQ(hoard_line->total_blocks(), 80u);
  EXPECT_EQ(hoard_line->total_bytes(), 800u);
  EXPECT_EQ(std::ranges::count(hoard_line->blocks, 10u), 8);
  const Growth* once_line = of_line(report, reader, slots, 2);
  ASSERT_NE(once_line, nullptr);
  EXPECT_FALSE(once_line->steady());
  EXPECT_EQ(once_line->bytes[0], 100'000u);
  const Growth* waste_line = of_line(report, reader, slots, 3);
  ASSERT_NE(waste_line, nullptr) << "the last one went when the program was over";
  EXPECT_EQ(waste_line->total_blocks(), 1u);
  const Growth* table_line = of_line(report, reader, slots, 4);
  ASSERT_NE(table_line, nullptr);
  EXPECT_TRUE(table_line->only_grew());
  EXPECT_EQ(table_line->table_growths, 3u);
  EXPECT_EQ(table_line->table_bytes, 61'000u);
}

TEST(Growth, PartsAreNoInstances) {
  support::TypedLedger ledger;
  const std::uint32_t page = ledger.type("Page", 0, 1, {.flags = trace::kHeapType});
  ledger::Type values;
  values.owner = page;
  const std::uint32_t object = ledger.site(4, page);
  const std::uint32_t part = ledger.site(4, ledger.type("values", 0, 0, values));
  for (int i = 0; i < 10; ++i) {
    ledger.writer().row(object, 0, 56);
    ledger.writer().row(part, 0, 40);
  }
  const ledger::Reader& reader = ledger.read();
  const query::Slots slots(reader);
  Growth sum;
  for (const Growth& g : growth(reader, slots, 0).slots) sum.add(g);
  EXPECT_EQ(sum.total_blocks(), 20u);
  EXPECT_EQ(sum.instances(), 10u);
}

class TablesTest : public testing::Test {
 protected:
  enum class Old { before, after, later };  ///< when the table before is given back
  /// What is said of buffers that follow each other.
  Growth grown(trace::Api api, Old old, std::initializer_list<std::uint64_t> sizes) {
    const std::uint32_t table = ledger_.buffers(4, api);
    const std::uint32_t other = ledger_.buffers(5, trace::Api::py_mem_malloc);
    std::optional<std::uint64_t> last;
    for (const std::uint64_t size : sizes) {
      if (last && old == Old::before) w().death(*last);
      const std::uint64_t row = w().row(table, 0, size);
      if (old == Old::later) w().death(w().row(other, 0, 8));
      if (last && old != Old::before) w().death(*last);
      last = row;
    }
    const ledger::Reader& reader = ledger_.read();
    const query::Slots slots(reader);
    const GrowthReport report = growth(reader, slots, 0);
    EXPECT_FALSE(report.slots.empty());
    return report.slots.front();
  }
  ledger::Writer& w() { return ledger_.writer(); }
  support::TypedLedger ledger_;
};

TEST_F(TablesTest, ListsGrowByRealloc) {
  const Growth g = grown(trace::Api::py_mem_realloc, Old::before, {88, 256, 512, 1000, 2000});
  EXPECT_TRUE(g.only_grew());
  EXPECT_EQ(g.table_growths, 3u) << "small ones do not count";
  EXPECT_EQ(g.table_bytes, 2000u);
}

TEST_F(TablesTest, DictsOf310) {  // 16, 32, 64, 128 places
  EXPECT_EQ(grown(trace::Api::py_obj_malloc, Old::after, {296, 576, 1112, 2208}).table_growths, 3u);
}

TEST_F(TablesTest, DictsOfStringsSince311) {  // 32, 64, 128, 256 places
  EXPECT_EQ(grown(trace::Api::py_mem_malloc, Old::after, {400, 768, 1520, 3264}).table_growths, 3u);
}

TEST_F(TablesTest, TheDictOfAnInstance) {
  const std::uint32_t owner = ledger_.type("Cache", 0, 9), keys = ledger_.type("keys", 0, 0, {.owner = owner});
  const std::uint32_t plain = ledger_.buffers(4, trace::Api::py_mem_malloc);
  ledger::Site typed{.node = ledger_.node(4), .api = trace::Api::py_mem_malloc, .account = ledger::Account::python_buffer};
  typed.type = keys;
  std::optional<std::uint64_t> last;
  for (const std::uint64_t size : {400, 768, 1520, 3264}) {
    const std::uint64_t row = w().row(plain, 0, size);
    if (size > 1000) w().amend(row, w().site(typed));
    if (last) w().death(*last);
    last = row;
  }
  const ledger::Reader& reader = ledger_.read();
  const GrowthReport report = growth(reader, query::Slots(reader), 0);
  ASSERT_EQ(report.slots.size(), 1u);
  EXPECT_TRUE(report.slots.front().only_grew());
  EXPECT_EQ(report.slots.front().table_bytes, 3264u);
  EXPECT_EQ(report.slots.front().instances(), 0u);
}

TEST_F(TablesTest, DictsMadeAnew) {
  EXPECT_EQ(grown(trace::Api::py_obj_malloc, Old::later, {296, 576, 1112, 2208}).table_growths, 0u);
}

TEST_F(TablesTest, DictsThatWereCleared) {
  EXPECT_EQ(grown(trace::Api::py_obj_malloc, Old::before, {296, 576, 1112, 2208}).table_growths, 0u);
}

TEST_F(TablesTest, ListsMadeAnew) {
  EXPECT_EQ(grown(trace::Api::py_mem_malloc, Old::after, {512, 1024, 2048, 4096}).table_growths, 0u);
}

TEST_F(TablesTest, WhatEverShrankDidNotOnlyGrow) {
  const Growth g = grown(trace::Api::py_mem_realloc, Old::before, {300, 600, 1200, 900, 2400, 4800, 9600});
  EXPECT_FALSE(g.only_grew());
  EXPECT_EQ(g.total_bytes(), 9600u);
}

}  // namespace
}  // namespace heapledger::advise
