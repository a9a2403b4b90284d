// A raw trace file: header checked, chunks found and sorted by lane. Nothing is decoded here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "../../trace/format.h"

namespace heapledger::read {

/// The committed records of one chunk.
using ChunkBytes = std::span<const std::byte>;

struct RawHeader {
  std::uint32_t pid = 0, parent_pid = 0, forked_from = 0;
  std::uint64_t start_monotonic_ns = 0, start_realtime_ns = 0, start_ticks = 0;
  std::uint64_t claimed_bytes = 0;  ///< of the file; it is shorter where the disk was full
  std::uint64_t lost_events = 0, handler_events = 0, stop_monotonic_ns = 0;
  trace::StopReason stop_reason = trace::StopReason::none;
  std::uint64_t cpu_ns = 0;  ///< of the process; 0: not known
  bool clean_end = false;
  std::uint32_t lost_children = 0;  ///< forked processes that could not create a trace of their own
  std::uint32_t missed_interpreters = 0;  ///< of this process, whose collections are not in the trace
};

/// The file stays mapped as long as this lives. It may still be written by a running target: what is committed now is
/// what is read.
class RawTrace {
 public:
  /// Throws FileError when the file is no raw trace of this format, byte order and pointer size.
  explicit RawTrace(const std::string& path);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const RawHeader& header() const { return header_; }
  /// Chunks of each lane, in order. A lane with a chunk missing ends before it.
  [[nodiscard]] const std::vector<std::vector<ChunkBytes>>& lanes() const { return lanes_; }
  /// Sum of all chunks' committed bytes.
  [[nodiscard]] std::uint64_t committed_bytes() const { return committed_bytes_; }
  /// Sentences about damage; empty for a whole trace.
  [[nodiscard]] const std::vector<std::string>& damage() const { return damage_; }

 private:
  void read_header();
  void find_chunks();

  std::string path_;
  std::shared_ptr<const void> mapping_;  ///< keeps file_ mapped
  std::span<const std::byte> file_;
  RawHeader header_;
  std::vector<std::vector<ChunkBytes>> lanes_;
  std::vector<std::string> damage_;
  std::uint64_t committed_bytes_ = 0;
};

/// Whether the file begins like a raw trace; false when it cannot be read.
bool looks_like_raw_trace(const std::string& path);

}  // namespace heapledger::read
