// Adds up collections.
#include "collections.h"

#include <algorithm>
#include <numeric>

namespace heapledger::query {

CollectionSums& CollectionSums::operator+=(const CollectionSums& o) noexcept {
  collections += o.collections;
  pause_ns += o.pause_ns;
  longest_ns = std::max(longest_ns, o.longest_ns);
  cpu_ns += o.cpu_ns;
  collected += o.collected;
  uncollectable += o.uncollectable;
  freed_blocks += o.freed_blocks;
  freed_bytes += o.freed_bytes;
  unfinished += o.unfinished;
  return *this;
}

namespace {

template <class Wanted>
CollectionsByGeneration sums_of(const ledger::Process& process, Wanted&& wanted) {
  CollectionsByGeneration result;
  for (const ledger::Collection& c : process.collections) {
    if (!wanted(c)) continue;
    const std::size_t generation = std::min<std::size_t>(c.generation, result.size() - 1);
    const std::uint64_t unfinished = c.ending == trace::CollectionEnding::seen ? 0 : 1;
    result[generation] += {1, c.pause_ns, c.pause_ns, c.cpu_ns, c.collected, c.uncollectable,
                           c.freed_blocks, c.freed_bytes, unfinished};
  }
  return result;
}

}  // namespace

CollectionsByGeneration collections_of(const ledger::Process& process, std::uint64_t before) {
  return sums_of(process, [&](const ledger::Collection& c) { return c.first < before; });
}

CollectionsByGeneration collections_within(const ledger::Process& process, TimeWindow window) {
  return sums_of(process, [&](const ledger::Collection& c) { return window.holds(c.time_us); });
}

CollectionSums total(const CollectionsByGeneration& generations) {
  CollectionSums sums;
  for (const CollectionSums& one : generations) sums += one;
  return sums;
}

std::uint64_t missed_collections(const ledger::Process& process) {
  const auto& before = process.collections_before;
  return std::accumulate(before.begin(), before.end(), std::uint64_t{0});
}

std::uint64_t unseen_collections(const ledger::Process& process) {
  const auto& unseen = process.collections_unseen;
  return std::accumulate(unseen.begin(), unseen.end(), std::uint64_t{0});
}

std::uint64_t collections_in_all(const ledger::Process& process) {
  return process.collections.size() + missed_collections(process) + unseen_collections(process);
}

}  // namespace heapledger::query
