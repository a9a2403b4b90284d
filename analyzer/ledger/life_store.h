// Lives of the rows of one process until it ends: deaths come in any order, memory stays bounded.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "file_format.h"
#include "section_file.h"

namespace heapledger::ledger {

/// Four bytes a row. Recent groups of rows are kept in memory, because most blocks die young; older ones go
/// to a file beside the output that has no name once it is open, and late deaths reach them through a mapping
/// whose pages are given back from time to time. Members that write throw FileError.
class LifeStore {
 public:
  /// Lives from `escape` on are kept in memory apart; only tests set it.
  explicit LifeStore(std::string_view beside, std::uint32_t escape = 0xffffffff);
  ~LifeStore();
  LifeStore(const LifeStore&) = delete;
  LifeStore& operator=(const LifeStore&) = delete;

  /// Forgets all rows.
  void clear() noexcept;
  /// Makes room for kRowsPerGroup more rows, which are alive.
  void add_group();
  /// The row is one of those; life > 0.
  void set(std::uint64_t row, std::uint64_t life) {
    std::uint32_t* slot = &recent_[(row / kRowsPerGroup) % kRecentGroups][row % kRowsPerGroup];
    if (row < old_rows()) [[unlikely]]
      slot = old_slot(row);
    if (life < escape_) [[likely]] {
      *slot = static_cast<std::uint32_t>(life);
    } else {
      *slot = escape_;
      long_[row] = life;
    }
  }
  /// Lives of the first out.size() rows of a group.
  void get(std::uint64_t group, std::span<std::uint64_t> out);

 private:
  static constexpr std::uint64_t kRecentGroups = 64;
  static constexpr std::size_t kGroupBytes = kRowsPerGroup * sizeof(std::uint32_t);
  /// Pages of the mapping that may be touched before all of them are given back the first time (128 MiB of 4
  /// KiB). Doubles each time, because deaths in no order would else spend their time on getting pages back.
  static constexpr std::uint64_t kFirstPages = 32768;
  static constexpr unsigned kPageBits = 10;  ///< rows of a page

  [[nodiscard]] std::uint64_t old_rows() const noexcept {
    return groups_ > kRecentGroups ? (groups_ - kRecentGroups) * kRowsPerGroup : 0;
  }
  /// The least recent group goes to the file.
  void write_out(std::uint64_t group);
  /// Where the life of a row is that is in the file.
  std::uint32_t* old_slot(std::uint64_t row);
  void map(std::uint64_t rows);
  void unmap() noexcept;

  std::string beside_;
  std::uint32_t escape_;
  std::uint64_t groups_ = 0;
  std::array<std::unique_ptr<std::uint32_t[]>, kRecentGroups> recent_;  ///< by group % kRecentGroups
  std::unordered_map<std::uint64_t, std::uint64_t> long_;               ///< by row

  std::optional<FileBeside> file_;  ///< all groups but the recent ones; none while these are all
  std::uint32_t* mapping_ = nullptr;
  std::uint64_t mapped_rows_ = 0;
  std::uint64_t last_page_ = 0;
  std::uint64_t pages_ = 0;  ///< touched since they were given back, some of them counted twice
  std::uint64_t most_pages_ = kFirstPages;
};

}  // namespace heapledger::ledger
