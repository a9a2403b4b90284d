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
                      table = ledger.site(4, 0);
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
    last_table = w.row(table, 0, 100 * (i + 1));
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
  EXPECT_EQ(table_line->table_bytes, 6100u);
}

TEST(Growth, PartsAreNoInstances) {
  support::TypedLedger ledger;
  const std::uint32_t page = ledger.type("Page", 0, 1, {.flags = trace::kHeapType});
  ledger::Type values;
  values.owner = page;
  const std::uint32_t object = ledger.site(4, page), part = ledger.site(4, ledger.type("values", 0, 0, values));
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

TEST(Growth, ATableThatEverShrankDidNotOnlyGrow) {
  support::TypedLedger ledger;
  const std::uint32_t table = ledger.site(4, 0);
  std::optional<std::uint64_t> last;
  for (const std::uint64_t size : {100u, 200u, 400u, 300u, 800u}) {
    if (last) ledger.writer().death(*last);
    last = ledger.writer().row(table, 0, size);
  }
  const ledger::Reader& reader = ledger.read();
  const query::Slots slots(reader);
  const GrowthReport report = growth(reader, slots, 0);
  ASSERT_EQ(report.slots.size(), 1u);
  EXPECT_FALSE(report.slots[0].only_grew());
  EXPECT_EQ(report.slots[0].total_bytes(), 800u);
}

}  // namespace
}  // namespace heapledger::advise
