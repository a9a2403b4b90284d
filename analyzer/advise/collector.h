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
  bool wholly_seen = true;      ///< the recorder was called for all of them
  bool worth_a_change = false;  ///< the pauses are more than noise, and all of them are known
  /// Of the young generation: that of a control, or the one that the interpreter begins with.
  std::uint64_t threshold = 0;
  bool threshold_known = false;  ///< by a control; else the program may have set another one
  /// Nearly all of the pauses were of full collections one after the other: only gc.collect() makes such.
  bool explicitly = false;
  /// Allocations between two collections, as a rule: more than the threshold that was in force. 0: not known.
  std::uint64_t typical_births = 0;
  std::uint64_t waiting_bytes = 0;  ///< of garbage, at most, with the higher threshold
};

/// The higher threshold that is spoken of.
inline constexpr std::uint64_t kHigherThreshold = 10'000;

/// Shares below this are not worth a change.
inline constexpr double kLeastShare = 0.01;

/// What CPython's young generation begins with.
[[nodiscard]] std::uint64_t first_threshold(std::uint32_t python_hex) noexcept;

/// `end_row`: of GrowthReport. Collections behind it take apart what the program left; that work is to do in
/// any case.
[[nodiscard]] CollectorAdvice collector_advice(const ledger::Process& process, std::uint64_t end_row);

}  // namespace heapledger::advise
