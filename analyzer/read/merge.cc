// The merge: run one lane while its clock is not ahead of the others and its stamps are due.
#include "merge.h"

#include <algorithm>
#include <limits>

namespace heapledger::read {

Merger::Merger(const RawTrace& trace, Definitions& definitions, std::uint64_t stop_us)
    : waiting_(trace::kShardCount), next_stamp_(trace::kShardCount, 0), stop_us_(stop_us) {
  lanes_.reserve(trace.lanes().size());
  for (const auto& chunks : trace.lanes()) {
    const auto number = static_cast<std::uint32_t>(lanes_.size());
    lanes_.push_back({LaneReader{number, chunks, definitions}, {}});
  }
  for (std::uint32_t number = 0; number < lanes_.size(); ++number) queue(number);
}

bool Merger::load_head(Lane& lane) {
  while (!lane.has_head) {
    if (!lane.reader.next(lane.head)) return false;
    lane.has_head = lane.head.time_us <= stop_us_;
    if (!lane.has_head) ++dropped_;
  }
  return true;
}

/// Puts a lane that is not running where its next event belongs; nowhere at its end.
void Merger::queue(std::uint32_t number) {
  Lane& lane = lanes_[number];
  if (!load_head(lane)) return;
  if (due(lane.head)) {
    ready_.push({lane.head.time_us, number});
  } else {
    waiting_[lane.head.shard].push_back(number);
    ++waiting_count_;
  }
}

/// The event was let through; lanes that waited for the next stamp of its shard become ready.
void Merger::take_stamp(const Event& event) {
  if (event.shard == kNoShard) return;
  if (event.stamp == next_stamp_[event.shard]) ++next_stamp_[event.shard];
  if (waiting_count_ == 0) return;
  auto& lanes = waiting_[event.shard];
  for (std::size_t i = 0; i < lanes.size();) {
    if (!due(lanes_[lanes[i]].head)) {
      ++i;
      continue;
    }
    ready_.push({lanes_[lanes[i]].head.time_us, lanes[i]});
    horizon_ = std::min(horizon_, std::max(event.time_us, lanes_[lanes[i]].head.time_us));
    lanes[i] = lanes.back();
    lanes.pop_back();
    --waiting_count_;
  }
}

/// No event is due: stamps are missing, and the earliest event does not wait for them any longer.
void Merger::skip_missing() {
  const Lane* earliest = nullptr;
  for (const auto& lanes : waiting_)
    for (const std::uint32_t number : lanes)
      if (earliest == nullptr || lanes_[number].head.time_us < earliest->head.time_us) earliest = &lanes_[number];
  const Event event = earliest->head;
  missing_ += static_cast<std::uint32_t>(event.stamp - next_stamp_[event.shard]);
  next_stamp_[event.shard] = event.stamp;
  auto lanes = std::move(waiting_[event.shard]);
  waiting_[event.shard].clear();
  waiting_count_ -= lanes.size();
  for (const std::uint32_t number : lanes) queue(number);
}

bool Merger::choose() {
  if (ready_.empty() && waiting_count_ != 0) skip_missing();
  if (ready_.empty()) return false;
  current_ = ready_.top().lane;
  ready_.pop();
  const std::uint64_t others = ready_.empty() ? std::numeric_limits<std::uint64_t>::max() : ready_.top().time_us;
  horizon_ = std::max(others, lanes_[current_].head.time_us);
  return true;
}

std::size_t Merger::next(std::span<Event> out) {
  std::size_t count = 0;
  while (count < out.size()) {
    if (current_ == kNone && !choose()) break;
    Lane& lane = lanes_[current_];
    if (!load_head(lane) || lane.head.time_us > horizon_ || !due(lane.head)) {
      queue(current_);
      current_ = kNone;
      continue;
    }
    out[count++] = lane.head;
    lane.has_head = false;
    take_stamp(lane.head);
  }
  return count;
}

std::uint64_t Merger::damaged_lanes() const {
  return static_cast<std::uint64_t>(
      std::count_if(lanes_.begin(), lanes_.end(), [](const Lane& lane) { return lane.reader.damaged(); }));
}

}  // namespace heapledger::read
