// What Python's garbage collector cost and found, and what running without it, or less of it, would mean.
#pragma once

#include <cstdint>

#include "../query/collections.h"

namespace heapledger::advise {

struct CollectorAdvice {
  query::CollectionsByGeneration generations;  ///< of the program, without those that clean up behind it
  query::CollectionSums all;
  double wall_share = 0;               ///< of the process's duration
  double cpu_share = 0;                ///< of its CPU time; wall_share where that is not known
  std::uint64_t most_freed_bytes = 0;  ///< by one collection: what waited for it
  std::uint64_t young_pause_ns = 0;    ///< of all generations but the oldest
  std::uint64_t young_freed_bytes = 0;
  bool worth_a_change = false;  ///< the pauses are more than noise
};

/// Shares below this are not worth a change.
inline constexpr double kLeastShare = 0.01;

/// `end_row`: of GrowthReport. Collections behind it take apart what the program left; that work is to do in
/// any case.
[[nodiscard]] CollectorAdvice collector_advice(const ledger::Process& process, std::uint64_t end_row);

}  // namespace heapledger::advise
