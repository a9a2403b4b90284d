// The version of the program, from the build.
#pragma once

namespace heapledger::cli {

extern const char* const kVersion;  ///< "0.1.0"

}  // namespace heapledger::cli
