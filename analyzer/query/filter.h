// What part of a ledger a query looks at: the words of the user, and what they come down to for each row.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "../ledger/reader.h"
#include "clock.h"

namespace heapledger::query {

/// Conditions on blocks; all given kinds must hold, of one kind one word is enough. Patterns: see matches().
struct Filter {
  std::vector<std::string> processes;    ///< pid, or number of the process in the report from 1
  std::vector<std::string> threads;      ///< tid, or pattern of the thread's name
  std::vector<std::string> functions;    ///< pattern; with files: of the same frame, anywhere in the stack
  std::vector<std::string> files;        ///< pattern of the path or of its last parts
  std::vector<std::string> accounts;     ///< name ("native") or pattern of the title ("Python objects")
  std::vector<std::string> types;        ///< classes of Python: full or qualified name, or glob
  std::optional<std::uint64_t> from_us;  ///< born at that time of the session or later
  std::optional<std::uint64_t> to_us;    ///< born before, and looked at as if the session ended there

  [[nodiscard]] bool whole() const;  ///< no condition at all
};

/// A pattern with one of * ? [ is a glob over the whole text, any other matches every text that contains it.
[[nodiscard]] bool matches(const std::string& pattern, std::string_view text);
/// For paths a glob may also match the last parts only: "json/*.py" matches ".../lib/json/decoder.py".
[[nodiscard]] bool matches_path(const std::string& pattern, std::string_view path);

/// Rows of one process that can belong to a selection, and the instant that counts as the end.
struct ProcessSelection {
  std::uint64_t first_row = 0;
  std::uint64_t end_row = 0;          ///< rows [first_row, end_row) are in the time window
  std::vector<std::uint8_t> threads;  ///< by thread: 1 = wanted
};

/// A compiled filter.
struct Selection {
  std::vector<std::uint8_t> sites;           ///< by site: 1 = blocks of it are wanted
  std::vector<std::uint8_t> places;          ///< the same before accounts were looked at
  std::vector<std::size_t> processes;        ///< wanted ones, ascending
  std::vector<ProcessSelection> of_process;  ///< by process; meaningless for those not wanted
  bool whole = true;                         ///< the filter had no condition: stored totals hold

  [[nodiscard]] bool wants(std::size_t process, std::uint64_t row, std::uint32_t thread) const noexcept {
    const ProcessSelection& p = of_process[process];
    return row >= p.first_row && row < p.end_row && p.threads[thread] != 0;
  }
};

/// Without a word on accounts the heap accounts are wanted. Throws ledger::FileError when a word names no
/// process, thread, account or class of this ledger (one sentence with those that there are).
[[nodiscard]] Selection compile(const Filter& filter, const ledger::Reader& reader,
                                const std::vector<Clock>& clocks);

}  // namespace heapledger::query
