// The search for the peak with room for one bucket at a time: every bound must hold.
#include "../../../analyzer/query/peak.h"

#include "brute_force.h"

namespace heapledger::query {
namespace {

using testing::Block;
using testing::TempFolder;
using testing::World;
using testing::WorldShape;
using testing::WorldWriter;

/// What a search works on.
struct Case {
  explicit Case(const std::string& path) : reader(path) {
    for (std::size_t p = 0; p < reader.processes().size(); ++p) clocks.emplace_back(reader, p);
    offsets = process_offsets(reader);
    selection = compile({}, reader, clocks);
  }
  [[nodiscard]] Peak find(const Timeline& timeline, std::uint64_t replay_bytes) const {
    return find_peak(reader, selection, clocks, timeline, {}, replay_bytes);
  }
  ledger::Reader reader;
  std::vector<Clock> clocks;
  std::vector<std::uint64_t> offsets;
  Selection selection;
};

void expect_peak(const WorldShape& shape) {
  SCOPED_TRACE(shape.seed);
  const TempFolder folder;
  const World world = WorldWriter(folder / "w.hl", shape).world;
  const Case c(folder / "w.hl");
  const auto heap = [&](const Block& b) { return b.site != 0 && is_heap(world.sites[b.site].account); };
  const testing::BrutePeak expected = testing::brute_peak(world, heap, c.selection.processes);
  const Timeline timeline(c.clocks, c.offsets, c.selection.processes);
  for (const std::uint64_t replay_bytes : {std::uint64_t{1}, std::uint64_t{2000}, kReplayBytes}) {
    const Peak got = c.find(timeline, replay_bytes);
    EXPECT_EQ(got.bytes, expected.bytes);
    EXPECT_EQ(timeline.time_of(got.position), expected.time_us);
  }
}

TEST(Peak, OneBucketAtATime) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) expect_peak({.seed = seed});
}
TEST(Peak, SteadyState) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) expect_peak({.seed = seed, .plateau = true});
}
TEST(Peak, ProcessesShareBuckets) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed)
    expect_peak({.seed = seed, .processes = 4, .plateau = true});
}

/// Writes rows of given sizes that end at given positions (0: never).
void write_rows(const std::string& path,
                const std::map<std::uint64_t, std::pair<std::uint64_t, std::uint64_t>>& rows,
                std::uint64_t count) {
  ledger::Writer writer(path);
  const std::uint32_t site = writer.site({0, trace::Api::malloc, ledger::Account::native, false});
  writer.begin_process();
  for (std::uint64_t row = 0; row < count; ++row) {
    for (const auto& [other, block] : rows) {
      if (block.second == row && row != 0) writer.death(other);
    }
    const auto at = rows.find(row);
    writer.row(at == rows.end() ? 0 : site, 0, at == rows.end() ? 0 : at->second.first);
  }
  ledger::Process process;
  process.threads = {{}};
  writer.end_process(process);
  writer.finish({});
}

TEST(Peak, TheFirstOfEqualOnesAlsoWhenALaterOneLooksBetter) {
  const TempFolder folder;
  // 100 bytes at row 1, and again at row 71; there the bound is 150, because an older block ends in that
  // bucket.
  write_rows(folder / "t.hl", {{0, {50, 70}}, {1, {50, 2}}, {71, {100, 72}}}, 200);
  const Case c(folder / "t.hl");
  const Timeline timeline(c.clocks, c.offsets, c.selection.processes);
  for (const std::uint64_t replay_bytes : {std::uint64_t{1}, kReplayBytes}) {
    EXPECT_EQ(c.find(timeline, replay_bytes).bytes, 100u);
    EXPECT_EQ(c.find(timeline, replay_bytes).position, 1u);
  }
}

TEST(Peak, OfNothing) {
  const TempFolder folder;
  write_rows(folder / "t.hl", {}, 10);
  const Case c(folder / "t.hl");
  EXPECT_EQ(c.find(Timeline(c.clocks, c.offsets, c.selection.processes), 1).bytes, 0u);
}

}  // namespace
}  // namespace heapledger::query
