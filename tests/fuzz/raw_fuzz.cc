// Fuzz target: any bytes as a raw trace, packed to a ledger that is opened and whose sums must agree with its rows.
//
// An input is a raw trace (trace/README.md) with the unused room left out: the fields of the file header (192 bytes), then
// for each chunk its header (128 bytes) and as many bytes of records as it says are committed. The mutator works on the
// records and corrects that number; without it most inputs would end in the second chunk's header.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "../../analyzer/ledger/error.h"
#include "../../analyzer/ledger/pack.h"
#include "../../analyzer/ledger/reader.h"

namespace {

using heapledger::ledger::FileError;
using heapledger::ledger::Group;
using heapledger::ledger::Process;
using heapledger::ledger::Reader;
using heapledger::ledger::Site;
using heapledger::trace::ChunkHeader;
using heapledger::trace::FileHeader;
using heapledger::trace::kGranule;
using Bytes = std::vector<std::byte>;

/// Ends the run and says which line did.
#define REQUIRE(condition)                                                 \
  if (!(condition)) {                                                      \
    std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
    std::abort();                                                          \
  }

// ------------------------------------------------------------------------------------------ form of inputs

struct Trace {
  Bytes header;
  struct Chunk {
    Bytes header, records;
  };
  std::vector<Chunk> chunks;
};

Bytes take(std::span<const std::byte>& input, std::size_t size) {
  const auto part = input.first(std::min(size, input.size()));
  input = input.subspan(part.size());
  return {part.begin(), part.end()};
}

Trace take_apart(std::span<const std::byte> input) {
  Trace trace{take(input, sizeof(FileHeader)), {}};
  while (!input.empty()) {
    Trace::Chunk& chunk = trace.chunks.emplace_back();
    chunk.header = take(input, sizeof(ChunkHeader));
    std::uint32_t committed = 0;
    if (chunk.header.size() == sizeof(ChunkHeader))
      std::memcpy(&committed, chunk.header.data() + offsetof(ChunkHeader, committed), sizeof committed);
    chunk.records = take(input, committed);
  }
  return trace;
}

/// The file: everything at its place. A header that was cut off ends it there.
Bytes file_of(const Trace& trace) {
  Bytes file = trace.header;
  const auto put = [&](const Bytes& bytes) { file.insert(file.end(), bytes.begin(), bytes.end()); };
  for (const Trace::Chunk& chunk : trace.chunks) {
    file.resize((file.size() + kGranule - 1) / kGranule * kGranule);
    put(chunk.header), put(chunk.records);
  }
  return file;
}

/// A file in memory that has a path.
std::string path_of(const Bytes& file) {
  static const int fd = ::memfd_create("trace", 0);
  REQUIRE(::ftruncate(fd, 0) == 0);
  REQUIRE(::pwrite(fd, file.data(), file.size(), 0) == std::ssize(file));
  return "/proc/self/fd/" + std::to_string(fd);
}

/// Where the ledger goes; in memory if the system has such a folder.
const std::string& output() {
  static const struct Folder {
    Folder() {
      path = std::filesystem::exists("/dev/shm") ? "/dev/shm" : std::filesystem::temp_directory_path().string();
      path += "/heapledger-fuzz-XXXXXX";
      REQUIRE(::mkdtemp(path.data()) != nullptr);
      file = path + "/a.hl";
    }
    ~Folder() {
      std::error_code ignored;
      std::filesystem::remove_all(path, ignored);
    }
    std::string path, file;
  } folder;
  return folder.file;
}

// ---------------------------------------------------------------------------------------------- checks

/// Totals of a process must be the sums of its rows.
void check_process(const Reader& reader, std::size_t index) {
  const Process& p = reader.processes()[index];
  std::uint64_t allocations = 0, allocated = 0, live = 0;
  Reader::Buffer buffer;
  for (std::size_t g = 0; g < reader.group_count(index); ++g) {
    const Group group = reader.group(index, g, buffer);
    for (std::size_t i = 0; i < group.site.size(); ++i) {
      REQUIRE(group.thread[i] < p.threads.size());
      const Site& site = reader.sites()[group.site[i]];
      if (group.site[i] == 0 || !is_heap(site.account)) continue;
      live += group.life[i] == 0 ? group.size[i] : 0;
      allocations += site.continuation ? 0 : 1;
      allocated += site.continuation ? 0 : group.size[i];
    }
  }
  REQUIRE(p.allocations == allocations && p.allocated_bytes == allocated && p.live_bytes == live);
  REQUIRE(p.peak_bytes >= live && (p.peak_bytes == 0 || p.peak_row < reader.row_count(index)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    heapledger::ledger::pack({{path_of(file_of(take_apart(std::as_bytes(std::span(data, size)))))}, output(), {}});
  } catch (const FileError& error) {
    REQUIRE(*error.what() != '\0');
    return -1;
  }
  const Reader reader(output());  // what was written by ourselves has no excuse
  REQUIRE(reader.warnings().empty() && reader.processes().size() == 1);
  check_process(reader, 0);
  return 0;
}

/// Part of libFuzzer; not there when the corpus is replayed as a plain test.
extern "C" [[gnu::weak]] std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t room);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t room, unsigned seed) {
  std::minstd_rand random(seed);
  Trace trace = take_apart(std::as_bytes(std::span(data, size)));
  if (trace.chunks.empty() || random() % 8 == 0) return LLVMFuzzerMutate(data, size, room);
  const std::size_t chosen = random() % trace.chunks.size();
  Trace::Chunk& chunk = trace.chunks[chosen];
  if (chunk.header.size() < sizeof(ChunkHeader)) return LLVMFuzzerMutate(data, size, room);
  const auto set = [&](std::size_t field, std::size_t value) {
    const auto number = static_cast<std::uint32_t>(value);
    std::memcpy(chunk.header.data() + field, &number, sizeof number);
  };
  switch (random() % 8) {
    case 0: set(offsetof(ChunkHeader, lane), random() % 4); break;
    case 1: set(offsetof(ChunkHeader, serial), random() % 4); break;
    default: {
      const std::size_t used = chunk.records.size();
      chunk.records.resize(used + 64);
      auto* bytes = reinterpret_cast<std::uint8_t*>(chunk.records.data());
      chunk.records.resize(LLVMFuzzerMutate(bytes, used, chunk.records.size()));
      set(offsetof(ChunkHeader, committed), chunk.records.size());
    }
  }
  Bytes out = trace.header;
  for (const Trace::Chunk& c : trace.chunks) {
    out.insert(out.end(), c.header.begin(), c.header.end());
    out.insert(out.end(), c.records.begin(), c.records.end());
  }
  if (out.size() > room) return LLVMFuzzerMutate(data, size, room);
  std::memcpy(data, out.data(), out.size());
  return out.size();
}
