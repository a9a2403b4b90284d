// Section file: compression, naming, and errors of the file system in words.
#include "section_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

#include "byte_buffer.h"
#include "error.h"

namespace heapledger::ledger {
namespace {

// Measured with tests/bench/ledger_bench: see README.md, "Choices".
constexpr int kCompressionLevel = 3;

/// `error`: an errno. What to do is the same for all of them.
[[noreturn]] void fail(std::string_view path, int error) {
  throw FileError(fmt::format("cannot write {}: {}; free some space or choose another place for the output",
                              path, std::strerror(error)));
}

/// `path`, unless something stands there that renaming would replace by mistake.
std::string regular(std::string_view path) {
  std::string name(path);
  struct stat status;
  if (::stat(name.c_str(), &status) != 0 || S_ISREG(status.st_mode)) return name;
  throw FileError(fmt::format("cannot write {}: it is {}; name a file for the output", path,
                              S_ISDIR(status.st_mode) ? "a folder" : "not a regular file"));
}

}  // namespace

int Descriptor::close() noexcept {
  const int fd = std::exchange(fd_, -1);
  return fd >= 0 && ::close(fd) != 0 ? errno : 0;
}

FileBeside::FileBeside(std::string_view path, std::string_view suffix) {
  // Left over from a process of the same number that was killed: the next name.
  for (int attempt = 0; file_.get() < 0; ++attempt) {
    name_ = fmt::format("{}.{}-{}.{}", path, ::getpid(), attempt, suffix);
    file_.reset(::open(name_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (file_.get() < 0 && (errno != EEXIST || attempt == 100)) fail(path, errno);
  }
}

FileBeside::~FileBeside() { (void)unlink(); }

int FileBeside::unlink() noexcept {
  const std::string name = std::move(name_);
  name_.clear();
  return name.empty() || ::unlink(name.c_str()) == 0 ? 0 : errno;
}

int FileBeside::rename(const std::string& path) noexcept {
  if (const int error = file_.close()) return error;
  if (::rename(name_.c_str(), path.c_str()) != 0) return errno;
  name_.clear();
  return 0;
}

void SectionFile::ContextDeleter::operator()(ZSTD_CCtx_s* context) const noexcept { ZSTD_freeCCtx(context); }

SectionFile::SectionFile(std::string_view path)
    : path_(regular(path)), file_(path, "part"), context_(ZSTD_createCCtx()) {
  if (!context_) throw std::bad_alloc();
  ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, kCompressionLevel);
  ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
  write(file_header());
}

void SectionFile::write(std::span<const std::byte> bytes) {
  offset_ += bytes.size();
  while (!bytes.empty()) {
    const ssize_t done = ::write(file_.descriptor(), bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR) continue;
    // Nothing written and no error: a full device of an odd kind.
    if (done <= 0) fail(path_, done < 0 ? errno : ENOSPC);
    bytes = bytes.subspan(static_cast<std::size_t>(done));
  }
}

SectionHeader SectionFile::append(Tag tag, std::uint32_t process, std::uint32_t group,
                                  std::span<const std::byte> payload) {
  if (payload.size() > kMaxPayload) {
    throw FileError(
        fmt::format("cannot write {}: a section of {} bytes is greater than the format allows ({}); "
                    "record less, for example with fewer threads or processes",
                    path_, payload.size(), kMaxPayload));
  }
  // Header and frame go out in one write.
  frame_.resize(std::max(frame_.size(), kSectionHeaderBytes + ZSTD_compressBound(payload.size())));
  const std::size_t stored =
      ZSTD_compress2(context_.get(), frame_.data() + kSectionHeaderBytes, frame_.size() - kSectionHeaderBytes,
                     payload.data(), payload.size());
  if (ZSTD_isError(stored) != 0) {
    throw FileError(
        fmt::format("cannot write {}: compression failed ({})", path_, ZSTD_getErrorName(stored)));
  }
  const SectionHeader header{tag, process, group, payload.size(), stored};
  const auto head = section_header(header);
  std::memcpy(frame_.data(), head.data(), head.size());
  write(std::span(frame_).first(kSectionHeaderBytes + stored));
  return header;
}

void SectionFile::add(Tag tag, std::uint32_t process, std::uint32_t group,
                      std::span<const std::byte> payload) {
  const std::uint64_t offset = offset_;
  entries_.push_back({append(tag, process, group, payload), offset});
}

std::vector<std::byte> SectionFile::contents() const {
  ByteBuffer out;
  out.number(entries_.size());
  for (const Entry& e : entries_) {
    out.number(static_cast<std::uint64_t>(e.header.tag));
    out.number(e.header.process);
    out.number(e.header.group);
    out.number(e.offset);
    out.number(e.header.raw_bytes);
    out.number(e.header.stored_bytes);
  }
  return {out.bytes().begin(), out.bytes().end()};
}

void SectionFile::finish() {
  const std::uint64_t offset = offset_;
  append(Tag::contents, 0, 0, contents());
  write(trailer(offset));
  if (const int error = file_.rename(path_)) fail(path_, error);
}

}  // namespace heapledger::ledger
