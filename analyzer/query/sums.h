// What the blocks of a site, thread or account add up to.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "filter.h"
#include "origin.h"
#include "scan.h"
#include "timeline.h"

namespace heapledger::query {

/// Bytes are bytes asked for. Continuations (ledger::Site) have live bytes and blocks; where they are objects
/// in the blocks of earlier ones, garbage collections count them as well. The rest is of the allocation and
/// the whole life of its block.
struct Sums {
  std::uint64_t peak_bytes = 0;  ///< alive at the moment of the query: the peak, or a time asked for
  std::uint64_t peak_blocks = 0;
  std::uint64_t end_bytes = 0;  ///< alive at the end of the process, or of the time window
  std::uint64_t end_blocks = 0;
  std::uint64_t allocated_bytes = 0;
  std::uint64_t allocations = 0;
  std::uint64_t frees = 0;  ///< of those allocations, until the end
  /// Freed before the allocating thread's next heap allocation, whoever freed them; the end of the thread
  /// counts as one. Exact: both moments are positions of rows. A block that realloc moves or resizes ends
  /// there. Heap accounts only.
  std::uint64_t temporary_bytes = 0;
  std::uint64_t temporary = 0;
  /// Freed by a thread while it ran Python's garbage collector: what reference counts alone did not free.
  std::uint64_t collected_bytes = 0;
  std::uint64_t collected = 0;
  std::uint64_t life_us = 0;  ///< of the freed ones together; one life is exact to about a millisecond

  Sums& operator+=(const Sums& other) noexcept;
  bool operator==(const Sums&) const = default;
};

/// One number to sort and judge by.
enum class Metric : std::uint8_t { peak, end, allocated, count, temporary, collected };
[[nodiscard]] std::uint64_t value(const Sums& sums, Metric metric) noexcept;

/// Sums of one scan.
struct Collected {
  std::vector<Sums> slots;                 ///< by slot, all accounts
  std::vector<std::vector<Sums>> threads;  ///< by process, thread; only sites that Selection::sites wants
};

/// One scan over the selected processes. `moments`: by process, the instant of Sums::peak_*.
[[nodiscard]] Collected collect(const ledger::Reader& reader, const Selection& selection, const Slots& slots,
                                std::span<const Clock> clocks, std::span<const Instant> moments,
                                const ProgressFn& progress);

}  // namespace heapledger::query
