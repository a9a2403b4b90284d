// What only grows: code and classes whose blocks stay until the program's end, more of them all the time.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "../query/origin.h"

namespace heapledger::advise {

/// The time of a program is looked at in so many equal parts.
inline constexpr std::size_t kParts = 8;

/// Blocks of a slot (query::Slots) that were alive when the program ended.
struct Growth {
  std::size_t slot = 0;
  std::array<std::uint64_t, kParts> bytes{};  ///< by the part of the time they were born in
  std::array<std::uint64_t, kParts> blocks{};
  std::uint64_t part_blocks = 0;               ///< of these, parts of instances
  /// How often one table of a dict or list grew: each buffer of 256 bytes or more continues the one before.
  /// 0 when any did not: there are several tables, or it was emptied or made anew.
  std::uint64_t table_growths = 0;
  std::uint64_t table_bytes = 0;  ///< of the last buffer, if it was alive

  /// Adds the blocks of another slot.
  void add(const Growth& other) noexcept;
  [[nodiscard]] std::uint64_t total_bytes() const noexcept;
  [[nodiscard]] std::uint64_t total_blocks() const noexcept;
  [[nodiscard]] std::uint64_t instances() const noexcept { return total_blocks() - part_blocks; }
  /// Born in most parts of the time, not at its begin alone.
  [[nodiscard]] bool steady() const noexcept;
  /// One table that only grew.
  [[nodiscard]] bool only_grew() const noexcept { return table_growths >= 3 && table_bytes != 0; }
};

struct GrowthReport {
  /// The program's end: its last allocation with a Python frame; then the interpreter cleans up.
  std::uint64_t end_row = 0;
  std::uint64_t end_us = 0;
  std::vector<Growth> slots;  ///< that hold anything then, greatest first
};

/// One scan over the rows of a process, for its end, and one for the blocks. Throws ledger::FileError on a
/// damaged group.
[[nodiscard]] GrowthReport growth(const ledger::Reader& reader, const query::Slots& slots,
                                  std::size_t process);

}  // namespace heapledger::advise
