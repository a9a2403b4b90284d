// Merges the time marks of several processes into one order.
#include "timeline.h"

#include <algorithm>

namespace heapledger::query {

namespace {

/// Rows of one process between two of its marks, or its end (no rows).
struct Unit {
  std::uint64_t time_us;
  std::size_t process;
  std::uint64_t first_row;
  std::uint64_t end_row;
};

/// Later times (292,000 years; only in a damaged file) are taken for this one, so that sums cannot wrap
/// around.
constexpr std::uint64_t kLatest = std::uint64_t{1} << 62;

void append_units(std::vector<Unit>& units, const Clock& clock, std::uint64_t offset_us,
                  std::size_t process) {
  std::uint64_t row = 0, time_us = 0;
  const auto close = [&](std::uint64_t end) {
    if (end > row) units.push_back({offset_us + std::min(time_us, kLatest), process, row, end});
    row = std::max(row, end);
  };
  for (const auto& mark : clock.marks()) {
    close(std::min(mark.row, clock.rows()));
    time_us = mark.time_us;
  }
  close(clock.rows());
  units.push_back({offset_us + std::min(clock.end_us(), kLatest), process, row, row});
}

bool precedes(const Unit& a, const Unit& b) noexcept {
  if (a.time_us != b.time_us) return a.time_us < b.time_us;
  if (a.process != b.process) return a.process < b.process;
  return a.first_row < b.first_row;
}

}  // namespace

Timeline::Timeline(std::span<const Clock> clocks, std::span<const std::uint64_t> offsets,
                   std::span<const std::size_t> processes)
    : clocks_(clocks), offsets_(offsets), processes_(processes.begin(), processes.end()) {
  if (processes_.size() == 1) {
    positions_ = clocks_[processes_.front()].rows();
  } else {
    merge();
  }
}

void Timeline::merge() {
  std::vector<Unit> units;
  for (const std::size_t p : processes_) append_units(units, clocks_[p], offsets_[p], p);
  std::sort(units.begin(), units.end(), precedes);
  lanes_.resize(clocks_.size());
  for (const Unit& unit : units) {
    Lane& lane = lanes_[unit.process];
    if (unit.first_row == unit.end_row) {
      lane.end_position = positions_;
      continue;
    }
    const std::uint64_t shift = positions_ - unit.first_row;
    if (!lane.stretches.empty() && lane.stretches.back().shift == shift) {
      lane.stretches.back().end_row = unit.end_row;
    } else {
      lane.stretches.push_back({unit.first_row, unit.end_row, shift});
    }
    positions_ += unit.end_row - unit.first_row;
  }
  for (const std::size_t p : processes_) index(lanes_[p], clocks_[p].rows());
}

void Timeline::index(Lane& lane, std::uint64_t rows) {
  std::uint32_t at = 0;
  for (std::uint64_t row = 0; row < rows; row += std::uint64_t{1} << kStepBits) {
    while (lane.stretches[at].end_row <= row) ++at;
    lane.steps.push_back(at);
  }
  if (rows != 0) lane.steps.push_back(static_cast<std::uint32_t>(lane.stretches.size() - 1));
}

const Stretch& Timeline::Lane::at(std::uint64_t row) const noexcept {
  const auto begin = stretches.begin() + steps[row >> kStepBits];
  const auto end = stretches.begin() + steps[(row >> kStepBits) + 1];
  return *std::lower_bound(begin, end, row, [](const Stretch& s, std::uint64_t r) { return s.end_row <= r; });
}

std::vector<Stretch> Timeline::stretches(std::size_t process, std::uint64_t first, std::uint64_t end) const {
  if (processes_.size() == 1) return {{first, end, 0}};
  std::vector<Stretch> result;
  if (first >= end) return result;
  for (const Stretch* s = &lanes_[process].at(first); first < end; ++s) {
    const std::uint64_t stop = std::min(end, s->end_row);
    result.push_back({first, stop, s->shift});
    first = stop;
  }
  return result;
}

Instant Timeline::instant(std::size_t process, std::uint64_t position) const {
  if (processes_.size() == 1) return Instant::at_birth(position);
  const Lane& lane = lanes_[process];
  if (position >= lane.end_position) return {};
  const auto later = [](std::uint64_t p, const Stretch& s) { return p < s.first_row + s.shift; };
  const auto next = std::upper_bound(lane.stretches.begin(), lane.stretches.end(), position, later);
  if (next == lane.stretches.begin()) return {};
  const Stretch& s = *std::prev(next);
  const std::uint64_t row = position - s.shift;
  return row < s.end_row ? Instant::at_birth(row) : Instant::at_birth(s.end_row - 1);
}

std::uint64_t Timeline::time_of(std::uint64_t position) const {
  for (const std::size_t p : processes_) {
    const Instant i = instant(p, position);
    if (i.born == 0 || death_position(p, i.limit) != position) continue;
    return offsets_[p] + clocks_[p].time_of(i.limit);
  }
  return 0;
}

}  // namespace heapledger::query
