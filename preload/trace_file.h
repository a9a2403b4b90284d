// The raw trace of this process: one file, mapped MAP_SHARED, so that what was written survives SIGKILL.
//
// Chunks are claimed with one atomic add, and reserved on disk and filled with zeros before they are mapped: a full disk is
// an error here and never a SIGBUS in the target. No descriptor stays open: the file is opened by its path for each chunk.
// Nothing here takes a lock. All functions may run in any hook of any thread; none touches errno.
#pragma once

#include <atomic>
#include <cstdint>

#include "../trace/format.h"

#pragma GCC visibility push(hidden)  // see meson.build
namespace heapledger {

/// What a forked child must not inherit lies in one mapping that the kernel wipes on fork (MADV_WIPEONFORK), whatever
/// kind of fork it was: an all-zero Recording is how a child learns that it is one.
struct Recording {
  enum Phase : std::uint32_t { none = 0, starting = 1, ready = 2, stopped = 3 };
  std::atomic<Phase> phase;
  std::atomic<trace::FileHeader*> header;
  std::atomic<std::uint32_t> lane_count;
  std::atomic<std::uint32_t> thread_count;
  std::atomic<struct Lane*> lanes;  ///< all lanes ever made, newest first; never shortened
  std::atomic<struct Lane*> object_lane;  ///< whose thread was the last to call Python's allocators (python/types.h)
  std::atomic<std::uint32_t> tenures;     ///< see Lane::tenure
  /// Which site the trace has for a block of the object domain; see python/reuse.h.
  struct Place {
    std::atomic<const void*> block;
    std::atomic<std::uint64_t> key;
  };
  static constexpr std::size_t kPlaces = 1024;
  Place places[kPlaces];
  /// With more than one lock, the same for each, and object_lane is nobody's (python/worlds.h).
  std::atomic<bool> many_worlds;
  std::atomic<std::uint32_t> worlds_claimed;
  std::uint32_t world_serial;
  struct World {
    std::atomic<const void*> lock;  ///< nullptr: the place is free
    std::atomic<struct Lane*> object_lane;
    std::atomic<std::uint32_t> claimed;
    std::atomic<std::uint32_t> serial;  ///< 0 of the first one, never used again
    std::int64_t id;                    ///< of the interpreter that the lock belongs to
    std::atomic<bool> ended;
  };
  World worlds[256];  ///< objects of interpreters beyond these have no types
  std::atomic<bool> further_interpreters;  ///< one was seen beside the main one
  /// Stamps: see trace::shard_of. Each counter has a cache line of its own.
  struct alignas(64) Counter {
    std::atomic<std::uint32_t> next;
  };
  Counter shards[trace::kShardCount];
  std::atomic<std::uint32_t> walk_events;  ///< stamps taken before all objects were looked at last (python/parts.h)
};

/// Set before the first event; nullptr while and where nothing is recorded. Another one only in a child that a signal handler
/// has forked in the midst of an event.
extern constinit Recording* g_recording;

namespace trace_file {

/// Creates DIR/PID-N.raw with the smallest N that is free and maps its header. False: recording stays off.
/// Called with phase == starting, and with signals held: a handler might fork.
bool create() noexcept;

/// A new mapped chunk of at least `bytes` for a lane, nullptr when recording has stopped (and why is in the header). With
/// signals held.
trace::ChunkHeader* claim(std::uint32_t lane, std::uint32_t serial, std::uint64_t bytes) noexcept;

/// Gives the mapping of a full chunk back; the file keeps its contents.
void release(trace::ChunkHeader* chunk) noexcept;

/// Recording ends here for good: the reason goes into the header, later events are counted as lost.
void stop(trace::StopReason reason) noexcept;

/// An event could not be written.
void count_lost() noexcept;

/// The process that this trace belongs to leaves by exit: the trace is whole.
void mark_clean_end(trace::FileHeader& header) noexcept;

}  // namespace trace_file
}  // namespace heapledger
#pragma GCC visibility pop
