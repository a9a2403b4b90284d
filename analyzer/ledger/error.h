// The errors of the analyzer, under the name that the ledger's interface uses.
#pragma once

#include "../error.h"

namespace heapledger::ledger {
using heapledger::FileError;
using heapledger::Warning;
}  // namespace heapledger::ledger
