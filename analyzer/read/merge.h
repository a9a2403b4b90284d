// Merges the lanes of a process into one order of events.
//
// Events on one address stand in their true order: each carries a stamp from the counter of its address's shard, and an
// event is only let through when all earlier stamps of that shard have been. Events on different addresses are ordered
// by the coarse clock (1 to 4 ms); within one tick lanes follow each other in stretches.
#pragma once

#include <cstdint>
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

  bool load_head(Lane& lane);
  bool ready(const Event& event) const { return event.shard == kNoShard || next_stamp_[event.shard] == event.stamp; }
  bool choose();

  std::vector<Lane> lanes_;
  std::vector<std::uint32_t> active_;  ///< lanes that have not ended
  std::vector<std::uint32_t> next_stamp_;
  std::uint64_t stop_us_;
  std::uint64_t missing_ = 0;
  std::uint64_t dropped_ = 0;
  Lane* current_ = nullptr;
  std::uint64_t horizon_ = 0;  ///< the current lane runs until its clock passes this
};

}  // namespace heapledger::read
