// The order of a merge against what really happened: simulated threads, killed writers, cut and damaged traces.
#include "../../../analyzer/read/merge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>

#include "../../support/definitions.h"
#include "../../support/thread_simulation.h"

namespace heapledger::read {
namespace {

using support::Happening;
using support::Shape;
using support::Simulation;
using support::TraceBuilder;
using support::TraceFile;
using trace::Api;

constexpr std::uint64_t kNoStop = std::numeric_limits<std::uint64_t>::max();

struct Merged {
  std::vector<Event> events;
  std::uint64_t missing = 0, dropped = 0, damaged = 0;
};

Merged merge(const RawTrace& trace, std::uint64_t stop_us = kNoStop, std::size_t batch = 64) {
  support::NumberedSites definitions;
  Merger merger(trace, definitions, stop_us);
  Merged merged;
  std::vector<Event> out(batch);
  std::size_t n = batch;
  while (n == batch) {  // fewer only at the end
    n = merger.next(out);
    merged.events.insert(merged.events.end(), out.begin(), out.begin() + static_cast<std::ptrdiff_t>(n));
  }
  EXPECT_EQ(merger.next(out), 0u);
  merged.missing = merger.missing_stamps();
  merged.dropped = merger.dropped_events();
  merged.damaged = merger.damaged_lanes();
  return merged;
}
Merged merge(TraceBuilder& trace, std::uint64_t stop_us = kNoStop, std::size_t batch = 64) {
  return merge(RawTrace(TraceFile(trace.bytes()).path()), stop_us, batch);
}

// ---------------------------------------------------------------------------------------------- oracle

/// The happenings in the order of a merge; checks that events are what was recorded.
std::vector<const Happening*> in_merged_order(const Simulation& simulation, const std::vector<Event>& events) {
  std::map<std::pair<std::uint32_t, std::size_t>, const Happening*> by_place;
  for (const Happening& h : simulation.happenings)
    if (h.recorded) by_place[{h.lane, h.place}] = &h;
  std::map<std::uint32_t, std::size_t> places;
  std::vector<const Happening*> order;
  for (const Event& e : events) {
    const auto found = by_place.find({e.lane, places[e.lane]++});
    if (e.kind == EventKind::nothing) continue;
    if (found == by_place.end()) return ADD_FAILURE() << "an event that was never recorded", order;
    const Happening& h = *found->second;
    const bool same = (e.kind == EventKind::free) == h.is_free && e.address == h.address && e.size == h.size &&
                      e.site == h.site && e.time_us == h.time_us;
    if (!same) return ADD_FAILURE() << "event " << places[e.lane] - 1 << " of lane " << e.lane << " differs", order;
    order.push_back(&h);
  }
  return order;
}

/// Events on each address must come as they happened.
void expect_true_order(const std::vector<const Happening*>& order) {
  std::map<std::uint64_t, const Happening*> last;
  for (const Happening* h : order) {
    const Happening*& before = last[h->address];
    ASSERT_TRUE(before == nullptr || before < h) << "address " << h->address << " at " << h->time_us << " us";
    before = h;
  }
}

/// A whole trace: no block is handed out twice, none freed twice or out of nowhere.
void expect_replays(const std::vector<const Happening*>& order) {
  std::map<std::uint64_t, std::uint64_t> live;
  for (const Happening* h : order) {
    if (h->is_free) ASSERT_EQ(live.erase(h->address), 1u);
    else ASSERT_TRUE(live.emplace(h->address, h->size).second);
  }
}

/// Live bytes at most during a period.
std::uint64_t peak_of(const std::vector<const Happening*>& order, std::uint32_t period) {
  std::map<std::uint64_t, std::uint64_t> sizes;
  std::uint64_t live = 0, peak = 0;
  for (const Happening* h : order) {
    if (h->is_free) live -= sizes[h->address];
    else live += sizes[h->address] = h->size;
    if (h->period == period) peak = std::max(peak, live);
  }
  return peak;
}

std::vector<const Happening*> true_order(const Simulation& simulation) {
  std::vector<const Happening*> order;
  for (const Happening& h : simulation.happenings)
    if (h.recorded) order.push_back(&h);
  return order;
}

// -------------------------------------------------------------------------------------- whole processes

void check_whole(const Shape& shape, std::uint64_t seed) {
  SCOPED_TRACE(testing::Message() << shape.threads << " threads, " << shape.regions << " regions, seed " << seed);
  Simulation simulation(shape, seed);
  simulation.run(1, 500);
  for (int i = 0; i < 4; ++i) simulation.run(shape.threads, 4000), simulation.run(1, 1000);
  const Merged merged = merge(simulation.trace);
  EXPECT_EQ(merged.missing + merged.dropped + merged.damaged, 0u);
  const auto order = in_merged_order(simulation, merged.events), truth = true_order(simulation);
  ASSERT_EQ(order.size(), simulation.happenings.size());
  expect_true_order(order);
  expect_replays(order);
  EXPECT_TRUE(std::ranges::is_sorted(order, {}, &Happening::period));
  for (std::uint32_t period = 0; period < 9; period += 2) EXPECT_EQ(peak_of(order, period), peak_of(truth, period));
}

TEST(Merge, ManySmallProcesses) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) check_whole({.threads = 2 + static_cast<std::uint32_t>(seed % 7)}, seed);
}
TEST(Merge, ContentionInOneShard) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) check_whole({.threads = 6, .regions = 1, .slots = 12}, seed);
}
TEST(Merge, ManyThreadsAndShards) {
  for (std::uint64_t seed = 0; seed < 4; ++seed) check_whole({.threads = 60, .regions = 200, .slots = 4}, seed);
}
TEST(Merge, AClockThatHardlyMoves) { check_whole({.threads = 5, .tick = 0}, 1); }
TEST(Merge, AClockThatMovesAllTheTime) { check_whole({.threads = 5, .tick = 0.9, .tick_us = 1}, 1); }

