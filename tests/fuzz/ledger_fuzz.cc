// Fuzz target: any bytes as a ledger file. What the Reader lets through must be safe to query without further
// checks. The mutator changes payloads and mends headers and checksums around them; without it nothing would
// get past those.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "../../analyzer/ledger/error.h"
#include "../../analyzer/ledger/reader.h"
#include "../support/ledger_parts.h"

namespace {

using namespace heapledger::ledger;  // NOLINT: this file is about nothing else

void require(bool condition) {
  if (!condition) std::abort();
}

/// A file that exists in memory only, holding the input.
std::string file_of(std::span<const std::byte> input) {
  static const int file = ::memfd_create("ledger", 0);
  require(::ftruncate(file, 0) == 0);
  require(::pwrite(file, input.data(), input.size(), 0) == std::ssize(input));
  return "/proc/self/fd/" + std::to_string(file);
}

void check_dictionaries(const Reader& reader) {
  std::size_t characters = 0;
  for (const Frame& f : reader.frames())
    characters += reader.string(f.function).size() + reader.string(f.file).size();
  for (std::size_t i = 1; i < reader.nodes().size(); ++i) {
    require(reader.nodes()[i].parent < i && reader.nodes()[i].frame < reader.frames().size());
  }
  for (const Site& s : reader.sites()) {
    require(s.node < reader.nodes().size() && static_cast<unsigned>(s.account) < kAccountCount &&
            static_cast<unsigned>(s.api) < heapledger::trace::kApiCount);
  }
  require(characters != ~std::size_t{0});  // keeps the reads
}

void check_marks(const Reader& reader, std::size_t process) {
  TimeMark last{};
  for (const TimeMark& m : reader.marks(process)) {
    require(m.row >= last.row && m.time_us >= last.time_us && m.row <= reader.row_count(process));
    last = m;
  }
}

void check_rows(const Reader& reader, std::size_t process) {
  Reader::Buffer buffer;
  std::uint64_t rows = 0;
  for (std::size_t g = 0; g < reader.group_count(process); ++g) {
    const Group group = reader.group(process, g, buffer);
    require(group.first_row == rows);
    for (std::size_t i = 0; i < group.site.size(); ++i, ++rows) {
      require(group.site[i] < reader.sites().size());
      require(group.thread[i] < reader.processes()[process].threads.size());
      require(group.life[i] <= reader.row_count(process) - rows);
    }
  }
  require(rows == reader.row_count(process));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const Reader reader(file_of(std::as_bytes(std::span(data, size))));
    check_dictionaries(reader);
    for (std::size_t i = 0; i < reader.processes().size(); ++i) {
      check_marks(reader, i);
      check_rows(reader, i);
    }
  } catch (const FileError& error) {
    require(*error.what() != '\0');
    return -1;
  }
  return 0;
}

/// Part of libFuzzer; not there when the corpus is replayed as a plain test.
extern "C" [[gnu::weak]] std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t room);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t room,
                                               unsigned seed) {
  std::minstd_rand random(seed);
  auto parts = testing::take_apart(std::as_bytes(std::span(data, size)));
  if (parts.empty() || random() % 8 == 0) return LLVMFuzzerMutate(data, size, room);
  const std::size_t chosen = random() % parts.size();
  testing::LedgerPart& part = parts[chosen];
  switch (random() % 8) {
    case 0:
      parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(chosen));
      break;
    case 1:
      parts.push_back(testing::LedgerPart(part));
      break;
    case 2:
      part.header.group = static_cast<std::uint32_t>(random() % 3);
      break;
    case 3:
      part.header.process = static_cast<std::uint32_t>(random() % 3);
      break;
    default: {
      const std::size_t used = part.payload.size();
      part.payload.resize(used + 256);
      auto* const bytes = reinterpret_cast<std::uint8_t*>(part.payload.data());
      part.payload.resize(LLVMFuzzerMutate(bytes, used, part.payload.size()));
    }
  }
  const auto out = testing::put_together(parts);
  if (out.size() > room) return LLVMFuzzerMutate(data, size, room);
  std::memcpy(data, out.data(), out.size());
  return out.size();
}
