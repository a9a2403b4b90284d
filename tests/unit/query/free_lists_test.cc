// How many blocks may carry the line of an earlier object.
#include "../../../analyzer/query/free_lists.h"

#include <gtest/gtest.h>

#include "../../support/typed_ledger.h"

namespace heapledger::query {
namespace {

/// Three floats and two dicts alive, a float that was freed, a class of the program that is called float, an
/// instance with a __dict__, and ints.
std::vector<StaleBound> bounds(unsigned minor, trace::ReuseState reuse) {
  support::TypedLedger ledger;
  ledger::Writer& w = ledger.writer();
  ledger.process.python_hex = 0x030000f0 | minor << 16;
  ledger.process.reuse = reuse;
  const auto number = ledger.type("float", 0, 0), dict = ledger.type("dict", 0, 0, {.flags = trace::kDictSubclass});
  const auto mine = ledger.type("float", 0, 5, {.flags = trace::kHeapType});
  const auto part = ledger.type("__dict__", 0, 0, {.owner = mine}), whole = ledger.type("int", 0, 0);
  for (int i = 0; i < 3; ++i) w.row(ledger.site(1, number), 0, 24);
  for (int i = 0; i < 2; ++i) w.row(ledger.site(2, dict), 0, 64);
  w.death(w.row(ledger.site(1, number), 0, 24));
  w.row(ledger.site(3, mine), 0, 48);
  w.row(ledger.site(3, part), 0, 64);
  w.row(ledger.site(4, whole), 0, 28);
  const ledger::Reader& reader = ledger.read();
  Question question;
  question.filter.processes = {"1"};
  const Slots slots(reader);
  return stale_bounds(reader, slots, profile(reader, slots, question, {}));
}

std::map<std::string, std::uint64_t> blocks(const std::vector<StaleBound>& bounds) {
  std::map<std::string, std::uint64_t> result;
  for (const StaleBound& b : bounds) result[b.kind] = b.end_blocks;
  return result;
}

using Blocks = std::map<std::string, std::uint64_t>;

TEST(FreeLists, EveryBlockOfAKindThatIsKeptMayHaveBeenAnotherObject) {
  const auto told = bounds(11, trace::ReuseState::unseen);
  EXPECT_EQ(blocks(told), (Blocks{{"float", 3}, {"dict", 3}, {"dict table", 3}}));
  EXPECT_EQ(told[0].blocks, 3u);
  const auto number = std::ranges::find(told, "float", &StaleBound::kind);
  EXPECT_EQ(number->end_bytes, 72u);
}

TEST(FreeLists, KindsGoByTheVersion) {
  EXPECT_EQ(blocks(bounds(14, trace::ReuseState::switched_off)),
            (Blocks{{"float", 3}, {"dict", 3}, {"dict table", 3}, {"int", 1}}));
}

TEST(FreeLists, WhatWasFollowedIsRight) {
  EXPECT_EQ(blocks(bounds(13, trace::ReuseState::followed)), (Blocks{{"dict table", 3}}));
  EXPECT_EQ(blocks(bounds(13, trace::ReuseState::lost)), (Blocks{{"float", 3}, {"dict", 3}, {"dict table", 3}}));
}

}  // namespace
}  // namespace heapledger::query
