// Writes a ledger file: dictionaries (strings, frames, nodes, types, sites) shared by all processes, then rows of one
// process after the other. Rows are compressed in groups as they come; deaths, which come in any order, wait in a
// temporary file beside the ledger, so that memory does not grow with the number of blocks.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "model.h"

namespace heapledger::ledger {

/// Not thread-safe. Errors of the file system throw ledger::FileError (error.h); the unfinished file is removed.
class Writer {
 public:
  /// The file appears under `path` only when finish() has succeeded (written beside it, then renamed).
  explicit Writer(std::string_view path);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Dictionaries: equal values get equal numbers. String 0 is "", node 0 the root, site 0 the tick.
  std::uint32_t string(std::string_view text);
  std::uint32_t frame(const Frame& frame);
  std::uint32_t node(std::uint32_t parent, std::uint32_t frame);
  std::uint32_t type(const Type& type);
  std::uint32_t site(const Site& site);

  /// Processes are written one after the other: begin, rows and deaths, end.
  void begin_process();
  /// Appends a row (life is ignored); returns its position. Inline-fast: this is called for every block.
  std::uint64_t row(std::uint32_t site, std::uint32_t thread, std::uint64_t size);
  /// The row is of another site than it was written with: its type came later.
  void amend(std::uint64_t row, std::uint32_t site);
  /// See model.h; at most once a row, in any order.
  void continued(std::uint64_t row, std::uint64_t life);
  /// The block of that row ended; now = number of rows appended so far. At most once a row.
  void death(std::uint64_t row);
  /// Rows appended from now on are at least this late. Not decreasing. A mark directly behind another one replaces it.
  void time(std::uint64_t time_us);
  void rss(const RssSample& sample);
  /// Totals in `process` are the caller's.
  void end_process(const Process& process);

  void finish(const Session& session);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace heapledger::ledger
