// Numbers that are part of the raw trace's format: a change of any of them makes old traces unreadable.
#include "../../../trace/format.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <utility>

namespace heapledger::trace {
namespace {

#define EXPECT_AT(type, field, offset) EXPECT_EQ(offsetof(type, field), std::size_t{offset}) << #field

TEST(Format, TheMagicCatchesTransfersInTextMode) {
  EXPECT_EQ(std::memcmp(kMagic, "HLRAW\r\n\x1a", 8), 0);
  EXPECT_EQ(sizeof kMagic, 8u);
}

TEST(Format, FieldsOfTheFileHeader) {
  EXPECT_AT(FileHeader, magic, 0);
  EXPECT_AT(FileHeader, version, 8);
  EXPECT_AT(FileHeader, byte_order, 12);
  EXPECT_AT(FileHeader, header_bytes, 16);
  EXPECT_AT(FileHeader, pointer_bytes, 20);
  EXPECT_AT(FileHeader, page_bytes, 24);
  EXPECT_AT(FileHeader, shard_bits, 28);
  EXPECT_AT(FileHeader, pid, 32);
  EXPECT_AT(FileHeader, parent_pid, 36);
  EXPECT_AT(FileHeader, forked_from, 40);
  EXPECT_AT(FileHeader, reserved, 44);
  EXPECT_AT(FileHeader, start_monotonic_ns, 48);
  EXPECT_AT(FileHeader, start_realtime_ns, 56);
  EXPECT_AT(FileHeader, start_ticks, 64);
  EXPECT_AT(FileHeader, parent_position_ns, 72);
  EXPECT_AT(FileHeader, next_offset, 128);
  EXPECT_AT(FileHeader, lost_events, 136);
  EXPECT_AT(FileHeader, handler_events, 144);
  EXPECT_AT(FileHeader, stop_monotonic_ns, 152);
  EXPECT_AT(FileHeader, stop_reason, 160);
  EXPECT_AT(FileHeader, clean_end, 164);
  EXPECT_AT(FileHeader, cpu_ns, 176);
  EXPECT_AT(FileHeader, lost_children, 168);
  EXPECT_AT(FileHeader, missed_interpreters, 172);
  EXPECT_EQ(sizeof(FileHeader), 192u);
  EXPECT_LE(sizeof(FileHeader), kGranule);
}

TEST(Format, FieldsOfTheChunkHeader) {
  EXPECT_AT(ChunkHeader, magic, 0);
  EXPECT_AT(ChunkHeader, lane, 4);
  EXPECT_AT(ChunkHeader, serial, 8);
  EXPECT_AT(ChunkHeader, bytes, 12);
  EXPECT_AT(ChunkHeader, committed, 64);
  EXPECT_EQ(sizeof(ChunkHeader), 128u);
  const auto magic = kChunkMagic;
  EXPECT_EQ(std::memcmp(&magic, "HLCK", 4), 0) << "on a little-endian machine";
  EXPECT_EQ(kGranule, 16384u);
  EXPECT_EQ(kMaxChunk, 67108864u);
}

TEST(Format, NumbersOfKinds) {
  constexpr Kind kKinds[] = {Kind::order, Kind::time, Kind::realloc, Kind::void_stamp, Kind::alloc_wide,
                             Kind::free_wide, Kind::thread, Kind::code, Kind::node, Kind::site, Kind::map, Kind::unmap,
                             Kind::remap, Kind::protect, Kind::process, Kind::interpreter, Kind::self_test,
                             Kind::thread_end, Kind::stack, Kind::stack_end, Kind::brk,
                             Kind::collection_begin, Kind::collection_end, Kind::collections_before,
                             Kind::type, Kind::typed, Kind::typed_late, Kind::control, Kind::attribute, Kind::reused,
                             Kind::collections_unseen, Kind::part_of};
  for (std::size_t i = 0; i < std::size(kKinds); ++i) EXPECT_EQ(static_cast<std::size_t>(kKinds[i]), i + 1);
  EXPECT_EQ(static_cast<std::size_t>(Kind::control), 28u);
}

/// As Include/object.h of CPython has them.
TEST(Format, BitsOfTypes) {
  constexpr std::pair<TypeFlag, unsigned> kBits[] = {
      {kInlineValues, 2}, {kManagedWeakref, 3},  {kManagedDict, 4},   {kHeapType, 9},
      {kReady, 12},       {kReadying, 13},       {kHasGc, 14},        {kValidVersion, 19},
      {kAbstract, 20},    {kStringSubclass, 28}, {kDictSubclass, 29}, {kExceptionSubclass, 30},
      {kTypeSubclass, 31}};
  for (const auto& [flag, bit] : kBits) EXPECT_EQ(flag, std::uint32_t{1} << bit) << bit;
  EXPECT_EQ(kPassingFlags, 0x183000u);
}

TEST(Format, NumbersOfControlOutcomes) {
  constexpr ControlOutcome kOutcomes[] = {ControlOutcome::asked, ControlOutcome::applied, ControlOutcome::refused,
                                          ControlOutcome::undone, ControlOutcome::missing};
  for (unsigned i = 0; i < kControlOutcomes; ++i) EXPECT_EQ(static_cast<unsigned>(kOutcomes[i]), i);
}

TEST(Format, NumbersOfReuseStates) {
  constexpr ReuseState kStates[] = {ReuseState::unseen, ReuseState::followed, ReuseState::taken, ReuseState::lost,
                                    ReuseState::switched_off};
  for (unsigned i = 0; i < kReuseStates; ++i) EXPECT_EQ(static_cast<unsigned>(kStates[i]), i);
}

TEST(Format, NumbersOfApis) {
  constexpr std::array kNames = {"unknown", "malloc", "calloc", "realloc", "memalign", "operator new", "PyMem_Malloc",
                                 "PyMem_Calloc", "PyMem_Realloc", "PyObject_Malloc", "PyObject_Calloc",
                                 "PyObject_Realloc", "mmap", "mremap", "sbrk", "thread stack"};
  constexpr std::array<std::pair<Api, const char*>, kApiCount> kApis = {{
#define ROW(name, number, text, account) {Api::name, text},
      HEAPLEDGER_APIS(ROW)
#undef ROW
  }};
  ASSERT_EQ(kNames.size(), kApiCount);
  for (std::size_t i = 0; i < kApiCount; ++i) {
    EXPECT_EQ(static_cast<std::size_t>(kApis[i].first), i);
    EXPECT_STREQ(kApis[i].second, kNames[i]);
  }
}

TEST(Format, NumbersOfReasonsStatesAndFlags) {
  EXPECT_EQ(static_cast<int>(StopReason::disk_full), 1);
  EXPECT_EQ(static_cast<int>(StopReason::file_size_limit), 2);
  EXPECT_EQ(static_cast<int>(StopReason::open_failed), 3);
  EXPECT_EQ(static_cast<int>(StopReason::map_failed), 4);
  EXPECT_EQ(static_cast<int>(StopReason::internal), 5);
  EXPECT_EQ(static_cast<int>(StackState::untested), 0);
  EXPECT_EQ(static_cast<int>(StackState::verified), 1);
  EXPECT_EQ(static_cast<int>(StackState::mismatch), 2);
  EXPECT_EQ(static_cast<int>(StackState::unsupported), 3);
  EXPECT_EQ(static_cast<int>(StackState::switched_off), 4);
  EXPECT_EQ(kMapUsable, 1);
  EXPECT_EQ(kMapFile, 2);
  EXPECT_EQ(kMapShared, 4);
  EXPECT_EQ(kMapBacking, 8);
}

TEST(Format, ShardsOfKnownAddresses) {  // computed apart, in integers without limit
  EXPECT_EQ(shard_of(0), 0u);
  EXPECT_EQ(shard_of(0xffff), 0u);
  EXPECT_EQ(shard_of(0x10000), 632u);
  EXPECT_EQ(shard_of(0x20000), 241u);
  EXPECT_EQ(shard_of(0x5555'5555'0000), 982u);
  EXPECT_EQ(shard_of(0x7f00'0000'1238), 24u);
  EXPECT_EQ(shard_of(0xffff'ffff'ffff'0000), 887u);
  EXPECT_EQ(kMapShard, 1024u);
  EXPECT_EQ(kShardCount, 1025u);
}

TEST(Format, AShardIsOf64KiBAndNeighboursSpread) {
  for (const std::uint64_t start : {std::uint64_t{0}, std::uint64_t{0x7f00'0000'0000}, std::uint64_t{0x5555'5555'0000}}) {
    std::array<unsigned, kShards> used{};
    for (std::uint64_t region = 0; region < 4 * kShards; ++region) {
      const std::uint64_t address = start + region * 65536;
      ASSERT_LT(shard_of(address), kShards);
      ASSERT_EQ(shard_of(address), shard_of(address + 65535));
      ++used[shard_of(address)];
    }
    EXPECT_GE(*std::ranges::min_element(used), 2u);
    EXPECT_LE(*std::ranges::max_element(used), 6u);
  }
}

}  // namespace
}  // namespace heapledger::trace
