// The merge: run one lane while its clock is not ahead of the others and its stamps are due.
#include "merge.h"

#include <algorithm>

namespace heapledger::read {

Merger::Merger(const RawTrace& trace, Definitions& definitions, std::uint64_t stop_us)
    : waiting_(trace::kShardCount), due_(trace::kShardCount, 0), stop_us_(stop_us) {
  lanes_.reserve(trace.lanes().size());
  for (const auto& chunks : trace.lanes()) {
    const auto number = static_cast<std::uint32_t>(lanes_.size());
    lanes_.push_back({LaneReader{number, chunks, definitions}, {}});
  }
  for (std::uint32_t number = 0; number < lanes_.size(); ++number) queue(number);
}

bool Merger::load_head(Lane& lane) {
  if (!lane.has_head) lane.has_head = lane.reader.next(lane.head);
  return lane.has_head;
}

std::uint64_t Merger::place(const Event& event) const {
  const std::uint64_t due = due_[event.shard];
  const auto ahead = static_cast<std::int32_t>(event.stamp - static_cast<std::uint32_t>(due));
  return ahead <= 0 ? due : due + static_cast<std::uint32_t>(ahead);
}

/// Puts a lane that is not running where its next event belongs; nowhere at its end.
void Merger::queue(std::uint32_t number) {
  Lane& lane = lanes_[number];
  if (!load_head(lane)) return;
  if (due(lane.head)) {
    ready_.push({lane.head.time_us, number});
  } else {
    waiting_[lane.head.shard].push({place(lane.head), number});
    waiting_since_ = std::min(waiting_since_, lane.head.time_us);
    ++waiting_count_;
    lane.waits = true;
  }
}

/// Places that are known to be missing are nobody's turn.
void Merger::skip_gap(std::uint32_t shard) {
  const std::uint64_t next = known_missing_->behind_gap(shard, due_[shard]);
  missing_ += next - due_[shard];
  due_[shard] = next;
}

/// Lanes whose turn it is in a shard become ready.
void Merger::wake(std::uint32_t shard) {
  Heap& lanes = waiting_[shard];
  while (!lanes.empty() && lanes.top().key <= due_[shard]) {
    Lane& lane = lanes_[lanes.top().lane];
    ready_.push({lane.head.time_us, lanes.top().lane});
    lane.waits = false;
    lanes.pop();
    --waiting_count_;
  }
}

void Merger::take_stamp(const Event& event) {
  if (event.shard == kNoShard) return;
  if (event.stamp == static_cast<std::uint32_t>(due_[event.shard])) ++due_[event.shard];
  if (known_missing_) skip_gap(event.shard);
  if (waiting_count_ == 0) return;
  wake(event.shard);
  if (!ready_.empty()) horizon_ = std::min(horizon_, std::max(event.time_us, ready_.top().key));
}

/// A lane waits for a stamp that may be missing: looks which ones are, in all that is left.
void Merger::look_ahead() {
  known_missing_.emplace();
  NoDefinitions none;  // what is met will be defined when the merge gets there
  for (const Lane& lane : lanes_) {
    LaneReader reader = lane.reader.ahead(none);
    Event event = lane.head;
    for (bool more = lane.has_head || reader.next(event); more; more = reader.next(event))
      if (event.shard != kNoShard) known_missing_->enter(event.shard, place(event));
  }
  known_missing_->complete(due_);
  for (std::uint32_t shard = 0; shard < trace::kShardCount; ++shard) {
    skip_gap(shard);
    wake(shard);
  }
}

/// Lanes wait for each other's stamps: no process leaves that behind, only damage. The earliest does not wait any longer.
void Merger::give_up_a_stamp() {
  const Event* earliest = nullptr;
  for (const Heap& lanes : waiting_) {
    if (lanes.empty()) continue;
    const Event& event = lanes_[lanes.top().lane].head;
    if (earliest == nullptr || event.time_us < earliest->time_us) earliest = &event;
  }
  const std::uint32_t shard = earliest->shard;
  const std::uint64_t next = place(*earliest);
  missing_ += next - due_[shard];
  due_[shard] = next;
  wake(shard);
}

/// True when a lane that could go on is kPatienceUs behind the earliest that waits, or none could.
bool Merger::out_of_patience() {
  if (known_missing_ || waiting_count_ == 0) return false;
  if (ready_.empty()) return true;
  const std::uint64_t now = ready_.top().key;
  if (now <= waiting_since_ + kPatienceUs) return false;
  waiting_since_ = kNever;
  for (const Lane& lane : lanes_)
    if (lane.waits) waiting_since_ = std::min(waiting_since_, lane.head.time_us);
  return now > waiting_since_ + kPatienceUs;
}

bool Merger::choose() {
  if (out_of_patience()) look_ahead();
  if (ready_.empty() && waiting_count_ != 0) give_up_a_stamp();
  if (ready_.empty()) return false;
  current_ = ready_.top().lane;
  ready_.pop();
  const std::uint64_t others = ready_.empty() ? kNever : ready_.top().key;
  horizon_ = std::max(others, lanes_[current_].head.time_us);
  if (waiting_count_ != 0 && !known_missing_) {
    // Never below its own time: a chosen lane makes a step.
    horizon_ = std::max(lanes_[current_].head.time_us, std::min(horizon_, waiting_since_ + kPatienceUs));
  }
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
    // Left out or not, its stamp is taken: a later one of the shard may have been recorded before recording stopped.
    if (lane.head.time_us <= stop_us_) out[count++] = lane.head;
    else ++dropped_;
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
