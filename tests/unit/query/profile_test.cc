// Profiles of random ledgers against slow, obvious answers: peak, its moment, live blocks, temporaries,
// filters.
#include "../../../analyzer/query/profile.h"

#include "brute_force.h"

namespace heapledger::query {
namespace {

using testing::Block;
using testing::TempFolder;
using testing::Wanted;
using testing::World;
using testing::WorldShape;
using testing::WorldWriter;

/// A written world and its reader.
struct Case {
  explicit Case(const WorldShape& shape)
      : world(WorldWriter(folder / "w.hl", shape).world), reader(folder / "w.hl"), slots(reader) {}
  TempFolder folder;
  World world;
  ledger::Reader reader;
  Slots slots;
};

bool heap(const World& world, const Block& b) { return b.site != 0 && is_heap(world.sites[b.site].account); }

std::vector<std::size_t> all_processes(const World& world) {
  std::vector<std::size_t> all;
  for (std::size_t p = 0; p < world.processes.size(); ++p) all.push_back(p);
  return all;
}

/// Totals by going through the blocks one by one. `end` by process: rows counted, deaths until there are
/// frees.
Sums brute_totals(const World& world, const Wanted& wanted, const testing::BrutePeak& peak,
                  const std::vector<std::uint64_t>& end) {
  Sums sums;
  for (const auto& blocks : world.blocks) {
    for (const Block& b : blocks) {
      if (!wanted(b)) continue;
      const bool at_peak = peak.bytes != 0 && peak.alive[b.process].contains(b.row);
      sums.peak_bytes += at_peak ? b.size : 0;
      sums.peak_blocks += at_peak ? 1 : 0;
      const bool at_end = b.death > end[b.process];
      sums.end_bytes += at_end ? b.size : 0;
      sums.end_blocks += at_end ? 1 : 0;
      if (world.sites[b.site].continuation) continue;
      sums.allocations += 1;
      sums.allocated_bytes += b.size;
      sums.frees += at_end ? 0 : 1;
      if (!testing::brute_temporary(world, b)) continue;
      sums.temporary += 1;
      sums.temporary_bytes += b.size;
    }
  }
  return sums;
}

std::vector<std::uint64_t> ends(const World& world) {
  std::vector<std::uint64_t> result;
  for (const auto& blocks : world.blocks) result.push_back(blocks.size());
  return result;
}

void expect_profile(const Case& c, const Filter& filter, const Wanted& wanted,
                    const std::vector<std::size_t>& processes, const std::vector<std::uint64_t>& end) {
  const Profile got = profile(c.reader, c.slots, {filter, {}}, {});
  const testing::BrutePeak peak = testing::brute_peak(c.world, wanted, processes);
  Sums expected = brute_totals(c.world, wanted, peak, end);
  expected.life_us = got.totals.life_us;  // judged by a test of its own
  EXPECT_EQ(got.totals, expected);
  EXPECT_EQ(got.moment.bytes, peak.bytes);
  EXPECT_EQ(got.moment.time_us, peak.time_us);
  ASSERT_EQ(got.processes.size(), processes.size());
  for (std::size_t i = 0; i < processes.size(); ++i) {
    EXPECT_EQ(got.processes[i].process, processes[i]);
    EXPECT_EQ(got.processes[i].peak_bytes, testing::brute_peak(c.world, wanted, {processes[i]}).bytes);
  }
}

void expect_whole_profile(const WorldShape& shape) {
  SCOPED_TRACE(shape.seed);
  const Case c(shape);
  expect_profile(
      c, {}, [&](const Block& b) { return heap(c.world, b); }, all_processes(c.world), ends(c.world));
}

TEST(Profile, NothingRecorded) {
  expect_whole_profile({.processes = 0});
  expect_whole_profile({.rows = 0});
  expect_whole_profile({.processes = 3, .rows = 0});
}

TEST(Profile, OneProcess) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) expect_whole_profile({.seed = seed});
}

TEST(Profile, SteadyState) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) expect_whole_profile({.seed = seed, .plateau = true});
}

TEST(Profile, ProcessesThatOverlap) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) expect_whole_profile({.seed = seed, .processes = 4});
}

TEST(Profile, SeveralGroupsOfRows) {
  expect_whole_profile({.seed = 7, .rows = 200'000, .threads = 40});
  expect_whole_profile({.seed = 8, .processes = 3, .rows = 150'000, .plateau = true});
}

TEST(Profile, StoredPeakIsThatOfTheSearch) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const Case c({.seed = seed});
    Filter same;  // a condition that holds for everything: the peak must be searched for
    same.threads = {"T"};
    EXPECT_EQ(profile(c.reader, c.slots, {same, {}}, {}).moment.bytes, c.world.processes[0].peak_bytes);
  }
}

TEST(Profile, SizesOfADamagedFileAreNoDanger) {
  const TempFolder folder;
  ledger::Writer writer(folder / "d.hl");
  const std::uint32_t site = writer.site({0, trace::Api::malloc, ledger::Account::native, false});
  writer.begin_process();
  for (std::uint64_t size = 1; size != 0; size <<= 1) writer.death(writer.row(site, 0, size | size >> 1));
  for (int i = 0; i < 100; ++i) writer.row(site, 0, ~std::uint64_t{0} >> 1);
  ledger::Process process;
  process.threads = {{}};
  writer.end_process(process);
  writer.finish({});
  const ledger::Reader reader(folder / "d.hl");
  Filter filter;
  filter.accounts = {"native"};  // makes it search
  EXPECT_EQ(profile(reader, Slots(reader), {filter, {}}, {}).totals.allocations, 164u);
}

TEST(Profile, FilterByProcessAndThread) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const Case c({.seed = seed, .processes = 3});
    Filter filter;
    filter.processes = {"4002", "1"};  // by pid, by number
    filter.threads = {"101", "T2"};
    const auto wanted = [&](const Block& b) { return heap(c.world, b) && b.process != 1 && b.thread != 0; };
    expect_profile(c, filter, wanted, {0, 2}, ends(c.world));
  }
}

