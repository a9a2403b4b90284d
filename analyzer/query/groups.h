// Sites put together: by full stack, line, function, file, account, type, thread or process.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "profile.h"

namespace heapledger::query {

enum class GroupBy : std::uint8_t { line, function, file, stack, account, thread, process, type };

/// What a group stands for. Which fields say something depends on the grouping; the rest is 0.
struct GroupKey {
  Origin origin = Origin::python;  ///< not python: the group of all sites without a frame of that origin
  bool imports = false;        ///< trees only: frames of the import system between an import and the module
  std::uint32_t function = 0;  ///< string numbers of the innermost frame
  std::uint32_t file = 0;
  std::uint32_t line = 0;                             ///< of a line or stack; first line of a function
  std::uint32_t node = 0;                             ///< of a stack: its innermost frame
  ledger::Account account = ledger::Account::native;  ///< also of a type 0
  std::uint32_t type = 0;                             ///< the first one of its name
  std::uint32_t process = 0;                          ///< index into Reader::processes()
  std::uint32_t thread = 0;
  auto operator<=>(const GroupKey&) const = default;
};

/// The group of a frame in a grouping by code: line, function, file or stack.
[[nodiscard]] GroupKey frame_key(const ledger::Reader& reader, std::uint32_t node, GroupBy by);

struct Group {
  GroupKey key;
  Sums sums;
};

/// Groups that are not all zero, in no order a reader should rely on.
[[nodiscard]] std::vector<Group> group(const ledger::Reader& reader, const Slots& slots,
                                       const Profile& profile, GroupBy by);

/// Greatest first; equal ones by name, then by line, so that the same ledger always gives the same list.
void sort(std::vector<Group>& groups, const ledger::Reader& reader, Metric metric);

}  // namespace heapledger::query
