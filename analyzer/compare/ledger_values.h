// Values of metrics from a ledger.
#pragma once

#include "../ledger/reader.h"
#include "plan.h"
#include "results.h"

namespace heapledger::compare {

/// One value for each metric of the plan, NaN for those of clean runs and for collections of programs that
/// are no Python. All processes of the ledger count together. Scans the ledger some times. Throws
/// ledger::FileError when it is damaged.
[[nodiscard]] Values values_of(const ledger::Reader& reader, const Plan& plan);

}  // namespace heapledger::compare