TEST(Profile, FilterByTime) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const Case c({.seed = seed, .processes = 2});
    Filter filter;
    filter.from_us = 9'000;
    filter.to_us = 60'000;
    std::vector<std::uint64_t> end;
    for (const auto& blocks : c.world.blocks) {
      end.push_back(static_cast<std::uint64_t>(
          std::count_if(blocks.begin(), blocks.end(), [](const Block& b) { return b.born_us < 60'000; })));
    }
    const auto wanted = [&](const Block& b) {
      return heap(c.world, b) && b.born_us >= 9'000 && b.born_us < 60'000;
    };
    expect_profile(c, filter, wanted, all_processes(c.world), end);
  }
}

/// Whether a frame of the stack satisfies the condition.
bool any_frame(const World& world, const Block& b,
               const std::function<bool(const ledger::Frame&)>& condition) {
  for (std::uint32_t n = world.sites[b.site].node; n != 0; n = world.nodes[n].parent) {
    if (condition(world.frames[world.nodes[n].frame])) return true;
  }
  return false;
}

TEST(Profile, FilterByCode) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const Case c({.seed = seed});
    Filter filter;
    filter.functions = {"ar", "l?ad"};  // parse, load
    filter.files = {"json/*.py", "app"};
    const auto frame = [&](const ledger::Frame& f) {
      const auto& function = c.world.strings[f.function];
      const auto& file = c.world.strings[f.file];
      return (function == "parse" || function == "load") &&
             (file == "app.py" || file.ends_with("decoder.py"));
    };
    const auto wanted = [&](const Block& b) { return heap(c.world, b) && any_frame(c.world, b, frame); };
    expect_profile(c, filter, wanted, {0}, ends(c.world));
  }
}

TEST(Profile, FilterByAccount) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const Case c({.seed = seed, .sites = 100});
    Filter filter;
    filter.accounts = {"native", "Python buff", "reserved"};
    const auto wanted = [&](const Block& b) {
      const ledger::Account a = c.world.sites[b.site].account;
      return b.site != 0 && (a == ledger::Account::native || a == ledger::Account::python_buffer ||
                             a == ledger::Account::reserved);
    };
    expect_profile(c, filter, wanted, {0}, ends(c.world));
  }
}

TEST(Profile, AliveAtATime) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const Case c({.seed = seed, .processes = 3});
    for (const std::uint64_t at : {0, 500, 20'000, 45'000, 400'000}) {
      const Profile got = profile(c.reader, c.slots, {{}, at}, {});
      std::uint64_t bytes = 0, blocks = 0;
      for (std::size_t p = 0; p < 3; ++p) {
        const auto& rows = c.world.blocks[p];
        const std::uint64_t offset =
            (c.world.processes[p].start_monotonic_ns - c.world.processes[0].start_monotonic_ns) / 1000;
        if (at < offset || at > offset + c.world.processes[p].duration_us) continue;
        const auto born = static_cast<std::uint64_t>(
            std::count_if(rows.begin(), rows.end(), [&](const Block& b) { return b.born_us <= at; }));
        for (std::uint64_t r = 0; r < born; ++r) {
          if (!heap(c.world, rows[r]) || rows[r].death <= born) continue;
          bytes += rows[r].size;
          blocks += 1;
        }
      }
      EXPECT_EQ(got.moment.bytes, bytes) << "seed " << seed << " at " << at;
      EXPECT_EQ(got.moment.blocks, blocks);
    }
  }
}

TEST(Profile, LifetimesAreTimesOfDeathLessTimesOfBirth) {
  const Case c({.seed = 3, .processes = 2, .rows = 5000});
  std::uint64_t expected = 0;
  for (const auto& blocks : c.world.blocks) {
    for (const Block& b : blocks) {
      if (!heap(c.world, b) || c.world.sites[b.site].continuation || b.death == kNever) continue;
      const ledger::Process& p = c.world.processes[b.process];
      const std::uint64_t offset = (p.start_monotonic_ns - c.world.processes[0].start_monotonic_ns) / 1000;
      expected += (b.death == blocks.size() ? offset + p.duration_us : blocks[b.death].born_us) - b.born_us;
    }
  }
  EXPECT_EQ(profile(c.reader, c.slots, {}, {}).totals.life_us, expected);
}

TEST(Profile, AccountsAndThreadsAddUp) {
  const Case c({.seed = 5, .processes = 3, .sites = 100});
  const Profile got = profile(c.reader, c.slots, {}, {});
  Sums heap_accounts, threads;
  for (unsigned a = 0; a < ledger::kAccountCount; ++a) {
    if (is_heap(static_cast<ledger::Account>(a))) heap_accounts += got.accounts[a];
  }
  for (const auto& process : got.threads) {
    for (const Sums& thread : process) threads += thread;
  }
  EXPECT_EQ(heap_accounts, got.totals);
  EXPECT_EQ(threads, got.totals);
  EXPECT_GT(got.accounts[static_cast<unsigned>(ledger::Account::reserved)].allocations, 0u);
}

}  // namespace
}  // namespace heapledger::query
