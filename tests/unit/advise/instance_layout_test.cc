// The rules against the blocks that were measured on each version (x86-64, classes that have had instances
// before).
#include "../../../analyzer/advise/instance_layout.h"

#include <gtest/gtest.h>

namespace heapledger::advise {
namespace {

using Sizes = std::vector<std::uint64_t>;

std::uint32_t hex(unsigned minor) { return 3u << 24 | minor << 16 | 0xf0; }

TEST(InstanceLayout, VersionsThatAreKnown) {
  for (unsigned minor = 8; minor <= 15; ++minor) EXPECT_TRUE(knows_layout(hex(minor))) << minor;
  EXPECT_FALSE(knows_layout(hex(7)));
  EXPECT_FALSE(knows_layout(hex(16)));
  EXPECT_FALSE(knows_layout(0));
}

TEST(InstanceLayout, BlocksBesideAnInstance) {
  for (const unsigned minor : {8u, 9u, 10u}) {
    EXPECT_EQ(blocks_beside(hex(minor), 0), Sizes{});
    EXPECT_EQ(blocks_beside(hex(minor), 1), (Sizes{64, 40}));
    EXPECT_EQ(blocks_beside(hex(minor), 4), (Sizes{64, 40}));
    EXPECT_EQ(blocks_beside(hex(minor), 8), (Sizes{64, 80}));
    EXPECT_EQ(blocks_beside(hex(minor), 12), (Sizes{64, 168}));
    EXPECT_EQ(blocks_beside(hex(minor), 29), (Sizes{64, 336}));
  }
  for (const unsigned minor : {11u, 12u}) {
    EXPECT_EQ(blocks_beside(hex(minor), 0), Sizes{16});
    EXPECT_EQ(blocks_beside(hex(minor), 1), Sizes{24});
    EXPECT_EQ(blocks_beside(hex(minor), 4), Sizes{48});
    EXPECT_EQ(blocks_beside(hex(minor), 8), Sizes{88});
    EXPECT_EQ(blocks_beside(hex(minor), 12), Sizes{120});
    EXPECT_EQ(blocks_beside(hex(minor), 29), Sizes{264});
  }
  for (const unsigned minor : {13u, 14u, 15u}) EXPECT_EQ(blocks_beside(hex(minor), 4), Sizes{});
}

TEST(InstanceLayout, SlottedInstances) {
  for (unsigned minor = 8; minor <= 15; ++minor) {
    EXPECT_EQ(slotted_size(hex(minor), 4, false), 64u);
    EXPECT_EQ(slotted_size(hex(minor), 40, false), 352u);
    EXPECT_EQ(slotted_size(hex(minor), 4, true), minor >= 12 ? 80u : 72u);
  }
}

TEST(InstanceLayout, StepsOfAnAllocator) {
  EXPECT_EQ(rounded(0), 0u);
  EXPECT_EQ(rounded(1), 16u);
  EXPECT_EQ(rounded(16), 16u);
  EXPECT_EQ(rounded(17), 32u);
}

}  // namespace
}  // namespace heapledger::advise
