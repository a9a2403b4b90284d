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

TEST(InstanceLayout, DictsOfInstances) {
  EXPECT_EQ(dict_blocks(0), Sizes{});
  EXPECT_EQ(dict_blocks(1), (Sizes{64, 40}));
  EXPECT_EQ(dict_blocks(4), (Sizes{64, 40}));
  EXPECT_EQ(dict_blocks(8), (Sizes{64, 80}));
  EXPECT_EQ(dict_blocks(12), (Sizes{64, 168}));
  EXPECT_EQ(dict_blocks(29), (Sizes{64, 336}));
}

TEST(InstanceLayout, RoomOfItsOwn) {
  for (const unsigned minor : {8u, 9u, 10u}) {
    EXPECT_EQ(room_size(hex(minor), 4), 40u);
    EXPECT_EQ(room_size(hex(minor), 8), 80u);
  }
  for (const unsigned minor : {11u, 12u}) {
    EXPECT_EQ(room_size(hex(minor), 1), 16u);
    EXPECT_EQ(room_size(hex(minor), 2), 24u);
    EXPECT_EQ(room_size(hex(minor), 5), 48u);
    EXPECT_EQ(room_size(hex(minor), 9), 88u);
    EXPECT_EQ(room_size(hex(minor), 13), 120u);
    EXPECT_EQ(room_size(hex(minor), 29), 264u);
    EXPECT_EQ(room_size(hex(minor), 30), 272u);
  }
}

TEST(InstanceLayout, InstancesWithRoomInside) {
  for (const unsigned minor : {13u, 14u, 15u}) {
    EXPECT_EQ(room_size(hex(minor), 1), 72u);
    EXPECT_EQ(room_size(hex(minor), 3), 88u);
    EXPECT_EQ(room_size(hex(minor), 7), 120u);
    EXPECT_EQ(room_size(hex(minor), 29), 320u);
  }
}

TEST(InstanceLayout, SlottedInstances) {
  using Weak = SlotsBase::Weak;
  for (unsigned minor = 8; minor <= 15; ++minor) {
    EXPECT_EQ(slotted_size(hex(minor), {}, 4), minor >= 12 ? 80u : 72u);
    EXPECT_EQ(slotted_size(hex(minor), {.weak = Weak::inside}, 4), 64u);
    EXPECT_EQ(slotted_size(hex(minor), {.weak = Weak::inside}, 40), 352u);
    EXPECT_EQ(slotted_size(hex(minor), {.basic_size = 40}, 1), minor >= 12 ? 80u : 72u) << "of list";
  }
  EXPECT_EQ(slotted_size(hex(13), {.weak = Weak::in_front}, 2), 64u);
  EXPECT_EQ(slotted_size(hex(14), {.basic_size = 32, .gc_header = 0}, 2), 64u) << "without the GIL";
}

TEST(InstanceLayout, StepsOfAnAllocator) {
  EXPECT_EQ(rounded(0), 0u);
  EXPECT_EQ(rounded(1), 16u);
  EXPECT_EQ(rounded(16), 16u);
  EXPECT_EQ(rounded(17), 32u);
}

}  // namespace
}  // namespace heapledger::advise
