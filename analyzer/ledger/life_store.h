// Lives of the rows of one process until it ends, in a file mapped into memory: deaths come in any order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "file_format.h"
#include "section_file.h"

namespace heapledger::ledger {

/// The file lies beside the output, has no name once it is open, and holds four bytes a row. Space is claimed
/// before it is written to, so that a full disk is an error (FileError), not a signal. Pages of old rows are
/// given back to the page cache, so that only the recent ones and a bounded number of others count as memory
/// of this process.
class LifeStore {
 public:
  /// Lives from `escape` on are kept in memory apart; only tests set it.
  explicit LifeStore(std::string_view beside, std::uint32_t escape = 0xffffffff);
  ~LifeStore();
  LifeStore(const LifeStore&) = delete;
  LifeStore& operator=(const LifeStore&) = delete;

  /// Makes room for rows [0, rows); new rows are alive. Call it once a group.
  void reserve(std::uint64_t rows);
  /// `row` is below the reserved rows; life > 0.
  void set(std::uint64_t row, std::uint64_t life) {
    if (row < recent_) [[unlikely]]
      count_page(row);
    if (life < escape_) [[likely]] {
      lives_[row] = static_cast<std::uint32_t>(life);
    } else {
      set_long(row, life);
    }
  }
  /// Lives of out.size() rows from `first` on; they are alive again afterwards, for the next process.
  void take(std::uint64_t first, std::span<std::uint64_t> out);

 private:
  /// Rows whose pages stay: most blocks die young.
  static constexpr std::uint64_t kRecentRows = 64 * std::uint64_t{kRowsPerGroup};
  /// Pages of other rows that may be touched before all of them are given back, and their rows (of 4 KiB).
  static constexpr std::uint32_t kMostOldPages = 32768;
  static constexpr unsigned kPageBits = 10;

  void grow(std::uint64_t rows);
  void set_long(std::uint64_t row, std::uint64_t life);
  void count_page(std::uint64_t row);
  void give_back(std::uint64_t first, std::uint64_t end) const;

  std::string beside_;
  std::uint32_t escape_;
  std::optional<FileBeside> file_;  ///< once there are rows
  std::uint32_t* lives_ = nullptr;
  std::uint64_t capacity_ = 0;  ///< rows
  std::uint64_t recent_ = 0;    ///< first row whose page stays, a multiple of kRowsPerGroup
  std::uint64_t last_page_ = 0;
  std::uint32_t old_pages_ = 0;  ///< touched since they were given back, some of them counted twice
  std::unordered_map<std::uint64_t, std::uint64_t> long_;
};

}  // namespace heapledger::ledger
