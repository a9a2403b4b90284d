// Lookup of times by row and back.
#include "clock.h"

#include <algorithm>

namespace heapledger::query {

Clock::Clock(const ledger::Reader& reader, std::size_t process)
    : marks_(reader.marks(process)),
      rows_(reader.row_count(process)),
      end_us_(reader.processes()[process].duration_us) {
  if (!marks_.empty()) end_us_ = std::max(end_us_, marks_.back().time_us);
  std::uint32_t passed = 0;
  for (std::uint64_t row = 0; row <= rows_; row += std::uint64_t{1} << kStepBits) {
    while (passed < marks_.size() && marks_[passed].row <= row) ++passed;
    steps_.push_back(passed);
  }
  steps_.push_back(static_cast<std::uint32_t>(marks_.size()));
}

std::uint64_t Clock::marks_until(std::uint64_t row) const noexcept {
  const std::uint64_t step = row >> kStepBits;
  const std::uint32_t low = steps_[step], high = steps_[step + 1];
  if (low == high) return low;
  const auto begin = marks_.begin();
  const auto later = [](std::uint64_t r, const ledger::TimeMark& mark) { return r < mark.row; };
  return static_cast<std::uint64_t>(std::upper_bound(begin + low, begin + high, row, later) - begin);
}

std::uint64_t Clock::first_row_at(std::uint64_t time_us) const noexcept {
  if (time_us == 0) return 0;
  const auto earlier = [](const ledger::TimeMark& mark, std::uint64_t t) { return mark.time_us < t; };
  const auto at = std::lower_bound(marks_.begin(), marks_.end(), time_us, earlier);
  return at == marks_.end() ? rows_ : std::min(at->row, rows_);
}

std::vector<std::uint64_t> process_offsets(const ledger::Reader& reader) {
  const auto processes = reader.processes();
  std::uint64_t first = kNever;
  for (const auto& p : processes) first = std::min(first, p.start_monotonic_ns);
  std::vector<std::uint64_t> offsets;
  for (const auto& p : processes) offsets.push_back((p.start_monotonic_ns - first) / 1000);
  return offsets;
}

}  // namespace heapledger::query
