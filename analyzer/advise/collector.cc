// Shares of time and of garbage, from the collections of a process.
#include "collector.h"

#include <algorithm>
#include <vector>

#include "../../trace/controls.h"

namespace heapledger::advise {

namespace {

/// Sets the threshold that was in force: the control's, unless the program changed it.
void find_threshold(const ledger::Process& process, CollectorAdvice& advice) {
  advice.threshold = first_threshold(process.python_hex);
  for (const ledger::Control& control : process.controls) {
    const trace::GcControl gc = trace::parse_gc(control.subject);
    if (control.name != trace::kControlGc || gc.what != trace::GcControl::What::threshold) continue;
    if (control.outcome == trace::ControlOutcome::undone) {
      advice.threshold = first_threshold(process.python_hex);
      advice.threshold_known = false;
      return;
    }
    if (control.outcome != trace::ControlOutcome::applied) continue;
    advice.threshold = static_cast<std::uint64_t>(gc.thresholds[0]);
    advice.threshold_known = true;
  }
}

/// Positions count births; the allocations that a collection waited for lie between its begin and the end of
/// the one before. The median: imports may have been collected at another threshold.
std::uint64_t typical_births(const ledger::Process& process, std::uint64_t end_row) {
  std::vector<std::uint64_t> births;
  for (std::size_t i = 1; i < process.collections.size(); ++i) {
    const std::uint64_t from = process.collections[i - 1].last, to = process.collections[i].first;
    if (to < end_row && to > from) births.push_back(to - from);
  }
  if (births.empty()) return 0;
  const auto middle = births.begin() + static_cast<std::ptrdiff_t>(births.size() / 2);
  std::ranges::nth_element(births, middle);
  return *middle;
}

/// Pauses of full collections without a young one in between. The collector itself makes many young ones
/// before each full one.
std::uint64_t explicit_pause_ns(const ledger::Process& process, std::uint64_t end_row) {
  std::uint64_t sum = 0;
  const auto& all = process.collections;
  const auto is_full = [&](std::size_t i) {
    return i < all.size() && all[i].first < end_row && all[i].generation + 1 >= ledger::kGenerations;
  };
  for (std::size_t i = 0; i < all.size(); ++i)
    if (is_full(i) && (is_full(i + 1) || (i != 0 && is_full(i - 1)))) sum += all[i].pause_ns;
  return sum;
}

}  // namespace

std::uint64_t first_threshold(std::uint32_t python_hex) noexcept {
  constexpr std::uint32_t kPython313 = 0x030d0000;
  return python_hex < kPython313 ? 700 : 2000;
}

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
  constexpr double kNearlyAll = 0.9;
  advice.explicitly = advice.all.pause_ns != 0 &&
                      static_cast<double>(explicit_pause_ns(process, end_row)) >=
                          kNearlyAll * static_cast<double>(advice.all.pause_ns);
  advice.typical_births = typical_births(process, end_row);
  find_threshold(process, advice);
  const std::uint64_t times = kHigherThreshold / std::max<std::uint64_t>(advice.threshold, 1) + 1;
  advice.waiting_bytes = std::min(advice.all.freed_bytes, times * advice.most_freed_bytes);
  advice.wholly_seen = query::unseen_collections(process) == 0;
  advice.worth_a_change = advice.wholly_seen && std::max(advice.wall_share, advice.cpu_share) >= kLeastShare;
  return advice;
}

}  // namespace heapledger::advise
