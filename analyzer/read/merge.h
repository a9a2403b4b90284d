// Merges the lanes of a process into one order of events.
//
// Events on one address stand in their true order: each carries a stamp from the counter of its address's shard, and an
// event is only let through when all earlier stamps of that shard have been. Events on different addresses are ordered
// by the coarse clock (1 to 4 ms); within one tick lanes follow each other in stretches.
//
// A lane is running, ready (in a heap by its clock) or waiting for a stamp (in a heap of its shard, by stamp); so the work
// for an event does not grow with the number of lanes. Stamps that will never come are known from looking ahead once a
// lane has waited for longer than kPatienceUs, or nothing else is left to do.
#pragma once

#include <cstdint>
#include <optional>
#include <queue>
#include <span>
#include <vector>

#include "lane_reader.h"
#include "missing_stamps.h"

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

  /// An event is at most this much late behind events of other addresses because a stamp before it is missing.
  static constexpr std::uint64_t kPatienceUs = 50'000;

 private:
  struct Lane {
    LaneReader reader;
    Event head;
    bool has_head = false;
    bool waits = false;
  };
  /// A lane in a heap: first out is the smallest key, then the smallest number.
  struct Queued {
    std::uint64_t key;
    std::uint32_t lane;
    bool operator<(const Queued& o) const { return key != o.key ? key > o.key : lane > o.lane; }
  };
  using Heap = std::priority_queue<Queued>;

  bool load_head(Lane& lane);
  /// Counts the stamp from the beginning of its shard. One that is behind what is due is due: only damage makes it.
  [[nodiscard]] std::uint64_t place(const Event& event) const;
  [[nodiscard]] bool due(const Event& event) const {
    return event.shard == kNoShard || place(event) <= due_[event.shard];
  }
  void take_stamp(const Event& event);
  void skip_gap(std::uint32_t shard);
  void wake(std::uint32_t shard);
  void queue(std::uint32_t lane);
  bool choose();
  bool out_of_patience();
  void look_ahead();
  void give_up_a_stamp();

  std::vector<Lane> lanes_;
  Heap ready_;                          ///< by time
  std::vector<Heap> waiting_;           ///< by shard: by place
  std::uint64_t waiting_count_ = 0;
  std::uint64_t waiting_since_ = kNever;  ///< no lane that waits has an earlier event
  std::vector<std::uint64_t> due_;      ///< by shard: the place whose turn it is
  std::optional<MissingStamps> known_missing_;
  std::uint64_t stop_us_;
  std::uint64_t missing_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint32_t current_ = kNone;
  std::uint64_t horizon_ = 0;  ///< the current lane runs until its clock passes this

  static constexpr std::uint32_t kNone = 0xffffffff;
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};
};

}  // namespace heapledger::read
