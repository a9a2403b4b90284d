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

}  // namespace
}  // namespace heapledger::advise