TEST(Merge, TheSizeOfTheBatchDoesNotMatter) {
  Simulation simulation({.threads = 4}, 5);
  simulation.run(4, 3000);
  const auto whole = in_merged_order(simulation, merge(simulation.trace).events);
  for (const std::size_t batch : {1, 2, 3, 100'000})
    EXPECT_EQ(in_merged_order(simulation, merge(simulation.trace, kNoStop, batch).events), whole) << batch;
}

TEST(Merge, IndependentLanesAreSortedByTheirClocks) {
  TraceBuilder trace;
  for (std::uint32_t lane = 0; lane < 5; ++lane)
    for (std::uint64_t i = 0; i < 300; ++i)
      trace.lane(lane).at(1 + i * (lane + 1)).alloc(0, (std::uint64_t{lane} << 32) + 8 * i + 8, 8);
  const auto events = merge(trace).events;
  EXPECT_EQ(events.size(), 1500u);
  EXPECT_TRUE(std::ranges::is_sorted(events, {}, &Event::time_us));
}

TEST(Merge, NoLanesAndEmptyLanes) {
  TraceBuilder trace;
  EXPECT_TRUE(merge(trace).events.empty());
  trace.lane(4).chunk();
  trace.lane(2).chunk().chunk();
  EXPECT_TRUE(merge(trace).events.empty());
  trace.lane(3).alloc(0, 64, 8);
  EXPECT_EQ(merge(trace).events.size(), 1u);
}

TEST(Merge, StampsBehindTheGreatestNumber) {
  TraceBuilder trace;
  constexpr std::uint64_t kA = 0x10'0000;
  // The one before the wrap-around has to be waited for by the one behind it.
  trace.lane(0).put(trace::Order{0xffff'fffe}).alloc(0, kA, 8).at(50).put(trace::Order{0}).free(kA);
  trace.lane(1).alloc(0, kA, 8, 0);
  trace.lane(1).free(kA, 0, 0xffff'ffff);
  EXPECT_EQ(merge(trace).events.size(), 4u);
}

// ---------------------------------------------------------------------------------------------- killed

void check_killed(const Shape& shape, std::uint64_t seed) {
  SCOPED_TRACE(testing::Message() << shape.threads << " threads, " << shape.stalled << " stalled, seed " << seed);
  Simulation simulation(shape, seed);
  simulation.run_and_kill(shape.threads, 3000);
  simulation.trace.header().clean_end = seed % 2 == 0 ? 1 : 0;  // exit() does not wait for other threads either
  const Merged merged = merge(simulation.trace);
  EXPECT_EQ(merged.missing, simulation.missing_stamps());
  const auto order = in_merged_order(simulation, merged.events);
  EXPECT_EQ(order.size(), true_order(simulation).size());
  expect_true_order(order);
}

TEST(MergeAfterSigkill, EveryThreadInTheMiddleOfSomething) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) check_killed({.threads = 8}, seed);
}
TEST(MergeAfterSigkill, ContentionInOneShard) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) check_killed({.threads = 8, .regions = 1, .slots = 20}, seed);
}
TEST(MergeAfterSigkill, ThreadsThatWereHeldUpLongBefore) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) check_killed({.threads = 8, .stalled = 3}, seed);
}
TEST(MergeAfterSigkill, ThreadsThatWereHeldUpWithinOneTick) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) check_killed({.threads = 8, .tick = 0, .stalled = 3}, seed);
}

TEST(MergeAfterSigkill, AMissingStampHoldsNobodyUp) {
  TraceBuilder trace;
  constexpr std::uint64_t kA = 0x10'0000, kB = 0x20'0000;  // shards of their own
  trace.header().clean_end = 0;
  trace.stamps().take_for(kA);
  for (std::uint64_t i = 1; i < 1000; ++i) {
    trace.lane(0).at(1000 * i).alloc(0, kA + 8 * i, 8);
    trace.lane(1).at(1000 * i).alloc(0, kB + 8 * i, 8);
  }
  const Merged merged = merge(trace);
  EXPECT_EQ(merged.missing, 1u);
  EXPECT_EQ(merged.events.size(), 1998u);
  std::uint64_t latest_us = 0;
  for (const Event& e : merged.events) {
    latest_us = std::max(latest_us, e.time_us);
    EXPECT_LE(latest_us, e.time_us + Merger::kPatienceUs);
  }
}

