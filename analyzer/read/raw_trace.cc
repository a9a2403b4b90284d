// Mapping and indexing of raw trace files.
#include "raw_trace.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "../error.h"

namespace heapledger::read {

namespace {

/// Lanes beyond this are damage: each takes a chunk, and no process runs that many threads at once.
constexpr std::uint32_t kMaxLanes = 1u << 20;

template <class T>
T load(std::span<const std::byte> file, std::uint64_t offset) {
  T value;
  std::memcpy(&value, file.data() + offset, sizeof value);
  return value;
}
#define HEADER_FIELD(type, field) load<type>(file_, offsetof(trace::FileHeader, field))

std::span<const std::byte> map_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status {};
  if (fd < 0 || ::fstat(fd, &status) != 0) {
    const int reason = errno;
    if (fd >= 0) ::close(fd);
    throw FileError(fmt::format("{}: cannot be opened: {}", path, std::strerror(reason)));
  }
  void* p = MAP_FAILED;
  const auto size = static_cast<std::size_t>(status.st_size);
  if (S_ISREG(status.st_mode) && size != 0) p = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  ::close(fd);
  if (!S_ISREG(status.st_mode)) throw FileError(fmt::format("{}: is not a file", path));
  if (size == 0)
    throw FileError(fmt::format("{}: the file is empty: the recorder had no time to write anything; record again", path));
  if (p == MAP_FAILED) throw FileError(fmt::format("{}: cannot be mapped: {}", path, std::strerror(errno)));
  return {static_cast<const std::byte*>(p), size};
}

struct FoundChunk {
  std::uint32_t lane, serial;
  ChunkBytes bytes;
};

}  // namespace

RawTrace::RawTrace(const std::string& path) : path_(path), file_(map_file(path)) {
  mapping_ = std::shared_ptr<const void>(file_.data(), [size = file_.size()](const void* p) {
    ::munmap(const_cast<void*>(p), size);
  });
  read_header();
  find_chunks();
}

void RawTrace::read_header() {
  const auto refuse = [&](std::string_view why) { throw FileError(fmt::format("{}: {}", path_, why)); };
  const std::size_t known = std::min(file_.size(), sizeof trace::kMagic);
  if (std::memcmp(file_.data(), trace::kMagic, known) != 0)
    refuse("is not a raw trace of heapledger; give a *.raw file, a folder of them, or a ledger (*.hl)");
  if (file_.size() < sizeof(trace::FileHeader))
    refuse("the raw trace ends inside its header: the recorder had no time to write anything; record again");
  if (HEADER_FIELD(std::uint32_t, byte_order) != trace::kByteOrder)
    refuse("was recorded on a machine of the other byte order; pack it there");
  const auto version = HEADER_FIELD(std::uint32_t, version);
  if (version != trace::kVersion && version != 0)
    refuse(fmt::format("is a raw trace of format {}, this heapledger reads format {}; pack it with the {} one", version,
                       trace::kVersion, version > trace::kVersion ? "newer" : "older"));
  if (HEADER_FIELD(std::uint32_t, header_bytes) != trace::kGranule ||
      HEADER_FIELD(std::uint32_t, shard_bits) != trace::kShardBits || version == 0)
    refuse("the header of the raw trace is damaged; nothing can be recovered");
  if (HEADER_FIELD(std::uint32_t, pointer_bytes) != sizeof(std::uint64_t))
    refuse("was recorded in a process that is not 64-bit; such traces are not supported");
  header_.pid = HEADER_FIELD(std::uint32_t, pid);
  header_.parent_pid = HEADER_FIELD(std::uint32_t, parent_pid);
  header_.forked_from = HEADER_FIELD(std::uint32_t, forked_from);
  header_.start_monotonic_ns = HEADER_FIELD(std::uint64_t, start_monotonic_ns);
  header_.start_realtime_ns = HEADER_FIELD(std::uint64_t, start_realtime_ns);
  header_.start_ticks = HEADER_FIELD(std::uint64_t, start_ticks);
  header_.claimed_bytes = HEADER_FIELD(std::uint64_t, next_offset);
  header_.lost_events = HEADER_FIELD(std::uint64_t, lost_events);
  header_.handler_events = HEADER_FIELD(std::uint64_t, handler_events);
  header_.stop_monotonic_ns = HEADER_FIELD(std::uint64_t, stop_monotonic_ns);
  header_.stop_reason = HEADER_FIELD(trace::StopReason, stop_reason);
  header_.lost_children = HEADER_FIELD(std::uint32_t, lost_children);
  header_.missed_interpreters = HEADER_FIELD(std::uint32_t, missed_interpreters);
  header_.cpu_ns = HEADER_FIELD(std::uint64_t, cpu_ns);
  header_.clean_end = HEADER_FIELD(std::uint32_t, clean_end) != 0;
}

