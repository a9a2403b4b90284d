// The moment at which the selected blocks add up to most.
#pragma once

#include <cstdint>
#include <span>

#include "filter.h"
#include "scan.h"
#include "timeline.h"

namespace heapledger::query {

struct Peak {
  std::uint64_t bytes = 0;
  std::uint64_t position = 0;  ///< of the timeline: the first one with so many bytes; none when bytes is 0
};

/// Room for the replay of one batch of buckets, see find_peak().
inline constexpr std::uint64_t kReplayBytes = 32 * 1024 * 1024;

/// Exact, in two scans and bounded memory. The first scan gives each bucket of neighbouring positions the
/// bytes alive at its start (exact) and the most that its births could add (an upper bound: births less the
/// deaths of blocks born in the same bucket). The second one replays, position by position, only the buckets
/// whose bound reaches the best figure known so far; as many of them at a time as fit into `replay_bytes` (at
/// least one), the most promising first. One batch is the rule. The timeline must be of selection.processes
/// or of some of them.
[[nodiscard]] Peak find_peak(const ledger::Reader& reader, const Selection& selection,
                             std::span<const Clock> clocks, const Timeline& timeline,
                             const ProgressFn& progress, std::uint64_t replay_bytes = kReplayBytes);

}  // namespace heapledger::query
