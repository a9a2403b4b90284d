// Raw trace files: what is refused and how, which chunks count, and every kind of damage to the file as a whole.
#include "../../../analyzer/read/raw_trace.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <bit>
#include <filesystem>
#include <fstream>
#include <utility>

#include "../../../analyzer/error.h"
#include "../../support/trace_builder.h"

namespace heapledger::read {
namespace {

using support::FileBytes;
using support::TraceBuilder;
using support::TraceFile;

/// The error that opening raises; empty when it opens.
std::string error_of(const std::string& path) {
  try {
    const RawTrace trace(path);
    return "";
  } catch (const FileError& error) {
    return error.what();
  }
}
std::string error_of(const FileBytes& bytes) { return error_of(TraceFile(bytes).path()); }

bool says(const std::string& text, std::string_view words) { return text.find(words) != std::string::npos; }

template <class T>
void store(FileBytes& bytes, std::size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

FileBytes filled(std::size_t size, int value) { return FileBytes(size, static_cast<std::byte>(value)); }

std::vector<std::vector<std::size_t>> sizes_of(const RawTrace& trace) {
  std::vector<std::vector<std::size_t>> sizes;
  for (const auto& lane : trace.lanes()) {
    sizes.emplace_back();
    for (const ChunkBytes& chunk : lane) sizes.back().push_back(chunk.size());
  }
  return sizes;
}

using Sizes = std::vector<std::vector<std::size_t>>;

// ---------------------------------------------------------------------------------------------- header

TEST(RawTraceHeader, ComesAsItWasWritten) {
  TraceBuilder builder;
  auto& h = builder.header();
  h.pid = 1, h.parent_pid = 2, h.forked_from = 3, h.start_monotonic_ns = 4, h.start_realtime_ns = 5, h.start_ticks = 6;
  h.lost_events = 7, h.handler_events = 8, h.stop_monotonic_ns = 9, h.stop_reason = trace::StopReason::map_failed;
  h.clean_end = 1, h.lost_children = 10, h.missed_interpreters = 11;
  const RawTrace trace(TraceFile(builder.bytes()).path());
  EXPECT_EQ(trace.header().pid, 1u);
  EXPECT_EQ(trace.header().parent_pid, 2u);
  EXPECT_EQ(trace.header().forked_from, 3u);
  EXPECT_EQ(trace.header().start_monotonic_ns, 4u);
  EXPECT_EQ(trace.header().start_realtime_ns, 5u);
  EXPECT_EQ(trace.header().start_ticks, 6u);
  EXPECT_EQ(trace.header().lost_events, 7u);
  EXPECT_EQ(trace.header().handler_events, 8u);
  EXPECT_EQ(trace.header().stop_monotonic_ns, 9u);
  EXPECT_EQ(trace.header().stop_reason, trace::StopReason::map_failed);
  EXPECT_TRUE(trace.header().clean_end);
  EXPECT_EQ(trace.header().lost_children, 10u);
  EXPECT_EQ(trace.header().missed_interpreters, 11u);
  EXPECT_TRUE(trace.lanes().empty());
  EXPECT_TRUE(trace.damage().empty());
}

TEST(RawTraceHeader, RefusalsNameTheFileAndTheReason) {
  const FileBytes good = TraceBuilder().bytes();
  const auto changed = [&](std::size_t at, std::uint32_t value) {
    FileBytes bytes = good;
    store(bytes, at, value);
    return error_of(bytes);
  };
  EXPECT_EQ(error_of(good), "");
  EXPECT_TRUE(says(changed(0, 0), "is not a raw trace"));
  EXPECT_TRUE(says(changed(4, std::bit_cast<std::uint32_t>(std::array{'W', '\n', '\x1a', '\0'})), "is not a raw trace"))
      << "a transfer in text mode dropped the carriage return";
  EXPECT_TRUE(says(changed(8, trace::kVersion + 1), "pack it with the newer one"));
  EXPECT_TRUE(says(changed(8, trace::kVersion - 1), "pack it with the older one"));
  EXPECT_TRUE(says(changed(8, 0), "damaged"));
  EXPECT_TRUE(says(changed(12, 0x04030201), "byte order"));
  EXPECT_TRUE(says(changed(16, 4096), "damaged"));
  EXPECT_TRUE(says(changed(20, 4), "64-bit"));
  EXPECT_TRUE(says(changed(28, 8), "damaged"));
  EXPECT_TRUE(says(changed(0, 0), "/proc/self/fd/"));
}

TEST(RawTraceHeader, EmptyTornAndForeignFiles) {
  EXPECT_TRUE(says(error_of(FileBytes{}), "empty"));
  EXPECT_TRUE(says(error_of(filled(10, 0)), "is not a raw trace"));
  EXPECT_TRUE(says(error_of(filled(100'000, 0xff)), "is not a raw trace"));
  EXPECT_TRUE(says(error_of("/nonexistent/1.raw"), "No such file"));
  EXPECT_TRUE(says(error_of(std::filesystem::temp_directory_path().string()), "is not a file"));
  EXPECT_TRUE(says(error_of("/dev/null"), "is not a file"));
  EXPECT_TRUE(says(error_of(filled(1, 'H')), "ends inside its header"));
}

TEST(RawTraceHeader, ALedgerIsNoRawTrace) {
  FileBytes ledger = filled(4096, 0);
  std::ranges::copy(std::as_bytes(std::span("HLDGR\r\n\x1a", 8)), ledger.begin());
  EXPECT_TRUE(says(error_of(ledger), "is not a raw trace"));
  EXPECT_FALSE(looks_like_raw_trace(TraceFile(ledger).path()));
}

TEST(RawTraceHeader, LooksLikeOneByItsFirstBytes) {
  EXPECT_TRUE(looks_like_raw_trace(TraceFile(TraceBuilder().bytes()).path()));
  FileBytes torn = TraceBuilder().bytes();
  torn.resize(8);
  EXPECT_TRUE(looks_like_raw_trace(TraceFile(torn).path()));
  torn.resize(7);
  EXPECT_FALSE(looks_like_raw_trace(TraceFile(torn).path()));
  EXPECT_FALSE(looks_like_raw_trace("/nonexistent/1.raw"));
  EXPECT_FALSE(looks_like_raw_trace(std::filesystem::temp_directory_path().string()));
}

// ---------------------------------------------------------------------------------------------- chunks

TEST(RawTraceChunks, AreSortedByLaneAndSerial) {
  TraceBuilder builder;
  builder.lane(7).chunk().raw(filled(1, 1)).chunk().raw(filled(2, 1)).chunk().raw(filled(3, 1));
  builder.lane(2).chunk().raw(filled(4, 1)).chunk(5 * trace::kGranule).raw(filled(5, 1));
  std::ranges::reverse(builder.chunks());
  std::swap(builder.chunks()[1], builder.chunks()[3]);
  const RawTrace trace(TraceFile(builder.bytes()).path());
  EXPECT_EQ(sizes_of(trace), (Sizes{{4, 5}, {1, 2, 3}}));
  EXPECT_EQ(trace.committed_bytes(), 15u);
  EXPECT_TRUE(trace.damage().empty());
}

TEST(RawTraceChunks, ALaneEndsBeforeAMissingChunk) {
  TraceBuilder builder;
  for (int i = 1; i <= 4; ++i) builder.lane(0).chunk().raw(filled(static_cast<std::size_t>(i), 1));
  builder.lane(1).chunk().raw(filled(9, 1));
  builder.chunks().erase(builder.chunks().begin() + 1);
  const RawTrace trace(TraceFile(builder.bytes()).path());
  EXPECT_EQ(sizes_of(trace), (Sizes{{1}, {9}}));
  ASSERT_EQ(trace.damage().size(), 1u);
  EXPECT_TRUE(says(trace.damage()[0], "2 chunks were left out"));
}

TEST(RawTraceChunks, ALaneWithoutItsFirstChunkIsEmpty) {
  TraceBuilder builder;
  builder.lane(0).chunk().raw(filled(1, 1)).chunk().raw(filled(2, 1));
  builder.chunks().pop_front();
  const RawTrace trace(TraceFile(builder.bytes()).path());
  EXPECT_EQ(sizes_of(trace), Sizes{{}});
  EXPECT_EQ(trace.committed_bytes(), 0u);
  EXPECT_EQ(trace.damage().size(), 1u);
}

TEST(RawTraceChunks, ASecondChunkOfTheSameNumberIsLeftOut) {
  TraceBuilder builder;
  builder.lane(0).chunk().raw(filled(1, 1)).chunk().raw(filled(2, 1));
  builder.chunks()[1].serial = 0;
  const RawTrace trace(TraceFile(builder.bytes()).path());
  ASSERT_EQ(trace.lanes().size(), 1u);
  EXPECT_EQ(trace.lanes()[0].size(), 1u);
  EXPECT_EQ(trace.damage().size(), 1u);
}

/// One chunk in each of three lanes; the middle one's header is changed.
RawTrace with_middle_header(std::size_t field, std::uint32_t value) {
  TraceBuilder builder;
  for (std::uint32_t lane = 0; lane < 3; ++lane) builder.lane(lane).chunk(2 * trace::kGranule).raw(filled(10 + lane, 1));
  FileBytes bytes = builder.bytes();
  store(bytes, 3 * trace::kGranule + field, value);
  return RawTrace(TraceFile(bytes).path());
}

TEST(RawTraceChunks, ADamagedHeaderCostsOneChunk) {
  const std::pair<std::size_t, std::uint32_t> damages[] = {
      {offsetof(trace::ChunkHeader, bytes), 0},
      {offsetof(trace::ChunkHeader, bytes), trace::kGranule + 1},
      {offsetof(trace::ChunkHeader, bytes), 0xffffc000},
      {offsetof(trace::ChunkHeader, bytes), trace::kMaxChunk + trace::kGranule},
      {offsetof(trace::ChunkHeader, lane), 0xffffffff},
      {offsetof(trace::ChunkHeader, committed), 0xffffffff},
      {offsetof(trace::ChunkHeader, committed), 2 * trace::kGranule - 127},
  };
  for (const auto& [field, value] : damages) {
    const RawTrace trace = with_middle_header(field, value);
    EXPECT_EQ(sizes_of(trace), (Sizes{{10}, {12}})) << field << " " << value;
    EXPECT_EQ(trace.damage().size(), 1u) << field << " " << value;
  }
}

TEST(RawTraceChunks, AClaimedChunkThatWasNeverBegunIsNoDamage) {
  const RawTrace trace = with_middle_header(offsetof(trace::ChunkHeader, magic), 0);
  EXPECT_EQ(sizes_of(trace), (Sizes{{10}, {12}}));
  EXPECT_TRUE(trace.damage().empty());
}

TEST(RawTraceChunks, AFullChunkIsRead) {
  TraceBuilder builder;
  builder.lane(0).chunk().raw(filled(trace::kGranule - sizeof(trace::ChunkHeader), 1));
  const RawTrace trace(TraceFile(builder.bytes()).path());
  EXPECT_EQ(sizes_of(trace), (Sizes{{trace::kGranule - 128}}));
  EXPECT_TRUE(trace.damage().empty());
}

TEST(RawTraceChunks, TheGreatestChunkIsReadAndAGreaterOneRefused) {
  TraceBuilder builder;
  builder.lane(0).chunk().raw(filled(3, 1));
  builder.lane(1).chunk().raw(filled(4, 1));
  const TraceFile file(builder.bytes());
  const auto set = [&](std::uint64_t chunk, std::size_t field, std::uint64_t value) {
    for (unsigned i = 0; i < 4; ++i)
      file.set((1 + chunk) * trace::kGranule + field + i, static_cast<std::byte>(value >> (8 * i)));
  };
  file.resize(2 * trace::kGranule + trace::kMaxChunk);
  set(1, offsetof(trace::ChunkHeader, bytes), trace::kMaxChunk);
  set(1, offsetof(trace::ChunkHeader, committed), trace::kMaxChunk - sizeof(trace::ChunkHeader));
  EXPECT_EQ(sizes_of(RawTrace(file.path())), (Sizes{{3}, {trace::kMaxChunk - sizeof(trace::ChunkHeader)}}));
  file.resize(3 * trace::kGranule + trace::kMaxChunk);
  set(1, offsetof(trace::ChunkHeader, bytes), trace::kMaxChunk + trace::kGranule);
  EXPECT_EQ(sizes_of(RawTrace(file.path())), Sizes{{3}});
}

// ------------------------------------------------------------------------------------------ truncation

FileBytes joined(const std::vector<ChunkBytes>& lane) {
  FileBytes all;
  for (const ChunkBytes& chunk : lane) all.insert(all.end(), chunk.begin(), chunk.end());
  return all;
}

TEST(RawTraceTruncation, AtEveryByteGivesAPrefixOfEachLaneAndSaysSo) {
  TraceBuilder builder;
  builder.lane(0).chunk().raw(filled(100, 1));
  builder.lane(1).chunk().raw(filled(16'000, 2));
  builder.lane(0).chunk().raw(filled(200, 3)).chunk().raw(filled(1, 4));
  const FileBytes whole = builder.bytes();
  const TraceFile file(whole);
  std::vector<FileBytes> lanes(2);
  for (const support::BuiltChunk& chunk : builder.chunks())
    lanes[chunk.lane].insert(lanes[chunk.lane].end(), chunk.records.begin(), chunk.records.end());
  for (std::uint64_t size = whole.size() - 1; size != 0; --size) {
    file.resize(size);
    if (size < sizeof(trace::FileHeader)) {
      ASSERT_TRUE(says(error_of(file.path()), "ends inside its header")) << size;
      continue;
    }
    const RawTrace trace(file.path());
    ASSERT_LE(trace.lanes().size(), 2u);
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < trace.lanes().size(); ++i) {
      const FileBytes part = joined(trace.lanes()[i]);
      ASSERT_TRUE(part.size() <= lanes[i].size() && std::equal(part.begin(), part.end(), lanes[i].begin())) << size;
      bytes += part.size();
    }
    ASSERT_EQ(trace.committed_bytes(), bytes);
    ASSERT_TRUE(bytes == lanes[0].size() + lanes[1].size() || !trace.damage().empty()) << "cut at byte " << size;
  }
}

}  // namespace
}  // namespace heapledger::read
