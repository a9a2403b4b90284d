// Blocks that Python made other objects of: who holds them, and that no sum of allocations knows.
#include <gtest/gtest.h>

#include "../../../analyzer/query/lifetimes.h"
#include "../../../analyzer/query/profile.h"
#include "../../support/typed_ledger.h"

namespace heapledger::query {
namespace {

/// Two floats of line 1; the block of the last one becomes a float of line 2, and that one dies in a garbage
/// collection or not at all. Then lists of line 9, and a temporary float between them.
class Reuse : public ::testing::Test {
 protected:
  struct Told {
    Profile profile;
    Lifetimes lives;
    std::map<std::uint32_t, Sums> by_line;
  };

  Told tell(bool followed, bool freed) {
    support::TypedLedger ledger;
    ledger::Writer& w = ledger.writer();
    const auto type = ledger.type("float", 0, 0);
    const auto first = ledger.site(1, type), list = ledger.site(9, type);
    ledger::Site other{.node = ledger.node(2),
                       .api = trace::Api::py_obj_malloc,
                       .account = ledger::Account::python_object,
                       .continuation = true,
                       .type = type};
    const auto reused = w.site(other);
    w.time(1'000);
    w.row(first, 0, 24);
    w.row(first, 0, 24);
    w.time(2'000);
    std::uint64_t last = 1;
    if (followed) w.death(1), last = w.row(reused, 0, 24);
    w.row(list, 0, 56);
    w.death(w.row(first, 0, 24));
    w.row(list, 0, 56);
    w.death(0);
    w.time(3'000);
    const std::uint64_t tick = w.row(0, 0, 0);
    if (freed) w.death(last);
    if (followed) w.continued(1, freed ? tick : 0);
    w.time(4'000);
    w.row(0, 0, 0);
    ledger.process.collections = {
        {.first = tick + 1, .last = tick + 1, .freed_blocks = 1, .freed_bytes = 24}};
    const ledger::Reader& reader = ledger.read();
    Question question;
    question.filter.processes = {"1"};
    const Slots slots(reader);
    Told told{profile(reader, slots, question, {}), lifetimes(reader, question.filter, {}), {}};
    for (std::size_t slot = 0; slot < slots.count(); ++slot) {
      const ledger::Site& site = reader.sites()[slots.site(slot)];
      if (slots.site(slot) != 0)
        told.by_line[reader.frames()[reader.nodes()[site.node].frame].line] += told.profile.slots[slot];
    }
    return told;
  }
};

TEST_F(Reuse, TotalsAreThoseWithoutIt) {
  for (const bool freed : {false, true}) {
    const Told with = tell(true, freed), without = tell(false, freed);
    EXPECT_EQ(with.profile.totals, without.profile.totals);
    EXPECT_EQ(with.lives.freed, without.lives.freed);
    EXPECT_EQ(with.lives.alive, without.lives.alive);
    EXPECT_EQ(with.profile.totals.allocations, 5u);
    EXPECT_EQ(with.profile.totals.temporary, 1u) << "the one between the lists";
    EXPECT_EQ(with.profile.totals.frees, freed ? 3u : 2u);
    EXPECT_EQ(with.profile.totals.collected, freed ? 1u : 0u);
  }
}

TEST_F(Reuse, LinesHoldTheObjectsThatTheyMade) {
  const Told told = tell(true, false);
  const Sums &first = told.by_line.at(1), &second = told.by_line.at(2);
  EXPECT_EQ(std::tuple(first.allocations, first.peak_blocks, first.end_blocks), std::tuple(3u, 1u, 0u));
  EXPECT_EQ(std::tuple(second.allocations, second.peak_blocks, second.end_blocks), std::tuple(0u, 1u, 1u));
}

TEST_F(Reuse, GarbageIsThatOfTheLastLine) {
  const Told told = tell(true, true);
  EXPECT_EQ(told.by_line.at(1).collected, 0u);
  EXPECT_EQ(told.by_line.at(2).collected, 1u);
  EXPECT_EQ(told.by_line.at(1).frees, 3u) << "of its allocations";
}

}  // namespace
}  // namespace heapledger::query
