// Builds raw traces (trace/README.md) in memory, record by record, as the shim would write them:
//
//   TraceBuilder trace;
//   trace.lane(0).thread(0).site(Api::malloc).alloc(1, 0x1000, 16).free(0x1000);
//   const read::RawTrace raw(TraceFile(trace.bytes()).path());
//
// Stamps are taken when a record is put, unless the caller brings one that was taken earlier: that is how a thread is
// simulated that was held up between its stamp and its record.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../../trace/codec.h"

namespace heapledger::support {

using FileBytes = std::vector<std::byte>;
using trace::Api;

inline trace::Bytes bytes_of(std::string_view text) { return {text.data(), text.size()}; }

/// An extended record as it lies in a chunk.
template <class Record>
FileBytes encoded(const Record& record) {
  FileBytes room(trace::extended_size(record));
  EXPECT_EQ(trace::put_extended(room.data(), record), room.data() + room.size());
  return room;
}

/// An extended record of any kind with any body.
inline FileBytes encoded(unsigned kind, std::span<const std::byte> body) {
  FileBytes record(1 + trace::varint_size(body.size()) + body.size());
  record[0] = static_cast<std::byte>(kind << 2);
  std::byte* at = trace::put_varint(record.data() + 1, body.size());
  std::ranges::copy(body, at);
  return record;
}

struct BuiltChunk {
  std::uint32_t lane = 0, serial = 0;
  std::uint64_t bytes = 0;  ///< header and room
  FileBytes records;
};

/// The counters that all threads of a process share.
class StampCounters {
 public:
  std::uint32_t take(std::uint32_t shard) { return next_[shard]++; }
  std::uint32_t take_for(std::uint64_t address) { return take(trace::shard_of(address)); }
  [[nodiscard]] std::uint32_t taken(std::uint32_t shard) const { return next_[shard]; }

 private:
  std::array<std::uint32_t, trace::kShardCount> next_{};
};

/// One lane; remembers what its writer would. Every member that appends returns the lane.
class LaneBuilder {
 public:
  using Stamp = std::optional<std::uint32_t>;  ///< none: now

  LaneBuilder(std::uint32_t number, std::deque<BuiltChunk>& chunks, StampCounters& stamps)
      : number_(number), chunks_(chunks), stamps_(stamps) {}

  /// Later records go to a new chunk of that size (multiple of the granule).
  LaneBuilder& chunk(std::uint64_t bytes = trace::kGranule) {
    chunks_.push_back({number_, serial_++, bytes, {}});
    chunk_ = &chunks_.back();
    return *this;
  }
  /// Whole records in any form.
  LaneBuilder& raw(std::span<const std::byte> records) {
    const std::uint64_t needed = sizeof(trace::ChunkHeader) + records.size();
    if (chunk_ == nullptr || needed + chunk_->records.size() > chunk_->bytes)
      chunk((needed + trace::kGranule - 1) / trace::kGranule * trace::kGranule);
    chunk_->records.insert(chunk_->records.end(), records.begin(), records.end());
    return *this;
  }
  template <class Record>
  LaneBuilder& put(const Record& record) { return raw(encoded(record)); }

  LaneBuilder& thread(std::uint32_t serial, std::string_view name = "thread") {
    return put(trace::Thread{1000u + serial, serial, bytes_of(name)});
  }
  LaneBuilder& code(std::string_view function, std::string_view file, std::uint32_t first_line,
                    std::string_view line_table = {}) {
    return put(trace::Code{first_line, 0, 0, bytes_of(file), bytes_of(function), bytes_of(line_table)});
  }
  LaneBuilder& site(Api api, std::uint32_t parent = 0, std::uint32_t code = 0, std::uint32_t offset = 0) {
    return put(trace::Site{parent, code, offset, static_cast<std::uint32_t>(api)});
  }
  /// The clock stands at `time_us` from here on.
  LaneBuilder& at(std::uint64_t time_us) {
    if (time_us > time_us_) put(trace::Time{time_us - time_us_});
    time_us_ = std::max(time_us_, time_us);
    return *this;
  }

