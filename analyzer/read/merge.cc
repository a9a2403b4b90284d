// The merge: run one lane while its clock is not ahead of the others and its stamps are due.
#include "merge.h"

#include <algorithm>
#include <limits>

namespace heapledger::read {

Merger::Merger(const RawTrace& trace, Definitions& definitions, std::uint64_t stop_us)
    : next_stamp_(trace::kShardCount, 0), stop_us_(stop_us) {
  lanes_.reserve(trace.lanes().size());
  for (const auto& chunks : trace.lanes()) {
    const auto number = static_cast<std::uint32_t>(lanes_.size());
    lanes_.push_back({LaneReader{number, chunks, definitions}, {}});
    active_.push_back(number);
  }
}

bool Merger::load_head(Lane& lane) {
  while (!lane.has_head) {
    if (!lane.reader.next(lane.head)) return false;
    lane.has_head = lane.head.time_us <= stop_us_;
    if (!lane.has_head) ++dropped_;
  }
  return true;
}

/// Picks the lane with the earliest event that is due. When no event is due, stamps are missing: the earliest event's
/// shard moves on to it.
bool Merger::choose() {
  Lane* best = nullptr;
  Lane* stuck = nullptr;
  std::uint64_t earliest_other = std::numeric_limits<std::uint64_t>::max();
  std::size_t kept = 0;
  for (const std::uint32_t number : active_) {
    Lane& lane = lanes_[number];
    if (!load_head(lane)) continue;
    active_[kept++] = number;
    Lane*& slot = ready(lane.head) ? best : stuck;
    if (slot == nullptr || lane.head.time_us < slot->head.time_us) slot = &lane;
  }
  active_.resize(kept);
  if (best == nullptr && stuck == nullptr) return false;
  if (best == nullptr) {
    const Event& event = stuck->head;
    missing_ += event.stamp - next_stamp_[event.shard];
    next_stamp_[event.shard] = event.stamp;
    best = stuck;
  }
  for (const std::uint32_t number : active_)
    if (&lanes_[number] != best) earliest_other = std::min(earliest_other, lanes_[number].head.time_us);
  current_ = best;
  horizon_ = std::max(earliest_other, best->head.time_us);
  return true;
}

std::size_t Merger::next(std::span<Event> out) {
  std::size_t count = 0;
  while (count < out.size()) {
    if (current_ == nullptr && !choose()) break;
    Lane& lane = *current_;
    if (!load_head(lane) || lane.head.time_us > horizon_ || !ready(lane.head)) {
      current_ = nullptr;
      continue;
    }
    if (lane.head.shard != kNoShard) next_stamp_[lane.head.shard] = lane.head.stamp + 1;
    out[count++] = lane.head;
    lane.has_head = false;
  }
  return count;
}

std::uint64_t Merger::damaged_lanes() const {
  return static_cast<std::uint64_t>(
      std::count_if(lanes_.begin(), lanes_.end(), [](const Lane& lane) { return lane.reader.damaged(); }));
}

}  // namespace heapledger::read
