// Grouping of slots by what a user wants to see as one thing.
#include "groups.h"

#include <algorithm>
#include <map>

#include "types.h"

namespace heapledger::query {

namespace {

using GroupMap = std::map<GroupKey, Sums>;

GroupMap by_slots(const ledger::Reader& reader, const Slots& slots, const Profile& profile, GroupBy by) {
  GroupMap groups;
  const auto same = by == GroupBy::type ? same_names(reader) : std::vector<std::uint32_t>{};
  for (std::size_t slot = 0; slot < slots.count(); ++slot) {
    if (profile.wanted[slot] == 0 || profile.slots[slot] == Sums{}) continue;
    const ledger::Site& site = reader.sites()[slots.site(slot)];
    GroupKey key;
    if (by == GroupBy::account) {
      key.account = site.account;
    } else if (by == GroupBy::type) {
      key.type = same[site.type];
      if (key.type == 0) key.account = site.account;
    } else if (slots.origin(slot) == Origin::python) {
      key = frame_key(reader, site.node, by);
    } else {
      key.origin = slots.origin(slot);
    }
    groups[key] += profile.slots[slot];
  }
  return groups;
}

GroupMap by_threads(const Profile& profile, GroupBy by) {
  GroupMap groups;
  for (std::uint32_t p = 0; p < profile.threads.size(); ++p) {
    for (std::uint32_t t = 0; t < profile.threads[p].size(); ++t) {
      GroupKey key;
      key.process = p;
      if (by == GroupBy::thread) key.thread = t;
      if (profile.threads[p][t] != Sums{}) groups[key] += profile.threads[p][t];
    }
  }
  return groups;
}

}  // namespace

GroupKey frame_key(const ledger::Reader& reader, std::uint32_t node, GroupBy by) {
  const ledger::Frame& frame = reader.frames()[reader.nodes()[node].frame];
  GroupKey key;
  key.file = frame.file;
  if (by == GroupBy::file) return key;
  key.function = frame.function;
  key.line = by == GroupBy::function ? frame.first_line : frame.line;
  if (by == GroupBy::stack) key.node = node;
  return key;
}

std::vector<Group> group(const ledger::Reader& reader, const Slots& slots, const Profile& profile,
                         GroupBy by) {
  const bool threads = by == GroupBy::thread || by == GroupBy::process;
  std::vector<Group> groups;
  for (const auto& [key, sums] : threads ? by_threads(profile, by) : by_slots(reader, slots, profile, by)) {
    groups.push_back({key, sums});
  }
  return groups;
}

void sort(std::vector<Group>& groups, const ledger::Reader& reader, Metric metric) {
  std::sort(groups.begin(), groups.end(), [&](const Group& a, const Group& b) {
    const auto x = value(a.sums, metric), y = value(b.sums, metric);
    if (x != y) return x > y;
    if (a.key.file != b.key.file) return reader.string(a.key.file) < reader.string(b.key.file);
    if (a.key.line != b.key.line) return a.key.line < b.key.line;
    if (a.key.function != b.key.function)
      return reader.string(a.key.function) < reader.string(b.key.function);
    return a.key < b.key;
  });
}

}  // namespace heapledger::query