  LaneBuilder& alloc(std::uint32_t site, std::uint64_t address, std::uint64_t size, Stamp stamp = {}) {
    order(trace::shard_of(address), stamp);
    if (site >= sites_.size()) sites_.resize(site + 1);
    std::byte room[trace::kMaxHotRecord];
    std::byte* end = trace::put_alloc(room, model_, sites_[site], {site, address, size});
    if (end != nullptr) return raw({room, end});
    model_.last_address = sites_[site].last_address = address;
    return put(trace::AllocWide{site, address, size});
  }
  LaneBuilder& free(std::uint64_t address, std::uint8_t flags = 0, Stamp stamp = {}) {
    order(trace::shard_of(address), stamp);
    std::byte room[trace::kMaxHotRecord];
    std::byte* end = trace::put_free(room, model_, address, flags);
    if (end != nullptr) return raw({room, end});
    model_.last_address = address;
    return put(trace::FreeWide{address, flags});
  }
  /// A hot one: `address` is a multiple of 8 near the last.
  LaneBuilder& reuse(std::uint32_t site, std::uint64_t address, Stamp stamp = {}) {
    order(trace::shard_of(address), stamp);
    std::byte room[trace::kMaxHotRecord];
    return raw({room, trace::put_reuse(room, model_, site, address)});
  }
  LaneBuilder& reused(std::uint32_t site, std::uint32_t type, std::uint64_t address, Stamp stamp = {}) {
    order(trace::shard_of(address), stamp);
    const auto move = static_cast<std::int64_t>(address - std::exchange(model_.last_address, address));
    return put(trace::Reused{site, type, move});
  }
  LaneBuilder& part_of(std::uint32_t owner, trace::Part part, std::uint64_t address, Stamp stamp = {}) {
    const auto move = static_cast<std::int64_t>(address - std::exchange(model_.last_address, address));
    const std::uint64_t gap = skipped(trace::shard_of(address), stamp);
    return put(trace::PartOf{owner, static_cast<std::uint32_t>(part), move, gap});
  }
  LaneBuilder& typed_late(std::uint32_t type, std::uint32_t site, std::uint64_t address, Stamp stamp = {}) {
    return put(trace::TypedLate{type, site, address, skipped(trace::shard_of(address), stamp)});
  }
  LaneBuilder& realloc(std::uint32_t site, std::uint64_t old, std::uint64_t now, std::uint64_t size,
                       Stamp before = {}, Stamp after = {}) {
    trace::Realloc r;
    r.site = site;
    r.old_move = static_cast<std::int64_t>(old - model_.last_address);
    r.new_move = static_cast<std::int64_t>(now - old);
    r.size = size;
    r.skipped_before = skipped(trace::shard_of(old), before);
    r.skipped_after = skipped(trace::shard_of(now), after);
    model_.last_address = now;
    return put(r);
  }
  /// A stamp without an event; address 0: of the mappings.
  LaneBuilder& void_stamp(std::uint64_t address, Stamp stamp = {}) {
    return put(trace::VoidStamp{address, skipped(address == 0 ? trace::kMapShard : trace::shard_of(address), stamp)});
  }

  LaneBuilder& map(std::uint32_t site, std::uint64_t address, std::uint64_t size, std::uint32_t flags) {
    return put(trace::Map{site, flags, address, size, skipped(trace::kMapShard)});
  }
  LaneBuilder& unmap(std::uint64_t address, std::uint64_t size) {
    return put(trace::Unmap{address, size, skipped(trace::kMapShard)});
  }
  LaneBuilder& remap(std::uint32_t site, std::uint64_t old, std::uint64_t old_size, std::uint64_t now,
                     std::uint64_t size) {
    const std::uint64_t before = skipped(trace::kMapShard), after = skipped(trace::kMapShard);
    return put(trace::Remap{site, old, old_size, now, size, before, after});
  }
  LaneBuilder& protect(std::uint64_t address, std::uint64_t size, bool usable) {
    return put(trace::Protect{address, size, usable ? 1u : 0u, skipped(trace::kMapShard)});
  }
  LaneBuilder& stack(std::uint32_t site, std::uint64_t number, std::uint64_t size) {
    return put(trace::Stack{site, number, size, skipped(trace::kMapShard)});
  }
  LaneBuilder& stack_end(std::uint64_t number) { return put(trace::StackEnd{number, skipped(trace::kMapShard)}); }
  LaneBuilder& brk(std::uint32_t site, std::uint64_t old, std::int64_t change) {
    return put(trace::Break{site, change, old, skipped(trace::kMapShard)});
  }

