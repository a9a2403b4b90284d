// The one exception of reading and writing files: a sentence that says what is wrong, where, and what to do.
#pragma once

#include <stdexcept>
#include <string>

namespace heapledger::ledger {

/// Bad input or an unusable file. Commands print it as one line and exit with status 2.
struct FileError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace heapledger::ledger
