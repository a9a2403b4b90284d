// Whether the dynamic loader will load the shim into a binary.
#pragma once

#include <string>

namespace heapledger::record {

/// Throws CannotRecord with the reason when the shim cannot be loaded into `binary`; `command` is what the
/// user named (the same, or a script that it runs).
void check_loadable(const std::string& binary, const std::string& command);

}  // namespace heapledger::record
