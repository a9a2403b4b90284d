// Stamps: the order of events on the addresses of one shard, whichever threads they come from (trace::shard_of).
//
// A lane writes how many stamps others took since its own last one; where that is none, which is nearly always, nothing.
// Only while `hook::Writing` lives.
#pragma once

#include <sys/single_threaded.h>

#include "lane.h"

#pragma GCC visibility push(hidden)  // see meson.build
namespace heapledger::hook {

/// A position in the order of a shard. The add is the only word that threads share; release and acquire are the real
/// allocator's: a free is stamped before the block can be handed out again, an allocation after it was.
inline std::uint32_t take_stamp(Lane& lane, std::uint32_t shard) noexcept {
  return lane.recording->shards[shard].next.fetch_add(1, std::memory_order_relaxed);
}

/// The same while `Writing` keeps signal handlers out: a process with one thread needs no locked add (4 of 20 ns). libc
/// clears the flag before a second thread begins, and sets it again when only the calling thread is left.
inline std::uint32_t take_stamp_alone(Lane& lane, std::uint32_t shard) noexcept {
  if (__libc_single_threaded == 0) [[unlikely]] return take_stamp(lane, shard);
  std::atomic<std::uint32_t>& next = lane.recording->shards[shard].next;
  const std::uint32_t stamp = next.load(std::memory_order_relaxed);
  next.store(stamp + 1, std::memory_order_relaxed);
  return stamp;
}

/// Stamps that others took in this shard since the lane's last one.
inline std::uint32_t skipped(Lane& lane, std::uint32_t shard, std::uint32_t stamp) noexcept {
  const std::uint32_t gap = stamp - lane.next_stamp[shard];
  lane.next_stamp[shard] = stamp + 1;
  return gap;
}

/// A stamp that was taken before the real call, for a record that is written after it.
struct EarlyStamp {
  const Recording* recording;  ///< that it is of; nullptr: no lane could be had, the event is lost and counted
  std::uint32_t number;

  static EarlyStamp take(Lane* lane, std::uint32_t shard) noexcept {
    return lane != nullptr ? EarlyStamp{lane->recording, take_stamp(*lane, shard)} : EarlyStamp{nullptr, 0};
  }
  /// A handler may have forked in between: the child's stamps are others, and whatever came between was its parent's.
  [[nodiscard]] std::uint32_t of(Lane& lane, std::uint32_t shard) const noexcept {
    return recording == lane.recording ? number : take_stamp(lane, shard);
  }
};

}  // namespace heapledger::hook
#pragma GCC visibility pop
