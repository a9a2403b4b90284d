// Sums of two ledgers by name, side by side.
#include "evidence.h"

#include <algorithm>
#include <functional>
#include <map>
#include <tuple>

#include "../query/collections.h"
#include "../query/groups.h"
#include "../query/types.h"

namespace heapledger::compare {

namespace {

using Key = std::tuple<std::string, std::string, std::uint32_t>;  // name, file, line
using Sums = std::map<Key, query::Sums>;

struct Sides {
  Sums classes, lines;
  std::uint64_t allocations = 0;
};

Key key_of(const ledger::Reader& reader, const query::GroupKey& key) {
  if (key.origin != query::Origin::python) return {std::string(query::origin_name(key.origin)), "", 0};
  return {std::string(reader.string(key.function)), std::string(reader.string(key.file)), key.line};
}

Sides sums_of(const ledger::Reader& reader) {
  const query::Slots slots(reader);
  const query::Profile profile = query::profile(reader, slots, {}, {});
  Sides sides;
  sides.allocations = profile.totals.allocations;
  for (const query::Group& g : query::group(reader, slots, profile, query::GroupBy::line))
    sides.lines[key_of(reader, g.key)] += g.sums;
  for (const query::TypeSums& t : query::sum_types(reader, slots, profile)) {
    const std::string name = query::type_name(reader, t.type);
    if (!name.empty()) sides.classes[{name, "", 0}] += t.all();
  }
  return sides;
}

std::vector<Difference> differences(const Sums& before, const Sums& after, query::Metric metric,
                                    std::size_t most) {
  std::map<Key, std::pair<std::uint64_t, std::uint64_t>> both;
  for (const auto& [key, sums] : before) both[key].first = value(sums, metric);
  for (const auto& [key, sums] : after) both[key].second = value(sums, metric);
  std::vector<Difference> list;
  for (const auto& [key, values] : both)
    if (values.first != values.second)
      list.push_back({std::get<0>(key), std::get<1>(key), std::get<2>(key), values.first, values.second});
  const auto size = [](const Difference& d) {
    return d.before > d.after ? d.before - d.after : d.after - d.before;
  };
  std::ranges::stable_sort(list, std::greater{}, size);
  list.resize(std::min(list.size(), most));
  return list;
}

CollectorWork work_of(const ledger::Reader& reader) {
  CollectorWork work;
  for (const ledger::Process& p : reader.processes()) {
    const query::CollectionSums sums = query::total(query::collections_of(p));
    work.collections += query::collections_in_all(p);
    work.collected += sums.collected;
    work.freed_bytes += sums.freed_bytes;
    work.pause_ns += sums.pause_ns;
    work.duration_us += p.duration_us;
  }
  return work;
}

}  // namespace

Evidence find_evidence(const ledger::Reader& before, const ledger::Reader& after, std::size_t most) {
  const Sides a = sums_of(before), b = sums_of(after);
  return {work_of(before),
          work_of(after),
          a.allocations,
          differences(a.classes, b.classes, query::Metric::peak, most),
          differences(a.lines, b.lines, query::Metric::peak, most),
          differences(a.lines, b.lines, query::Metric::end, most),
          differences(a.lines, b.lines, query::Metric::count, most)};
}

}  // namespace heapledger::compare
