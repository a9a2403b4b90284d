// Merges the lanes of a process into one order of events.
//
// Events on one address stand in their true order: each carries a stamp from the counter of its address's shard, and an
// event is only let through when all earlier stamps of that shard have been. Events on different addresses are ordered
// by the coarse clock (1 to 4 ms); within one tick lanes follow each other in stretches.
//
// A lane is running, ready (in a heap by its clock) or waiting for a stamp (listed with its shard); so the work for an
// event does not grow with the number of lanes.
#pragma once

#include <cstdint>
#include <queue>
#include <span>
#include <vector>

#include "lane_reader.h"

namespace heapledger::read {

class Merger {
 public:
  /// Events later than `stop_us` are left out and counted: recording had stopped for other threads by then.
  Merger(const RawTrace& trace, Definitions& definitions, std::uint64_t stop_us);

  /// Fills `out` with the next events; fewer than asked for only at the end.
  std::size_t next(std::span<Event> out);

  /// Stamps that no lane had: records that were being written when the process was killed. Known at the end.
  [[nodiscard]] std::uint64_t missing_stamps() const { return missing_; }
  [[nodiscard]] std::uint64_t dropped_events() const { return dropped_; }
  [[nodiscard]] std::uint64_t damaged_lanes() const;

 private:
  struct Lane {
    LaneReader reader;
    Event head;
    bool has_head = false;
  };
  struct Ready {
    std::uint64_t time_us;
    std::uint32_t lane;
    bool operator<(const Ready& o) const { return time_us != o.time_us ? time_us > o.time_us : lane > o.lane; }
  };

  bool load_head(Lane& lane);
  /// Stamps that are behind the counter are let through: only a damaged trace has them.
  [[nodiscard]] bool due(const Event& event) const {
    return event.shard == kNoShard || static_cast<std::int32_t>(event.stamp - next_stamp_[event.shard]) <= 0;
  }
  void take_stamp(const Event& event);
  void queue(std::uint32_t lane);
  bool choose();
  void skip_missing();

  std::vector<Lane> lanes_;
  std::priority_queue<Ready> ready_;
  std::vector<std::vector<std::uint32_t>> waiting_;  ///< lanes by the shard that their next event waits in
  std::uint64_t waiting_count_ = 0;
  std::vector<std::uint32_t> next_stamp_;
  std::uint64_t stop_us_;
  std::uint64_t missing_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint32_t current_ = kNone;
  std::uint64_t horizon_ = 0;  ///< the current lane runs until its clock passes this

  static constexpr std::uint32_t kNone = 0xffffffff;
};

}  // namespace heapledger::read
