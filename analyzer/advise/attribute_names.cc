// Compares the room that instances have for attributes with the number of names that are known.
#include "attribute_names.h"

#include <fmt/format.h>

#include <algorithm>

#include "instance_layout.h"
#include "slotted_class.h"

namespace heapledger::advise {

namespace {

constexpr std::size_t kMostWritten = 64;  ///< names of one class; no recording has more
constexpr double kHalfEntry = 4;          ///< bytes

constexpr const char* kNotSeen =
    "the names of its attributes are not known: no collection and no end of the interpreter saw them";
constexpr const char* kMoreRoom =
    "its instances have room for more attributes than those whose names are known";
constexpr const char* kOwnDicts = "instances have dicts of their own, and not all names in them are known";

double mean(std::uint64_t bytes, std::uint64_t blocks) {
  return static_cast<double>(bytes) / static_cast<double>(blocks);
}

/// Names that no slot can have: what is no identifier, and what Python would change in the class.
bool can_be_slot(const std::string& name) {
  return is_identifier(name) && (!name.starts_with("__") || name.ends_with("__")) && name != "__dict__" &&
         name != "__weakref__";
}

}  // namespace

std::vector<std::string> attributes_of(std::span<const ledger::Process> processes, const SameNames& same,
                                       std::uint32_t type) {
  std::vector<std::string> names;
  for (const ledger::Process& process : processes) {
    for (const ledger::Attributes& one : process.attributes) {
      if (same[one.type] != same[type]) continue;
      for (const std::string& name : one.names)
        if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    }
  }
  return names;
}

const query::TypeSums* NamesJudge::sums_of(std::uint32_t type) const {
  const auto found = std::ranges::find(blocks_.types, same_[type], &query::TypeSums::type);
  return found != blocks_.types.end() && found->instances.allocations != 0 ? &*found : nullptr;
}

std::string NamesJudge::objection(std::uint32_t type, const std::vector<std::string>& names) const {
  const query::TypeSums* sums = sums_of(type);
  if (sums == nullptr) return {};
  if (const auto bad = std::ranges::find_if_not(names, can_be_slot); bad != names.end())
    return fmt::format("its attribute '{}' cannot be a slot", *bad);
  const bool shares_always = minor_of(process_.python_hex) >= 11;
  const std::size_t most = shares_always ? kMostSharedAttributes : kMostWritten;
  if (names.size() >= most)
    return fmt::format("it has {} attributes or more, and not all of their names are known", names.size());
  return shares_always ? by_room(*sums, names.size()) : by_tables(*sums, names.size());
}

/// The first instances of a class have more room, one entry less each time. A class that is defined anew has
/// first instances again.
double NamesJudge::start_up_bytes(std::uint32_t type, std::size_t names) const {
  constexpr double kEntry = 9;
  double classes = 0;
  for (std::uint32_t t = 1; t < same_.size(); ++t)
    classes += same_[t] == same_[type] && reader_.types()[t].owner == 0 ? 1 : 0;
  const auto spare = static_cast<double>(kMostSharedAttributes - names);
  return classes * kEntry * spare * spare / 2;
}

/// From 3.11 on, the size of the room tells how many names the class had, and whether there was one entry to
/// spare.
std::string NamesJudge::by_room(const query::TypeSums& sums, std::size_t names) const {
  const bool inside = (reader_.types()[sums.type].flags & trace::kInlineValues) != 0;
  const bool apart = !inside && minor_of(process_.python_hex) <= 12 && sums.values.allocations != 0;
  if (!inside && !apart) return names == 0 ? kNotSeen : "";
  const query::Sums& room = inside ? sums.instances : sums.values;
  const bool now = room.peak_blocks != 0;
  const std::uint64_t count = now ? room.peak_blocks : room.allocations;
  const double size = mean(now ? room.peak_bytes : room.allocated_bytes, count);
  const double start_up = start_up_bytes(sums.type, names) / static_cast<double>(count);
  const auto expected = [&](std::size_t entries) {
    return static_cast<double>(
        room_size(process_.python_hex, std::min<std::uint64_t>(entries, kMostSharedAttributes)));
  };
  if (names == 0 && start_up > kHalfEntry) return kNotSeen;  // too few instances to know better
  if (size > expected(names + 1) + start_up + kHalfEntry)
    return names == 0 ? kNotSeen : kMoreRoom;
  if (apart && !nearly_all(sums.values.peak_blocks, sums.instances.peak_blocks)) return kOwnDicts;
  const bool full = inside && size < expected(names) + kHalfEntry;
  if (full && blocks_.dicts + sums.dicts.peak_blocks >= sums.instances.peak_blocks / 2)
    return "the table of names that its instances share is full; what found no room in it is not known";
  return {};
}

/// Up to 3.10, a class whose instances differ in the order of their attributes, or lose one, forgets its
/// table.
std::string NamesJudge::by_tables(const query::TypeSums& sums, std::size_t names) const {
  if (names == 0)
    return "the names of its attributes are not known: it has none, or its instances do not share a table "
           "of them";
  const std::uint64_t instances = sums.instances.peak_blocks;
  const std::uint64_t dicts = sums.dicts.peak_blocks, values = sums.values.peak_blocks;
  if (dicts > values + instances / 50) return kOwnDicts;
  if (values != 0) {
    const double size = mean(sums.values.peak_bytes, values);
    if (size > static_cast<double>(room_size(process_.python_hex, names)) + kHalfEntry)
      return kMoreRoom;
  }
  if (instances != 0 && !nearly_all(values, instances) && blocks_.untyped >= (instances - values) / 2)
    return "instances may have dicts of their own, so that not all names of attributes are known";
  return {};
}

}  // namespace heapledger::advise
