// One scan that counts blocks by their life.
#include "lifetimes.h"

#include <algorithm>
#include <numeric>

#include "scan.h"

namespace heapledger::query {

namespace {

/// The class of a life; the last one is of all longer than every bound.
std::size_t class_of(std::uint64_t life_us) {
  return static_cast<std::size_t>(std::ranges::upper_bound(kLifeBounds, life_us) - kLifeBounds.begin());
}

}  // namespace

std::uint64_t Lifetimes::blocks() const noexcept {
  return std::accumulate(freed.begin(), freed.end(), alive);
}

Lifetimes lifetimes(const ledger::Reader& reader, const Filter& filter, const ProgressFn& progress) {
  std::vector<Clock> clocks;
  for (std::size_t p = 0; p < reader.processes().size(); ++p) clocks.emplace_back(reader, p);
  const Selection selection = compile(filter, reader, clocks);
  std::vector<Lifetimes> parts(workers_for(sizeof(Lifetimes)));
  scan(reader, selection.processes, {static_cast<unsigned>(parts.size()), progress},
       [&](unsigned worker, std::size_t process, const ledger::Group& group) {
         const Clock& clock = clocks[process];
         for (std::size_t i = 0; i < group.site.size(); ++i) {
           const std::uint64_t row = group.first_row + i;
           const std::uint32_t site = group.site[i];
           const bool counts = selection.sites[site] != 0 && !reader.sites()[site].continuation;
           if (!counts || !selection.wants(process, row, group.thread[i])) continue;
           const auto continued = std::ranges::lower_bound(group.continued, row, {}, &ledger::Continued::row);
           const bool goes_on = continued != group.continued.end() && continued->row == row;
           const std::uint64_t death = death_of(row, goes_on ? continued->life : group.life[i], clock.rows());
           if (death == kNever || death > selection.of_process[process].end_row) {
             ++parts[worker].alive;
           } else {
             ++parts[worker].freed[class_of(clock.time_of(death) - clock.time_of(row))];
           }
         }
       });
  Lifetimes result;
  for (const Lifetimes& part : parts) {
    result.alive += part.alive;
    for (std::size_t i = 0; i < result.freed.size(); ++i) result.freed[i] += part.freed[i];
  }
  return result;
}

}  // namespace heapledger::query
