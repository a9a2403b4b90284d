// Names for --slots from a recording, for the commands that have controls.
#pragma once

#include <string>

#include "../record/controls.h"

namespace heapledger::cli {

/// Finds the names of attributes in this ledger (or raw trace), when it is asked to; nothing for an empty
/// path. It throws ledger::FileError, and record::BadUsage when there is no class to find names for.
[[nodiscard]] record::LearnNames learn_from(const std::string& ledger);

}  // namespace heapledger::cli
