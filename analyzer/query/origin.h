// Tells blocks without a Python frame apart: interpreter start-up, native code, stacks that were off.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "../ledger/reader.h"

namespace heapledger::query {

/// What the stack of a site says.
enum class Origin : std::uint8_t {
  python,     ///< there is a Python frame
  start_up,   ///< none, before the interpreter ran the program's first frame
  native,     ///< none: native code, interpreter shutdown, or no Python process at all
  no_stacks,  ///< none because Python stacks were not recorded
};

/// How the report names a site without a frame, "<interpreter start-up>"; empty for Origin::python.
[[nodiscard]] std::string_view origin_name(Origin origin) noexcept;

/// Whether a file is part of the interpreter's import system, whose frames say nothing about a program
/// (tracebacks leave them out too).
[[nodiscard]] bool is_import_system(std::string_view file) noexcept;

/// Sums are kept in slots: one for each site with a frame, one for each origin of a site without one.
/// Sites are shared by all processes of a ledger, but what a missing frame means depends on process and time.
///
/// Start-up lasts until the first row with a stack that does not begin inside the import system: what CPython
/// imports on its own (encodings, site) has importlib's frozen frames outermost, the program itself never
/// has.
class Slots {
 public:
  /// Reads rows of each process until the end of its start-up is found. Throws ledger::FileError on a damaged
  /// group.
  explicit Slots(const ledger::Reader& reader);

  [[nodiscard]] std::size_t count() const noexcept { return site_.size(); }
  [[nodiscard]] std::uint32_t site(std::size_t slot) const noexcept { return site_[slot]; }
  [[nodiscard]] Origin origin(std::size_t slot) const noexcept { return origin_[slot]; }

  /// Slots by site that hold for rows of the process up to, but not with, `end`; ask again from there.
  struct Table {
    const std::uint32_t* slot;
    std::uint64_t end;
  };
  [[nodiscard]] Table table(std::size_t process, std::uint64_t row) const noexcept;

 private:
  struct Phase {
    std::uint64_t start_up_end = 0;
    Origin later = Origin::native;
  };
  void add_slots(const ledger::Reader& reader);

  std::vector<std::uint32_t> site_;
  std::vector<Origin> origin_;
  std::vector<std::uint32_t> by_origin_[4];  ///< by origin of frameless sites, then by site
  std::vector<Phase> phases_;                ///< by process
};

}  // namespace heapledger::query
