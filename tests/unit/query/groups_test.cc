// Groups of random ledgers against sums over blocks grouped by hand.
#include "../../../analyzer/query/groups.h"

#include "brute_force.h"

namespace heapledger::query {
namespace {

using testing::Block;
using testing::World;

struct Case : testing::Profiled {
  explicit Case(std::uint64_t seed) : Profiled({.seed = seed, .processes = 2, .sites = 50}) {}
};

/// A text for the group that a block belongs to, made without the product's keys.
std::string group_of(const World& world, const Block& b, GroupBy by) {
  const ledger::Site& site = world.sites[b.site];
  if (by == GroupBy::account) return std::to_string(static_cast<int>(site.account));
  if (by == GroupBy::process) return std::to_string(b.process);
  if (by == GroupBy::thread) return std::to_string(b.process) + "/" + std::to_string(b.thread);
  if (site.node == 0) return "none";
  const ledger::Frame& f = world.frames[world.nodes[site.node].frame];
  const std::string file = world.strings[f.file], function = world.strings[f.function];
  if (by == GroupBy::file) return file;
  if (by == GroupBy::function) return file + " " + function + " " + std::to_string(f.first_line);
  const std::string line = file + " " + function + " " + std::to_string(f.line);
  return by == GroupBy::line ? line : line + " node " + std::to_string(site.node);
}

std::string text_of(const Case& c, const GroupKey& key, GroupBy by) {
  if (by == GroupBy::account) return std::to_string(static_cast<int>(key.account));
  if (by == GroupBy::process) return std::to_string(key.process);
  if (by == GroupBy::thread) return std::to_string(key.process) + "/" + std::to_string(key.thread);
  if (key.origin != Origin::python) return "none";
  const std::string file{c.reader.string(key.file)}, function{c.reader.string(key.function)};
  if (by == GroupBy::file) return file;
  const std::string line = file + " " + function + " " + std::to_string(key.line);
  return by == GroupBy::stack ? line + " node " + std::to_string(key.node) : line;
}

struct Figures {
  std::uint64_t allocations = 0, allocated = 0, end_bytes = 0, end_blocks = 0;
  bool operator==(const Figures&) const = default;
};

using Expected = std::map<std::string, Figures>;

Expected brute_groups(const Case& c, GroupBy by) {
  Expected expected;
  for (const auto& blocks : c.world.blocks) {
    for (const Block& b : blocks) {
      const ledger::Site& site = c.world.sites[b.site];
      if (b.site == 0 || !is_heap(site.account)) continue;
      const bool alive = b.death == kNever;
      if (!alive && site.continuation) continue;  // died, and was no allocation: seen at a peak at most
      Figures& f = expected[group_of(c.world, b, by)];
      if (alive) f.end_bytes += b.size, f.end_blocks += 1;
      if (!site.continuation) f.allocations += 1, f.allocated += b.size;
    }
  }
  return expected;
}

void expect_groups(std::uint64_t seed, GroupBy by) {
  SCOPED_TRACE(seed);
  const Case c(seed);
  Expected got;
  for (const Group& g : group(c.reader, c.slots, c.profile, by)) {
    const Figures f{g.sums.allocations, g.sums.allocated_bytes, g.sums.end_bytes, g.sums.end_blocks};
    if (f == Figures{}) continue;
    EXPECT_TRUE(got.emplace(text_of(c, g.key, by), f).second) << "two groups with one name";
  }
  EXPECT_EQ(got.size(), brute_groups(c, by).size());
  EXPECT_TRUE(got == brute_groups(c, by));
}

TEST(Groups, AddUpTheirBlocks) {
  for (const GroupBy by : {GroupBy::line, GroupBy::function, GroupBy::file, GroupBy::stack, GroupBy::account,
                           GroupBy::thread, GroupBy::process}) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) expect_groups(seed, by);
  }
}

TEST(Groups, SortedByFigureThenName) {
  const Case c(2);
  for (const Metric metric :
       {Metric::peak, Metric::end, Metric::allocated, Metric::count, Metric::temporary}) {
    auto groups = group(c.reader, c.slots, c.profile, GroupBy::line);
    for (Group& g : groups) g.sums.allocations = g.sums.allocations / 20 * 20;  // makes equal ones
    sort(groups, c.reader, metric);
    auto shuffled = groups;
    std::shuffle(shuffled.begin(), shuffled.end(), std::mt19937(1));
    sort(shuffled, c.reader, metric);
    for (std::size_t i = 1; i < groups.size(); ++i) {
      EXPECT_GE(value(groups[i - 1].sums, metric), value(groups[i].sums, metric));
      EXPECT_EQ(groups[i].key, shuffled[i].key);
      if (value(groups[i - 1].sums, metric) != value(groups[i].sums, metric)) continue;
      EXPECT_LE(c.reader.string(groups[i - 1].key.file), c.reader.string(groups[i].key.file));
    }
  }
}

}  // namespace
}  // namespace heapledger::query
