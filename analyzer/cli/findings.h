// The few lines that `record` prints when the program has ended.
#pragma once

#include <string>

#include "../ledger/reader.h"

namespace heapledger::cli {

/// Up to three lines, each ended by a newline: the line of code that holds most at the peak, what is still
/// live at the end, and the line with the most temporary blocks. Fewer lines when there is nothing to say.
/// Scans all rows once or twice. Throws ledger::FileError when the ledger is damaged.
std::string findings(const ledger::Reader& reader);

}  // namespace heapledger::cli
