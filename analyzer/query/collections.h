// What Python's garbage collector did in a process, added up by generation.
#pragma once

#include <array>
#include <cstdint>

#include "../ledger/model.h"

namespace heapledger::query {

struct CollectionSums {
  std::uint64_t collections = 0;
  std::uint64_t pause_ns = 0;    ///< of all together
  std::uint64_t longest_ns = 0;
  std::uint64_t cpu_ns = 0;      ///< of the collecting threads meanwhile
  std::uint64_t collected = 0, uncollectable = 0;  ///< objects, as gc counts them
  std::uint64_t freed_blocks = 0, freed_bytes = 0; ///< by the collecting thread meanwhile
  std::uint64_t unfinished = 0;  ///< of them: the process left meanwhile, or nothing is known of the end

  CollectionSums& operator+=(const CollectionSums& other) noexcept;
};

using CollectionsByGeneration = std::array<CollectionSums, ledger::kGenerations>;

/// Of the collections that began before this position of rows. Greater generations count as the oldest.
[[nodiscard]] CollectionsByGeneration collections_of(const ledger::Process& process,
                                                     std::uint64_t before = ~std::uint64_t{0});
/// Times of one process, microseconds since it began.
struct TimeWindow {
  std::uint64_t from_us = 0, to_us = ~std::uint64_t{0};

  [[nodiscard]] bool holds(std::uint64_t time_us) const { return time_us >= from_us && time_us < to_us; }
};
/// Of those that began in it.
[[nodiscard]] CollectionsByGeneration collections_within(const ledger::Process& process, TimeWindow window);
[[nodiscard]] CollectionSums total(const CollectionsByGeneration& generations);
/// Collections before the recorder watched; their pauses and garbage are not known.
[[nodiscard]] std::uint64_t missed_collections(const ledger::Process& process);
/// Collections while the recorder was not called: the program had taken its callback away.
[[nodiscard]] std::uint64_t unseen_collections(const ledger::Process& process);
/// All of them, seen or not.
[[nodiscard]] std::uint64_t collections_in_all(const ledger::Process& process);

}  // namespace heapledger::query
