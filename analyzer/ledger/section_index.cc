// Section index: by the contents at the end of the file, or by walking from section to section.
#include "section_index.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <zstd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <new>

#include "../../trace/codec.h"
#include "error.h"
#include "section_file.h"

namespace heapledger::ledger {
namespace {

/// Least bytes of an entry of the contents.
constexpr std::size_t kLeastEntryBytes = 6;

struct ContextDeleter {
  void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
};

/// Some 100 KB that are better not made anew for every group; payload() is called from any thread.
ZSTD_DCtx* thread_context() {
  thread_local const std::unique_ptr<ZSTD_DCtx, ContextDeleter> context(ZSTD_createDCtx());
  if (!context) throw std::bad_alloc();
  return context.get();
}

[[noreturn]] void fail(const std::string& path, int error) {
  throw FileError(
      fmt::format("cannot read {}: {}; check the name and your rights to it", path, std::strerror(error)));
}

/// False also when there are fewer bytes.
bool starts_with(std::span<const std::byte> bytes, std::span<const char> magic) {
  return bytes.size() >= magic.size() && std::memcmp(bytes.data(), magic.data(), magic.size()) == 0;
}

/// False: the contents end too early, or a number has more than 32 bits.
bool parse_entry(trace::Cursor& in, Section& section) {
  SectionHeader& h = section.header;
  const std::uint64_t tag = in.varint(), process = in.varint(), group = in.varint();
  h.tag = static_cast<Tag>(tag);
  h.process = static_cast<std::uint32_t>(process);
  h.group = static_cast<std::uint32_t>(group);
  section.offset = in.varint() + kSectionHeaderBytes;
  h.raw_bytes = in.varint();
  h.stored_bytes = in.varint();
  return in.ok() && ((tag | process | group) >> 32) == 0;
}

}  // namespace

SectionIndex::SectionIndex(std::string_view path) : path_(path) {
  map();
  try {
    check_header();
    if (!read_contents()) scan();
  } catch (...) {
    unmap();
    throw;
  }
}

SectionIndex::~SectionIndex() { unmap(); }

void SectionIndex::unmap() noexcept {
  // mmap gave this memory, and gave it for reading only.
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

void SectionIndex::map() {
  const Descriptor file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status;
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0) fail(path_, errno);
  if (S_ISDIR(status.st_mode)) fail(path_, EISDIR);
  if (!S_ISREG(status.st_mode)) {
    throw FileError(fmt::format("cannot read {}: it is not a regular file; copy its contents to one", path_));
  }
  if (status.st_size == 0) {
    throw FileError(fmt::format("{} is empty: nothing was written to it; record or pack again", path_));
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  void* const at = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.get(), 0);
  if (at == MAP_FAILED) fail(path_, errno);
  bytes_ = {static_cast<const std::byte*>(at), size};
}

void SectionIndex::check_header() const {
  if (starts_with(bytes_, trace::kMagic)) {
    throw FileError(fmt::format("{} is a raw trace, not a ledger; turn it into one with: heapledger pack {}",
                                path_, path_));
  }
  if (!starts_with(bytes_, std::span(kMagic).first(std::min(bytes_.size(), sizeof kMagic)))) {
    throw FileError(fmt::format(
        "{} is not a heapledger ledger; give a file that heapledger record or pack wrote", path_));
  }
  if (bytes_.size() < kFileHeaderBytes) {
    throw FileError(fmt::format("{} is cut off after {} bytes, within its header; record or copy it again",
                                path_, bytes_.size()));
  }
  trace::Cursor in(bytes_.subspan(sizeof kMagic));
  const auto version = static_cast<std::uint32_t>(in.number(4));
  if (in.number(4) != static_cast<std::uint32_t>(header_checksum(bytes_.first(12)))) {
    throw FileError(fmt::format("{} has a damaged header; record or copy it again", path_));
  }
  if (version > kVersion || version == 0) {
    throw FileError(
        fmt::format("{} has format version {}, this heapledger reads up to {}; install a newer heapledger",
                    path_, version, kVersion));
  }
}

bool SectionIndex::inside(const Section& s) const noexcept {
  return plausible(s.header) && s.offset <= bytes_.size() &&
         s.header.stored_bytes <= bytes_.size() - s.offset;
}

bool SectionIndex::read_contents() {
  if (bytes_.size() < kFileHeaderBytes + kTrailerBytes) return false;
  const auto offset = parse_trailer(bytes_.last(kTrailerBytes));
  if (!offset || *offset > bytes_.size()) return false;
  const auto header = parse_section_header(bytes_.subspan(static_cast<std::size_t>(*offset)));
  if (!header || header->tag != Tag::contents) return false;
  const Section contents{*header, *offset + kSectionHeaderBytes};
  // The frame's checksum guards the list: an entry that makes no sense was written so, and spoils all of
  // them.
  std::vector<std::byte> room;
  std::span<const std::byte> list;
  if (!payload(contents, room, list)) return false;
  trace::Cursor in(list);
  const std::uint64_t count = in.varint();
  if (count > in.left() / kLeastEntryBytes || count > bytes_.size() / kSectionHeaderBytes) return false;
  sections_.resize(static_cast<std::size_t>(count));
  for (Section& s : sections_) {
    if (parse_entry(in, s) && inside(s)) continue;
    sections_.clear();
    return false;
  }
  return in.at_end();
}

void SectionIndex::scan() {
  std::uint64_t at = kFileHeaderBytes;
  while (const auto header = parse_section_header(bytes_.subspan(static_cast<std::size_t>(at)))) {
    const Section section{*header, at + kSectionHeaderBytes};
    if (header->tag == Tag::contents || !inside(section)) break;
    sections_.push_back(section);
    at = section.offset + header->stored_bytes;
  }
  // The session is the last section but for the contents: with it, everything is there.
  if (!sections_.empty() && sections_.back().header.tag == Tag::session) {
    warnings_.push_back(
        {.text = fmt::format("{}: the table at its end is damaged; everything else is there", path_)});
    return;
  }
  warnings_.push_back(
      {.text =
           fmt::format("{} is cut off or damaged after {} of {} bytes; what was written behind is missing",
                       path_, at, bytes_.size()),
       .incomplete = true});
}

bool SectionIndex::payload(const Section& section, std::vector<std::byte>& room,
                           std::span<const std::byte>& payload) const {
  if (!inside(section)) return false;
  const auto frame = bytes_.subspan(static_cast<std::size_t>(section.offset),
                                    static_cast<std::size_t>(section.header.stored_bytes));
  // Both sizes must agree before memory is asked for; zstd checks the content's checksum.
  if (ZSTD_getFrameContentSize(frame.data(), frame.size()) != section.header.raw_bytes) return false;
  const auto size = static_cast<std::size_t>(section.header.raw_bytes);
  if (room.size() < size) room.resize(size);
  if (ZSTD_decompressDCtx(thread_context(), room.data(), room.size(), frame.data(), frame.size()) != size)
    return false;
  payload = std::span(room).first(size);
  return true;
}

}  // namespace heapledger::ledger