void RawTrace::find_chunks() {
  std::vector<FoundChunk> found;
  std::uint64_t torn = 0;
  for (std::uint64_t at = trace::kGranule; at + sizeof(trace::ChunkHeader) <= file_.size();) {
    if (load<std::uint32_t>(file_, at + offsetof(trace::ChunkHeader, magic)) != trace::kChunkMagic) {
      at += trace::kGranule;  // claimed but never begun, or damaged
      continue;
    }
    FoundChunk chunk{load<std::uint32_t>(file_, at + offsetof(trace::ChunkHeader, lane)),
                     load<std::uint32_t>(file_, at + offsetof(trace::ChunkHeader, serial)), {}};
    const std::uint64_t bytes = load<std::uint32_t>(file_, at + offsetof(trace::ChunkHeader, bytes));
    std::uint64_t committed = load<std::uint32_t>(file_, at + offsetof(trace::ChunkHeader, committed));
    const std::uint64_t here = std::min<std::uint64_t>(bytes, file_.size() - at);
    const bool sane = bytes >= trace::kGranule && bytes % trace::kGranule == 0 && bytes <= trace::kMaxChunk &&
                      chunk.lane < kMaxLanes && committed <= bytes - sizeof(trace::ChunkHeader);
    if (!sane || here < sizeof(trace::ChunkHeader) + committed) ++torn;
    if (!sane) {
      at += trace::kGranule;
      continue;
    }
    committed = std::min(committed, here - sizeof(trace::ChunkHeader));
    chunk.bytes = file_.subspan(at + sizeof(trace::ChunkHeader), committed);
    found.push_back(chunk);
    at += bytes;
  }
  if (torn != 0) damage_.push_back(fmt::format("{} of its chunks are damaged or cut off", torn));
  if (header_.claimed_bytes > file_.size() && header_.stop_reason == trace::StopReason::none)
    damage_.push_back(fmt::format("its last {} bytes are missing", header_.claimed_bytes - file_.size()));

  std::sort(found.begin(), found.end(),
            [](const FoundChunk& a, const FoundChunk& b) { return std::pair(a.lane, a.serial) < std::pair(b.lane, b.serial); });
  std::uint64_t dropped = 0;
  std::vector<std::uint32_t> lane_numbers;
  for (const FoundChunk& chunk : found) {
    if (lane_numbers.empty() || lane_numbers.back() != chunk.lane) {
      lane_numbers.push_back(chunk.lane);
      lanes_.emplace_back();
    }
    if (chunk.serial != lanes_.back().size()) {  // records build on those before them
      ++dropped;
      continue;
    }
    lanes_.back().push_back(chunk.bytes);
    committed_bytes_ += chunk.bytes.size();
  }
  if (dropped != 0)
    damage_.push_back(fmt::format("{} chunks were left out because earlier ones of the same thread are missing", dropped));
}

bool looks_like_raw_trace(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return false;
  char head[sizeof trace::kMagic];
  const bool same = ::read(fd, head, sizeof head) == static_cast<ssize_t>(sizeof head) &&
                    std::memcmp(head, trace::kMagic, sizeof head) == 0;
  ::close(fd);
  return same;
}

}  // namespace heapledger::read
