// Names of the attributes that instances of a class have, and whether these are all of them.
//
// A recording knows the names in the table that instances of a class share. An instance that found no room in
// it, or left it, has a dict with a table of its own, whose names nobody has seen.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "../query/types.h"

namespace heapledger::advise {

/// By type: the first one of the same name (query::same_names).
using SameNames = std::vector<std::uint32_t>;

/// Whether the interpreter has no lock that all threads share (3.13 and later).
[[nodiscard]] inline bool is_free_threaded(const ledger::Process& process) {
  return process.python_version.find("free-threading") != std::string::npos;
}

/// tp_basicsize of object.
[[nodiscard]] inline std::uint64_t object_size(const ledger::Process& process) {
  return is_free_threaded(process) ? 32 : 16;
}

/// Names that instances of all types of this name had, in the order in which they got them.
[[nodiscard]] std::vector<std::string> attributes_of(std::span<const ledger::Process> processes,
                                                     const SameNames& same, std::uint32_t type);

/// Whether the blocks of a class in one process speak against these being all of its names.
class NamesJudge {
 public:
  /// All must outlive it.
  NamesJudge(const ledger::Reader& reader, const ledger::Process& process, const SameNames& same,
             const query::ClassedBlocks& blocks)
      : reader_(reader), process_(process), same_(same), blocks_(blocks) {}

  /// Why not, as the end of a sentence; empty: they are all, or the class has no instances here.
  [[nodiscard]] std::string objection(std::uint32_t type, const std::vector<std::string>& names) const;
  /// Sums of all classes of this name; nullptr: it has no instances here.
  [[nodiscard]] const query::TypeSums* sums_of(std::uint32_t type) const;

 private:
  [[nodiscard]] std::string by_dicts(const query::TypeSums& sums, std::size_t names) const;
  [[nodiscard]] std::string by_room(const query::TypeSums& sums, std::size_t names) const;
  [[nodiscard]] std::string by_tables(const query::TypeSums& sums, std::size_t names) const;
  [[nodiscard]] double start_up_bytes(std::uint32_t type, std::size_t names) const;

  const ledger::Reader& reader_;
  const ledger::Process& process_;
  const SameNames& same_;
  const query::ClassedBlocks& blocks_;
};

/// From 3.11 on: whether instances keep attributes in a __dict__ that shares the table of names, as those of
/// classes with bases of C do, and not next to them. Of those at the moment of the question; of all, when there
/// are none then.
[[nodiscard]] bool has_values_in_dicts(const ledger::Reader& reader, std::uint32_t python_hex,
                                       const query::TypeSums& sums);

/// Whether nearly all of so many instances have one of these parts.
[[nodiscard]] constexpr bool nearly_all(std::uint64_t parts, std::uint64_t instances) noexcept {
  return parts != 0 && parts >= instances - instances / 50;
}

}  // namespace heapledger::advise
