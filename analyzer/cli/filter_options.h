// The filter options that report and dump share.
#pragma once

#include <string>
#include <vector>

#include "../query/filter.h"
#include "args.h"

namespace heapledger::cli {

/// Options as typed. Declared once, read after parsing.
struct FilterOptions {
  query::Filter filter;
  std::string from, to;

  /// Targets live in this object: it must stay where it is until the run is over.
  void declare(Arguments& arguments);
  /// The filter with its times. Throws UsageError for a time that is none.
  [[nodiscard]] query::Filter compiled() const;
  /// "--pid 4711", one for each word typed.
  [[nodiscard]] std::vector<std::string> conditions() const;
};

/// Microseconds of a time option. Throws UsageError.
[[nodiscard]] std::uint64_t time_option(const char* name, const std::string& text);

}  // namespace heapledger::cli
