// Experiments on disk: JSON for people, other programs, and for going on later (docs/experiment-json.md).
#pragma once

#include <optional>
#include <string>

#include "results.h"

namespace heapledger::compare {

/// What goes into the file beside the results.
struct Background {
  std::string tool_version;
  bool keeps_ledgers = false;  ///< else the paths of ledgers lead nowhere once it is over
};

/// The whole as one JSON object, schema "heapledger-experiment/1".
[[nodiscard]] std::string to_json(const Plan& plan, const Results& results, const Analysis& analysis,
                                  const Background& background);

/// Writes a text in the place of a file, so that a reader sees the old or the new one. Throws FileError.
void replace_file(const std::string& path, const std::string& text);

/// The rounds, recordings and evidence of an experiment of this very plan; nothing when there is no such
/// file. Throws FileError when it is of another plan or no experiment at all.
[[nodiscard]] std::optional<Results> read_results(const std::string& path, const Plan& plan);

}  // namespace heapledger::compare
