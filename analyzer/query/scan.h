// Visits the rows of a ledger with several threads: the loop under every query.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "../ledger/reader.h"

namespace heapledger::query {

/// Called now and then, from the thread that asked, with groups of rows done and in all. May be empty.
using ProgressFn = std::function<void(std::uint64_t done, std::uint64_t total)>;

/// How a query may use the machine.
struct Effort {
  unsigned workers = 1;
  ProgressFn progress;
};

/// As many workers as there are processors, but not more than `state_bytes` of state for each allow for in 64
/// MiB.
[[nodiscard]] unsigned workers_for(std::uint64_t state_bytes);

/// Called with the worker's number (0 .. workers-1), the process and one of its groups.
using VisitFn = std::function<void(unsigned worker, std::size_t process, const ledger::Group& group)>;

/// Each worker gets a contiguous run of the groups of `processes` in their order, and visits it in order;
/// worker 0 is the calling thread. The first exception of a visit (ledger::FileError: a damaged group) ends
/// the scan and is thrown.
void scan(const ledger::Reader& reader, std::span<const std::size_t> processes, const Effort& effort,
          const VisitFn& visit);

}  // namespace heapledger::query
