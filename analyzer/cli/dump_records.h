// heapledger dump --records: what a raw trace says, event by event, before any of it is booked.
#pragma once

#include <cstdint>
#include <string>

namespace heapledger::cli {

/// Prints the events of one raw trace in the order of the merge, and the definitions between them as they are met.
/// `limit`: lines, 0 for all. Throws ledger::FileError.
void dump_records(const std::string& path, std::uint64_t limit);

}  // namespace heapledger::cli
