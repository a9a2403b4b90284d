// Why two runs differ: what their ledgers say about collections, classes and lines.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../ledger/reader.h"

namespace heapledger::compare {

/// A class or a line of code in both runs.
struct Difference {
  std::string name;  ///< class, or function of the line
  std::string file;  ///< of lines
  std::uint32_t line = 0;
  std::uint64_t before = 0, after = 0;  ///< bytes or allocations
  bool operator==(const Difference&) const = default;
};

/// What the collector did in one run.
struct CollectorWork {
  std::uint64_t collections = 0, collected = 0, freed_bytes = 0, pause_ns = 0, duration_us = 0;
  bool operator==(const CollectorWork&) const = default;
};

struct Evidence {
  CollectorWork before, after;
  std::uint64_t allocations = 0;  ///< in the run before
  // The greatest differences of each kind, greatest first; equal ones are left out.
  std::vector<Difference> classes_at_peak, lines_at_peak, lines_at_end, lines_by_count;
};

/// `most`: entries of each list. Throws ledger::FileError when a ledger is damaged.
[[nodiscard]] Evidence find_evidence(const ledger::Reader& before, const ledger::Reader& after,
                                     std::size_t most);

}  // namespace heapledger::compare