// -------------------------------------------------------------------------------------------- stopped

TEST(MergeUpToAStop, LeavesOutWhatIsLater) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE(seed);
    Simulation simulation({.threads = 6}, seed);
    simulation.run(6, 6000);
    const auto truth = true_order(simulation);
    const std::uint64_t stop_us = truth[truth.size() / 2]->time_us;
    const auto kept = static_cast<std::uint64_t>(
        std::ranges::count_if(truth, [&](const Happening* h) { return h->time_us <= stop_us; }));
    const Merged all = merge(simulation.trace), merged = merge(simulation.trace, stop_us);
    const auto order = in_merged_order(simulation, merged.events);
    EXPECT_EQ(order.size(), kept);
    EXPECT_EQ(merged.dropped, all.events.size() - merged.events.size());
    EXPECT_EQ(merged.missing, 0u) << "they are in the trace";
    expect_true_order(order);
  }
}

// -------------------------------------------------------------------------------------------- damaged

/// Small, with everything that threads do to each other.
TraceBuilder& small_trace(Simulation& simulation) {
  simulation.run(3, 120);
  simulation.trace.lane(1).map(1, 0x7000'0000, 8192, trace::kMapUsable).unmap(0x7000'0000, 4096);
  return simulation.trace;
}

TEST(MergeOfDamage, CutAtEveryByteGivesAPrefixOfEachLane) {
  Simulation simulation({.threads = 3, .regions = 2}, 3);
  const auto bytes = small_trace(simulation).bytes();
  const TraceFile file(bytes);
  std::map<std::uint32_t, std::vector<std::uint64_t>> whole;
  for (const Event& e : merge(RawTrace(file.path())).events) whole[e.lane].push_back(e.address);
  for (std::uint64_t size = bytes.size() - 1; size >= sizeof(trace::FileHeader); --size) {
    file.resize(size);
    std::map<std::uint32_t, std::size_t> places;
    for (const Event& e : merge(RawTrace(file.path())).events)
      ASSERT_TRUE(places[e.lane] < whole[e.lane].size() && whole[e.lane][places[e.lane]++] == e.address) << size;
  }
}

TEST(MergeOfDamage, AnyByteMayBeAnother) {
  Simulation simulation({.threads = 3, .regions = 2}, 3);
  const auto bytes = small_trace(simulation).bytes();
  const TraceFile file(bytes);
  std::uint64_t committed = 0;
  for (const auto& chunk : simulation.trace.chunks()) committed += chunk.records.size();
  for (std::uint64_t at = trace::kGranule; at < bytes.size(); ++at) {
    if (at % trace::kGranule > sizeof(trace::ChunkHeader) + committed) continue;  // nobody looks there
    for (const int change : {0x01, 0x80, 0xff}) {
      file.set(at, bytes[at] ^ static_cast<std::byte>(change));
      ASSERT_LE(merge(RawTrace(file.path())).events.size(), 3 * trace::kGranule);
    }
    file.set(at, bytes[at]);
  }
}

TEST(MergeOfDamage, AStampThatWasAlreadyThereIsNotBillionsOfMissingOnes) {
  TraceBuilder trace;
  trace.lane(0).alloc(0, 64, 8).free(64).alloc(0, 64, 8);
  trace.lane(1).free(64, 0, 1);
  const Merged merged = merge(trace);
  EXPECT_EQ(merged.events.size(), 4u);
  EXPECT_LE(merged.missing, 1u);
}

// ----------------------------------------------------------------------------------------------- large

/// Threads of a large pool take turns on one address: the lane changes with every event. A merge that looks at all lanes
/// at each change takes a hundred thousand million steps here, and this test its time limit.
TEST(MergeOfManyLanes, WorkDoesNotGrowWithTheLanes) {
  constexpr std::uint32_t kLanes = 5000, kRounds = 2000;
  TraceBuilder turn;  // what a lane writes when it is its turn again
  turn.lane(0).put(trace::Order{kLanes - 1}).raw(std::array{std::byte{2}});
  support::FileBytes turns;
  for (std::uint32_t i = 1; i < kRounds; ++i)
    turns.insert(turns.end(), turn.chunks()[0].records.begin(), turn.chunks()[0].records.end());
  TraceBuilder trace;
  for (std::uint32_t lane = 0; lane < kLanes; ++lane) trace.lane(lane).free(64).raw(turns);
  const Merged merged = merge(trace);
  ASSERT_EQ(merged.events.size(), std::size_t{kRounds} * kLanes);
  EXPECT_EQ(merged.missing, 0u);
  for (std::size_t i = 0; i < merged.events.size(); ++i) ASSERT_EQ(merged.events[i].lane, i % kLanes);
}

}  // namespace
}  // namespace heapledger::read
