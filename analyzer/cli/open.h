// Opens what the user names: a ledger, a raw trace, or a folder of raw traces.
#pragma once

#include <memory>
#include <string>

#include "../ledger/reader.h"

namespace heapledger::cli {

/// Whether `path` is a raw trace or a folder, not a ledger. Throws ledger::FileError when it cannot be read.
[[nodiscard]] bool is_raw(const std::string& path);

/// Raw traces are packed into a temporary file first ($TMPDIR or /tmp) that is gone when this returns. Shows
/// progress. Throws ledger::FileError.
[[nodiscard]] std::unique_ptr<ledger::Reader> open_ledger(const std::string& path);

}  // namespace heapledger::cli
