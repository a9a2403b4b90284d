// Opens a ledger file for queries. The file is mapped; row groups are decoded on demand, by several threads if wanted.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model.h"

namespace heapledger::ledger {

/// Columns of one row group, decoded. Valid until the next group is decoded into the same buffer.
struct Group {
  std::uint64_t first_row = 0;
  std::span<const std::uint32_t> site;
  std::span<const std::uint32_t> thread;
  std::span<const std::uint64_t> size;
  std::span<const std::uint64_t> life;  ///< see Row::life
  std::span<const Continued> continued;  ///< those of these rows, ascending
};

/// All const members may be called from several threads at once.
/// Throws ledger::FileError (what, where, what to do) when a file cannot be read as a ledger at all; a torn or damaged
/// one is opened as far as it is whole, and warnings() says what is missing.
class Reader {
 public:
  explicit Reader(std::string_view path);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  [[nodiscard]] const Session& session() const;
  [[nodiscard]] std::span<const Process> processes() const;
  [[nodiscard]] std::span<const Warning> warnings() const;  ///< of the file itself

  [[nodiscard]] std::string_view string(std::uint32_t number) const;
  [[nodiscard]] std::span<const Frame> frames() const;
  [[nodiscard]] std::span<const Node> nodes() const;  ///< parents precede children
  [[nodiscard]] std::span<const Type> types() const;  ///< owners and bases precede
  [[nodiscard]] std::span<const Site> sites() const;

  [[nodiscard]] std::uint64_t row_count(std::size_t process) const;
  [[nodiscard]] std::size_t group_count(std::size_t process) const;
  [[nodiscard]] std::span<const TimeMark> marks(std::size_t process) const;  ///< ascending in both fields
  [[nodiscard]] std::span<const RssSample> rss(std::size_t process) const;

  /// Buffers for decoding; one a thread.
  struct Buffer {
    std::vector<std::uint32_t> site, thread;
    std::vector<std::uint64_t> size, life;
    std::vector<std::byte> scratch;
  };
  Group group(std::size_t process, std::size_t index, Buffer& buffer) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace heapledger::ledger
