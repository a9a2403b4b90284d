// One line of positions for the rows of several processes, in the order of time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "clock.h"

namespace heapledger::query {

/// Which blocks of a process are looked at as alive: those born before row `born` that end behind `limit`.
/// At the birth of row r: {r + 1, r}. When everything before row b is over: {b, b}.
struct Instant {
  std::uint64_t born = 0;
  std::uint64_t limit = 0;
  [[nodiscard]] static Instant at_birth(std::uint64_t row) noexcept { return {row + 1, row}; }
  [[nodiscard]] static Instant before(std::uint64_t row) noexcept { return {row, row}; }
  [[nodiscard]] bool holds(std::uint64_t row, std::uint64_t death) const noexcept {
    return row < born && death > limit;
  }
};

/// A run of rows of one process that nothing of another process interrupts: position = row + shift (modulo
/// 2^64).
struct Stretch {
  std::uint64_t first_row = 0;
  std::uint64_t end_row = 0;
  std::uint64_t shift = 0;
};

/// Positions of the rows of several processes. With one process they are its row numbers. With more, the rows
/// between two time marks are one unit; units stand in the order of their times, and a process that ends
/// takes its blocks with it. So figures of several processes together are exact to the distance of two marks
/// (about a millisecond).
class Timeline {
 public:
  /// `clocks` and `offsets` by process number, see process_offsets(); both must outlive the timeline.
  Timeline(std::span<const Clock> clocks, std::span<const std::uint64_t> offsets,
           std::span<const std::size_t> processes);

  [[nodiscard]] std::span<const std::size_t> processes() const noexcept { return processes_; }
  [[nodiscard]] std::uint64_t positions() const noexcept { return positions_; }

  /// Stretches of a process that cover rows [first, end), cut to them.
  [[nodiscard]] std::vector<Stretch> stretches(std::size_t process, std::uint64_t first,
                                               std::uint64_t end) const;
  /// Where a death (see death_of) of a process takes effect; positions() or more: never.
  [[nodiscard]] std::uint64_t death_position(std::size_t process, std::uint64_t death) const noexcept {
    if (processes_.size() == 1) return death;
    return death >= clocks_[process].rows() ? lanes_[process].end_position : lanes_[process].position(death);
  }
  /// What of a process is alive just after the row at `position` was born.
  [[nodiscard]] Instant instant(std::size_t process, std::uint64_t position) const;
  /// Time of a position since the start of the session, microseconds.
  [[nodiscard]] std::uint64_t time_of(std::uint64_t position) const;

 private:
  struct Lane {
    std::vector<Stretch> stretches;    ///< all of them, in order
    std::vector<std::uint32_t> steps;  ///< by row >> kStepBits: stretch of that row
    std::uint64_t end_position = kNever;
    [[nodiscard]] const Stretch& at(std::uint64_t row) const noexcept;
    [[nodiscard]] std::uint64_t position(std::uint64_t row) const noexcept { return row + at(row).shift; }
  };
  static constexpr unsigned kStepBits = 9;

  void merge();
  void index(Lane& lane, std::uint64_t rows);

  std::span<const Clock> clocks_;
  std::span<const std::uint64_t> offsets_;
  std::vector<std::size_t> processes_;
  std::vector<Lane> lanes_;  ///< by process number; empty when there is one process only
  std::uint64_t positions_ = 0;
};

}  // namespace heapledger::query
