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

namespace {

/// Blocks at the moment of the question; ever, when the class has no instances then.
struct Counted {
  explicit Counted(const query::TypeSums& sums) : now_(sums.instances.peak_blocks != 0) {}
  [[nodiscard]] std::uint64_t blocks(const query::Sums& of) const { return now_ ? of.peak_blocks : of.allocations; }
  [[nodiscard]] double mean_size(const query::Sums& of) const {
    return mean(now_ ? of.peak_bytes : of.allocated_bytes, blocks(of));
  }

 private:
  bool now_;
};

}  // namespace

/// Values of such a __dict__ have room for as many names as any class can share. Up to 3.12 others lie next to their
/// instances, and a __dict__ that the program asked for has those: their room is for the names that there are.
bool has_values_in_dicts(const ledger::Reader& reader, std::uint32_t python_hex, const query::TypeSums& sums) {
  const Counted count(sums);
  const bool inside = (reader.types()[sums.type].flags & trace::kInlineValues) != 0;
  if (minor_of(python_hex) < 11 || inside || count.blocks(sums.values) == 0) return false;
  const auto most = static_cast<double>(room_size(python_hex, kMostSharedAttributes + 1));
  return minor_of(python_hex) >= 13 || count.mean_size(sums.values) > most - kHalfEntry;
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

/// A __dict__ without values has a table of its own.
std::string NamesJudge::by_dicts(const query::TypeSums& sums, std::size_t names) const {
  const Counted count(sums);
  if (names == 0) return kNotSeen;
  return count.blocks(sums.dicts) > count.blocks(sums.values) + count.blocks(sums.instances) / 50 ? kOwnDicts : "";
}

/// From 3.11 on, the size of the room tells how many names the class had, and whether there was one entry to
/// spare.
std::string NamesJudge::by_room(const query::TypeSums& sums, std::size_t names) const {
  const bool inside = (reader_.types()[sums.type].flags & trace::kInlineValues) != 0;
  const bool apart = !inside && minor_of(process_.python_hex) <= 12 && sums.values.allocations != 0;
  if (!inside && (!apart || has_values_in_dicts(reader_, process_.python_hex, sums))) return by_dicts(sums, names);
  const query::Sums& room = inside ? sums.instances : sums.values;
  const Counted count(sums);
  // Up to 3.13 only instances of object's own size have room inside, later those of other bases have, behind them.
  const double below = inside ? reader_.types()[sums.type].basic_size - static_cast<double>(object_size(process_)) : 0;
  const double size = count.mean_size(room) - below;
  const double start_up = start_up_bytes(sums.type, names) / static_cast<double>(count.blocks(room));
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
