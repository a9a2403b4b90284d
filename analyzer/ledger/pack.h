// Packs raw traces (trace/README.md) and the session log beside them into one ledger.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace heapledger::ledger {

struct PackOptions {
  std::vector<std::string> inputs;  ///< raw traces, or folders of them (with or without a session log)
  std::string output;               ///< the ledger; replaced only when packing succeeded
  /// Called now and then from the packing thread with bytes of raw trace done and in all. May be empty.
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;
};

struct PackSummary {
  std::uint64_t processes = 0;
  std::uint64_t events = 0;       ///< records of the raw traces that changed the account of some block
  std::uint64_t raw_bytes = 0;
  std::uint64_t ledger_bytes = 0;
};

/// Throws FileError when no input is usable or the output cannot be written. What is damaged in an input is left out and
/// becomes a warning of its process.
PackSummary pack(const PackOptions& options);

}  // namespace heapledger::ledger
