// Time of a process's rows. The clock of a ledger is the position of a row; time marks tie it to
// microseconds.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "../ledger/reader.h"

namespace heapledger::query {

/// Position at which a block ends, see ledger::Row; kNever: alive at the end of the process.
inline constexpr std::uint64_t kNever = ~std::uint64_t{0};

/// A life that points behind the last row can only come from a damaged file and counts as no end.
[[nodiscard]] inline std::uint64_t death_of(std::uint64_t row, std::uint64_t life,
                                            std::uint64_t rows) noexcept {
  return life == 0 || life > rows - row ? kNever : row + life;
}

/// Valid as long as the reader. Times are microseconds since the process began to record, exact to the
/// distance of two marks (about a millisecond).
class Clock {
 public:
  Clock(const ledger::Reader& reader, std::size_t process);

  /// When the row was born at the earliest; of row_count: when the process ended.
  [[nodiscard]] std::uint64_t time_of(std::uint64_t row) const noexcept {
    if (row >= rows_) return end_us_;
    const std::uint64_t passed = marks_until(row);
    return passed == 0 ? 0 : marks_[passed - 1].time_us;
  }
  /// The first row born at that time or later; row_count when there is none.
  [[nodiscard]] std::uint64_t first_row_at(std::uint64_t time_us) const noexcept;

  [[nodiscard]] std::uint64_t rows() const noexcept { return rows_; }
  [[nodiscard]] std::uint64_t end_us() const noexcept { return end_us_; }
  [[nodiscard]] std::span<const ledger::TimeMark> marks() const noexcept { return marks_; }

  /// Number of marks whose row is not behind this one.
  [[nodiscard]] std::uint64_t marks_until(std::uint64_t row) const noexcept;

 private:
  static constexpr unsigned kStepBits = 9;  ///< rows between two entries of steps_: 512

  std::span<const ledger::TimeMark> marks_;
  std::uint64_t rows_;
  std::uint64_t end_us_;
  std::vector<std::uint32_t> steps_;  ///< marks_until(i << kStepBits): most lookups end here
};

/// Microseconds from the start of the session (that of the first process) to the start of each process.
[[nodiscard]] std::vector<std::uint64_t> process_offsets(const ledger::Reader& reader);

}  // namespace heapledger::query
