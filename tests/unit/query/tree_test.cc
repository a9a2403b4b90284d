// Call trees of random ledgers against sums over every stack, one by one.
#include "../../../analyzer/query/tree.h"

#include <limits>

#include "brute_force.h"

namespace heapledger::query {
namespace {

struct Case : testing::Profiled {
  explicit Case(std::uint64_t seed) : Profiled({.seed = seed, .rows = 3000, .sites = 60}) {}
};

using Path = std::vector<GroupKey>;
struct PathSums {
  Sums inclusive, exclusive;
};
using Flat = std::map<Path, PathSums>;

/// Keys of a stack, innermost first; runs of the import system as one.
Path stack_keys(const Case& c, std::uint32_t node, Direction direction, GroupBy by) {
  Path path;
  for (bool innermost = true; node != 0; node = c.world.nodes[node].parent, innermost = false) {
    const ledger::Frame& f = c.world.frames[c.world.nodes[node].frame];
    GroupKey key;
    if (is_import_system(c.world.strings[f.file]) && !(innermost && direction == Direction::callers)) {
      key.imports = true;
      if (!path.empty() && path.back().imports) continue;
    } else {
      key.file = f.file;
      key.function = f.function;
      key.line = by == GroupBy::function ? f.first_line : f.line;
    }
    path.push_back(key);
  }
  return path;
}

Flat brute_tree(const Case& c, Direction direction, GroupBy by) {
  Flat flat;
  for (std::size_t slot = 0; slot < c.slots.count(); ++slot) {
    if (c.profile.wanted[slot] == 0 || c.profile.slots[slot] == Sums{}) continue;
    const ledger::Site& site = c.world.sites[c.slots.site(slot)];
    Path path = stack_keys(c, site.node, direction, by);
    if (direction == Direction::calls) std::reverse(path.begin(), path.end());
    if (path.empty()) {
      GroupKey key;
      key.origin = c.slots.origin(slot);
      path.push_back(key);
    }
    flat[path].exclusive += c.profile.slots[slot];
    for (; !path.empty(); path.pop_back()) flat[path].inclusive += c.profile.slots[slot];
  }
  return flat;
}

void flatten(const Tree& tree, Path& path, Flat& flat) {
  for (const Tree& branch : tree.branches) {
    path.push_back(branch.key);
    EXPECT_TRUE(flat.emplace(path, PathSums{branch.inclusive, branch.exclusive}).second);
    flatten(branch, path, flat);
    path.pop_back();
  }
}

TreeOptions everything(Direction direction, GroupBy by) {
  TreeOptions options{direction, by};
  options.metric = Metric::count;
  options.least_share = 0;
  options.most_branches = options.most_levels = std::numeric_limits<std::size_t>::max();
  return options;
}

/// Branches without an allocation (continuations only) have nothing to be ranked by and are never shown.
void drop_uncounted(Flat& flat) {
  std::erase_if(flat, [](const auto& entry) { return entry.second.inclusive.allocations == 0; });
}

void expect_tree(std::uint64_t seed, Direction direction, GroupBy by) {
  SCOPED_TRACE(seed);
  const Case c(seed);
  Flat expected = brute_tree(c, direction, by), got;
  drop_uncounted(expected);
  Path path;
  flatten(tree(c.reader, c.slots, c.profile, everything(direction, by)), path, got);
  ASSERT_EQ(got.size(), expected.size());
  for (const auto& [at, sums] : expected) {
    ASSERT_TRUE(got.contains(at));
    EXPECT_EQ(got[at].inclusive, sums.inclusive);
    EXPECT_EQ(got[at].exclusive, sums.exclusive);
  }
}

TEST(Tree, CallersByLine) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) expect_tree(seed, Direction::callers, GroupBy::line);
}
TEST(Tree, CallersByFunction) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) expect_tree(seed, Direction::callers, GroupBy::function);
}
TEST(Tree, CallsByLine) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) expect_tree(seed, Direction::calls, GroupBy::line);
}
TEST(Tree, CallsByFunction) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) expect_tree(seed, Direction::calls, GroupBy::function);
}

/// Nothing gets lost by pruning, and what is shown is worth it. Returns how many branches were dropped.
std::size_t expect_sound(const Tree& tree, const TreeOptions& options, double total, std::size_t level) {
  Sums sum = tree.exclusive;
  sum += tree.dropped_sums;
  EXPECT_LE(tree.branches.size(), options.most_branches);
  EXPECT_LE(level, options.most_levels);
  std::uint64_t last = std::numeric_limits<std::uint64_t>::max();
  std::size_t dropped = tree.dropped;
  for (const Tree& branch : tree.branches) {
    sum += branch.inclusive;
    const std::uint64_t size = value(branch.inclusive, options.metric);
    EXPECT_GE(static_cast<double>(size), options.least_share * total);
    EXPECT_LE(size, last);
    last = size;
    dropped += expect_sound(branch, options, total, level + 1);
  }
  EXPECT_EQ(sum, tree.inclusive);
  return dropped;
}

TEST(Tree, PruningSaysWhatItDropped) {
  for (const Direction direction : {Direction::callers, Direction::calls}) {
    const Case c(3);
    TreeOptions options{direction, GroupBy::line, Metric::peak, 0.02, 4, 3};
    const Tree root = tree(c.reader, c.slots, c.profile, options);
    EXPECT_EQ(root.inclusive, c.profile.totals);
    EXPECT_GT(expect_sound(root, options, static_cast<double>(value(root.inclusive, Metric::peak)), 0), 0u);
  }
}

TEST(Tree, OfNothing) {
  const Case c(1);
  Profile nothing = c.profile;
  for (Sums& s : nothing.slots) s = {};
  for (const Direction direction : {Direction::callers, Direction::calls}) {
    EXPECT_TRUE(tree(c.reader, c.slots, nothing, {direction}).branches.empty());
  }
}

}  // namespace
}  // namespace heapledger::query
