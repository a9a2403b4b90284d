// What the collector cost while the program ran.
#include "../../../analyzer/advise/collector.h"

#include <gtest/gtest.h>

namespace heapledger::advise {
namespace {

ledger::Collection collection(std::uint32_t generation, std::uint64_t first, std::uint64_t pause_us,
                              std::uint64_t freed) {
  ledger::Collection c;
  c.generation = generation;
  c.first = first;
  c.pause_ns = pause_us * 1000;
  c.cpu_ns = c.pause_ns / 2;
  c.freed_bytes = freed;
  c.collected = freed / 10;
  return c;
}

TEST(CollectorAdvice, WithoutWhatCleansUpBehindTheProgram) {
  ledger::Process process;
  process.duration_us = 100'000;
  process.cpu_us = 50'000;
  process.collections = {collection(0, 10, 100, 1000), collection(1, 20, 200, 4000),
                         collection(2, 30, 1700, 300), collection(2, 90, 30'000, 1'000'000)};
  const CollectorAdvice a = collector_advice(process, 90);
  EXPECT_EQ(a.all.collections, 3u);
  EXPECT_EQ(a.all.freed_bytes, 5300u);
  EXPECT_EQ(a.most_freed_bytes, 4000u);
  EXPECT_EQ(a.young_pause_ns, 300'000u);
  EXPECT_EQ(a.young_freed_bytes, 5000u);
  EXPECT_DOUBLE_EQ(a.wall_share, 0.02);
  EXPECT_DOUBLE_EQ(a.cpu_share, 0.02);
  EXPECT_TRUE(a.worth_a_change);
  process.cpu_us = 0;
  process.duration_us = 1'000'000;
  EXPECT_DOUBLE_EQ(collector_advice(process, 90).cpu_share, 0.002)
      << "the share of wall time where CPU time is not known";
  EXPECT_FALSE(collector_advice(process, 90).worth_a_change);
}

TEST(CollectorAdvice, WhatWouldWaitGoesByTheThreshold) {
  ledger::Process process;
  process.python_hex = 0x030b07f0;
  for (std::uint64_t i = 1; i <= 100; ++i) process.collections.push_back(collection(0, 1000 * i, 10, 100));
  for (ledger::Collection& c : process.collections) c.last = c.first + 10;
  CollectorAdvice a = collector_advice(process, 1'000'000);
  EXPECT_EQ(a.threshold, 700u);
  EXPECT_FALSE(a.threshold_known);
  EXPECT_EQ(a.typical_births, 990u);
  EXPECT_EQ(a.waiting_bytes, 15u * 100) << "10,000 are more than 14 times 700";
  EXPECT_FALSE(a.explicitly);
  process.python_hex = 0x030d00f0;
  EXPECT_EQ(collector_advice(process, 1'000'000).waiting_bytes, 6u * 100);
  process.controls = {{"gc", "threshold=50,10,10", trace::ControlOutcome::asked, ""},
                      {"gc", "threshold=50,10,10", trace::ControlOutcome::applied, ""}};
  a = collector_advice(process, 1'000'000);
  EXPECT_EQ(a.threshold, 50u);
  EXPECT_TRUE(a.threshold_known);
  EXPECT_EQ(a.waiting_bytes, 100u * 100) << "all that there was";
  process.controls.push_back({"gc", "threshold=50,10,10", trace::ControlOutcome::undone, ""});
  EXPECT_FALSE(collector_advice(process, 1'000'000).threshold_known);
}

TEST(CollectorAdvice, CollectionsThatTheProgramAskedFor) {
  ledger::Process process;
  process.collections = {collection(0, 5, 5, 0), collection(2, 10, 100, 1000), collection(2, 20, 100, 1000)};
  EXPECT_TRUE(collector_advice(process, 90).explicitly);
  EXPECT_FALSE(collector_advice(process, 15).explicitly) << "one may be the collector's own";
  process.collections.push_back(collection(0, 30, 100, 1000));
  EXPECT_FALSE(collector_advice(process, 90).explicitly);
}

}  // namespace
}  // namespace heapledger::advise
