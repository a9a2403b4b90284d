// What goes wrong with files, as a thrown sentence or a warning that travels with the data.
#pragma once

#include <stdexcept>
#include <string>

namespace heapledger {

/// Bad input or an unusable file: a sentence that says what is wrong, where, and what to do. Commands print it as one
/// line and exit with status 2.
struct FileError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Something that a reader of the report must know before the figures, one sentence, worst first.
struct Warning {
  std::string text;
  bool incomplete = false;  ///< figures are lower bounds because of this
};

}  // namespace heapledger