 private:
  std::uint64_t skipped(std::uint32_t shard, Stamp taken = {}) {
    const std::uint32_t stamp = taken ? *taken : stamps_.take(shard);
    return stamp - std::exchange(next_stamp_[shard], stamp + 1);
  }
  void order(std::uint32_t shard, Stamp stamp) {
    if (const std::uint64_t gap = skipped(shard, stamp); gap != 0) put(trace::Order{gap});
  }

  std::uint32_t number_, serial_ = 0;
  std::deque<BuiltChunk>& chunks_;
  StampCounters& stamps_;
  BuiltChunk* chunk_ = nullptr;
  trace::LaneModel model_;
  std::vector<trace::SiteModel> sites_;
  std::uint64_t time_us_ = 0;
  std::array<std::uint32_t, trace::kShardCount> next_stamp_{};
};

class TraceBuilder {
 public:
  TraceBuilder() {
    std::memcpy(header_.magic, trace::kMagic, sizeof header_.magic);
    header_.version = trace::kVersion;
    header_.byte_order = trace::kByteOrder;
    header_.header_bytes = trace::kGranule;
    header_.pointer_bytes = 8;
    header_.page_bytes = 4096;
    header_.shard_bits = trace::kShardBits;
    header_.pid = 4242;
    header_.clean_end = 1;
  }

  trace::FileHeader& header() { return header_; }
  StampCounters& stamps() { return stamps_; }
  /// In the order in which they were begun, which is their order in the file; tests may change it.
  std::deque<BuiltChunk>& chunks() { return chunks_; }
  /// Their records, as a reader of one lane wants them; valid until more are put.
  [[nodiscard]] std::vector<std::span<const std::byte>> records() const {
    std::vector<std::span<const std::byte>> records;
    for (const BuiltChunk& chunk : chunks_) records.emplace_back(chunk.records);
    return records;
  }
  LaneBuilder& lane(std::uint32_t number) {
    return lanes_.try_emplace(number, number, chunks_, stamps_).first->second;
  }

  /// The whole file.
  [[nodiscard]] FileBytes bytes() {
    std::uint64_t size = trace::kGranule;
    for (const BuiltChunk& chunk : chunks_) size += chunk.bytes;
    header_.next_offset = size;
    FileBytes file(size);
    std::memcpy(file.data(), &header_, sizeof header_);
    std::byte* at = file.data() + trace::kGranule;
    for (const BuiltChunk& chunk : chunks_) {
      const std::uint32_t head[] = {trace::kChunkMagic, chunk.lane, chunk.serial,
                                    static_cast<std::uint32_t>(chunk.bytes)};
      const auto committed = static_cast<std::uint32_t>(chunk.records.size());
      std::memcpy(at, head, sizeof head);
      std::memcpy(at + offsetof(trace::ChunkHeader, committed), &committed, sizeof committed);
      std::ranges::copy(chunk.records, at + sizeof(trace::ChunkHeader));
      at += chunk.bytes;
    }
    return file;
  }

 private:
  trace::FileHeader header_{};
  StampCounters stamps_;
  std::deque<BuiltChunk> chunks_;
  std::map<std::uint32_t, LaneBuilder> lanes_;
};

/// A file of these bytes that has a path while this lives. It can be changed and cut in place.
class TraceFile {
 public:
  explicit TraceFile(std::span<const std::byte> bytes) : fd_(::memfd_create("trace", MFD_CLOEXEC)) {
    for (std::size_t done = 0; done < bytes.size();) {
      const ssize_t n = ::write(fd_, bytes.data() + done, bytes.size() - done);
      if (n <= 0) throw std::runtime_error("cannot write a trace to memory");
      done += static_cast<std::size_t>(n);
    }
  }
  ~TraceFile() { ::close(fd_); }
  TraceFile(const TraceFile&) = delete;
  TraceFile& operator=(const TraceFile&) = delete;

  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }
  void resize(std::uint64_t bytes) const { EXPECT_EQ(::ftruncate(fd_, static_cast<off_t>(bytes)), 0); }
  void set(std::uint64_t at, std::byte value) const {
    EXPECT_EQ(::pwrite(fd_, &value, 1, static_cast<off_t>(at)), 1);
  }

 private:
  int fd_;
};

}  // namespace heapledger::support
