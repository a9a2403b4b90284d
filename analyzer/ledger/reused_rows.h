// Rows of blocks that Python made another object of: which rows they are, and where their blocks began.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace heapledger::ledger {

/// A bit a row, up to the last of them; an entry for each that is alive; and what began in this tick of the
/// trace's clock.
class ReusedRows {
 public:
  [[nodiscard]] bool contains(std::uint64_t row) const {
    const std::uint64_t word = row / kBits;
    return word < bits_.size() && (bits_[word] >> row % kBits & 1) != 0;
  }

  /// The row continues the block of another one.
  void add(std::uint64_t row, std::uint64_t before, std::uint32_t thread) {
    const std::uint64_t first = contains(before) ? take(before) : before;
    first_[row] = first;
    if (row / kBits >= bits_.size()) bits_.resize(row / kBits + 1);
    bits_[row / kBits] |= std::uint64_t{1} << row % kBits;
    tick_threads_.resize(row - tick_row_ + 1);
    tick_threads_.back() = thread + 1;
  }

  /// First row of the block that a live row of these continues.
  [[nodiscard]] std::uint64_t first_of(std::uint64_t row) const { return first_.at(row); }
  /// The same; the row ends.
  std::uint64_t take(std::uint64_t row) {
    const auto found = first_.find(row);
    const std::uint64_t first = found->second;
    first_.erase(found);
    return first;
  }

  /// Of each block that still lives in such a row.
  template <class Visit>
  void for_each_first(Visit visit) const {
    for (const auto& [row, first] : first_) visit(first);
  }

  /// The clock moved; rows from `row` on are of the tick that begins.
  void begin_tick(std::uint64_t row) {
    tick_row_ = row;
    tick_threads_.clear();
  }
  /// Whether the row is one of these, of this tick and this thread.
  [[nodiscard]] bool is_of_tick(std::uint64_t row, std::uint32_t thread) const {
    return row >= tick_row_ && row - tick_row_ < tick_threads_.size() &&
           tick_threads_[row - tick_row_] == thread + 1;
  }

 private:
  static constexpr std::uint64_t kBits = 64;
  std::vector<std::uint64_t> bits_;                         ///< by row
  std::unordered_map<std::uint64_t, std::uint64_t> first_;  ///< live row -> first row of its block
  std::uint64_t tick_row_ = 0;
  std::vector<std::uint32_t> tick_threads_;  ///< by row of the tick: thread + 1, 0: none of these
};

}  // namespace heapledger::ledger
