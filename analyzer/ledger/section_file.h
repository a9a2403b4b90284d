// Writes a file of compressed sections beside its final name and moves it there when it is whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "file_format.h"

struct ZSTD_CCtx_s;

namespace heapledger::ledger {

/// Closes a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) noexcept : fd_(fd) {}
  ~Descriptor() { reset(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  void reset(int fd = -1) noexcept { (void)close(), fd_ = fd; }
  /// 0 or the error number: some file systems tell only now that a write failed.
  [[nodiscard]] int close() noexcept;
  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  int fd_;
};

/// A new file "PATH.PID-N.SUFFIX", open for reading and writing, that goes with this object unless it is
/// renamed.
class FileBeside {
 public:
  /// Throws FileError, which speaks of `path`, when the folder does not allow it.
  FileBeside(std::string_view path, std::string_view suffix);
  ~FileBeside();
  FileBeside(const FileBeside&) = delete;
  FileBeside& operator=(const FileBeside&) = delete;
  [[nodiscard]] int descriptor() const noexcept { return file_.get(); }
  /// Closes the file, too. Return 0 or the error number.
  [[nodiscard]] int rename(const std::string& path) noexcept;
  [[nodiscard]] int unlink() noexcept;

 private:
  std::string name_;  ///< empty: it has none any more
  Descriptor file_;
};

/// Not thread-safe. Every member throws FileError when the file system refuses; the unfinished file is
/// removed by the destructor.
class SectionFile {
 public:
  explicit SectionFile(std::string_view path);
  SectionFile(const SectionFile&) = delete;
  SectionFile& operator=(const SectionFile&) = delete;

  /// Compresses and appends one section. Throws FileError when the payload is greater than kMaxPayload.
  void add(Tag tag, std::uint32_t process, std::uint32_t group, std::span<const std::byte> payload);
  /// Appends contents and trailer; the file appears under its name.
  void finish();
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  struct ContextDeleter {
    void operator()(ZSTD_CCtx_s* context) const noexcept;
  };
  struct Entry {
    SectionHeader header;
    std::uint64_t offset;
  };
  /// Compresses and writes, without an entry in the contents.
  SectionHeader append(Tag tag, std::uint32_t process, std::uint32_t group,
                       std::span<const std::byte> payload);
  /// All of it, or FileError.
  void write(std::span<const std::byte> bytes);
  [[nodiscard]] std::vector<std::byte> contents() const;

  std::string path_;
  FileBeside file_;
  std::unique_ptr<ZSTD_CCtx_s, ContextDeleter> context_;
  std::vector<std::byte> frame_;
  std::vector<Entry> entries_;  ///< in the order of the file; two for every group of rows
  std::uint64_t offset_ = 0;
};

}  // namespace heapledger::ledger
