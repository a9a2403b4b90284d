// The whole answer to "where does the memory go": figures of the session, its processes and every site.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "sums.h"

namespace heapledger::query {

struct Question {
  Filter filter;
  /// Look at what is alive at this time of the session instead of at the peak.
  std::optional<std::uint64_t> at_us;
};

/// Bytes at a moment; the time counts from the start of the session.
struct Moment {
  std::uint64_t bytes = 0;
  std::uint64_t blocks = 0;
  std::uint64_t time_us = 0;
};

struct ProcessProfile {
  std::size_t process = 0;         ///< index into Reader::processes()
  std::uint64_t offset_us = 0;     ///< start of the process in the session
  std::uint64_t peak_bytes = 0;    ///< its own peak, whatever the others do then
  std::uint64_t peak_time_us = 0;  ///< of the session
  Sums sums;                       ///< peak_* are those of Profile::moment
};

/// Only blocks that the filter wants; accounts are those of the filter, or all of the heap.
struct Profile {
  bool at_peak = true;  ///< false: a time was asked for
  Moment moment;        ///< peak of the selected processes together, or the time asked for
  Sums totals;
  std::vector<ProcessProfile> processes;
  std::array<Sums, ledger::kAccountCount> accounts;  ///< all, whatever the filter says about accounts
  std::vector<Sums> slots;                           ///< by slot; of all accounts
  std::vector<std::uint8_t> wanted;                  ///< by slot: 1 = of the wanted accounts, part of totals
  std::vector<std::vector<Sums>> threads;            ///< by process, thread
};

/// Scans all rows of the selected processes: once without conditions on one process (the ledger stores its
/// peak), three times otherwise, two more when there are several processes. Throws ledger::FileError for
/// damaged rows and for words of the filter that the ledger does not know.
[[nodiscard]] Profile profile(const ledger::Reader& reader, const Slots& slots, const Question& question,
                              const ProgressFn& progress);

}  // namespace heapledger::query
