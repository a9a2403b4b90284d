// How a report names code: short paths, lines of source, labels of groups.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "../query/groups.h"

namespace heapledger::cli {

/// Shortens paths to what tells them apart: relative to the recorded working directory, from "site-packages/"
/// on, the standard library from "python3.11/" on.
[[nodiscard]] std::string short_path(std::string_view path, std::string_view directory);

/// What trees and stacks show for a run of frames of the import system.
inline constexpr const char* kImportSystem = "<import system>";

/// Name and title of an account: "python_object", "Python objects".
[[nodiscard]] std::string_view account_name(ledger::Account account);
[[nodiscard]] std::string_view account_title(ledger::Account account);

/// Valid as long as the reader. All texts are printable (terminal.h).
class Places {
 public:
  explicit Places(const ledger::Reader& reader);

  /// "app.py:42", "<interpreter start-up>", "Python objects", "4711 worker (tid 4712)": where a group is.
  [[nodiscard]] std::string where(const query::GroupKey& key, query::GroupBy by) const;
  /// Name of the function, empty when the group is not one of code with a function.
  [[nodiscard]] std::string function(const query::GroupKey& key, query::GroupBy by) const;
  /// Both of a frame: "app.py:42 load".
  [[nodiscard]] std::string frame(std::uint32_t node) const;
  /// The line of source without indentation; empty when there is none to be had: no regular file, or one that
  /// changed after it was recorded.
  [[nodiscard]] std::string source(const query::GroupKey& key, query::GroupBy by);

 private:
  const std::vector<std::string>& lines(std::uint32_t file);

  const ledger::Reader& reader_;
  std::string directory_;            ///< of the first process
  std::uint64_t recorded_until_ns_;  ///< files that changed later are not shown
  std::unordered_map<std::uint32_t, std::vector<std::string>> files_;
};

}  // namespace heapledger::cli
