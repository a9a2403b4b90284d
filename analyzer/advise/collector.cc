// Shares of time and of garbage, from the collections of a process.
#include "collector.h"

#include <algorithm>

namespace heapledger::advise {

CollectorAdvice collector_advice(const ledger::Process& process, std::uint64_t end_row) {
  CollectorAdvice advice;
  advice.generations = query::collections_of(process, end_row);
  advice.all = query::total(advice.generations);
  const auto share = [](std::uint64_t ns, std::uint64_t us) {
    return us == 0 ? 0.0 : static_cast<double>(ns) / 1000 / static_cast<double>(us);
  };
  advice.wall_share = share(advice.all.pause_ns, process.duration_us);
  advice.cpu_share = process.cpu_us == 0 ? advice.wall_share : share(advice.all.cpu_ns, process.cpu_us);
  for (const ledger::Collection& c : process.collections)
    if (c.first < end_row) advice.most_freed_bytes = std::max(advice.most_freed_bytes, c.freed_bytes);
  for (std::size_t g = 0; g + 1 < advice.generations.size(); ++g) {
    advice.young_pause_ns += advice.generations[g].pause_ns;
    advice.young_freed_bytes += advice.generations[g].freed_bytes;
  }
  advice.worth_a_change = std::max(advice.wall_share, advice.cpu_share) >= kLeastShare;
  return advice;
}

}  // namespace heapledger::advise
