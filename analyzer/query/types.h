// Python types: their names, and what their instances add up to.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "profile.h"

namespace heapledger::query {

/// "shop.models.Book", "dict", "__main__.Outer.Inner"; empty for type 0. Of a part of instances: the owner's
/// name.
[[nodiscard]] std::string type_name(const ledger::Reader& reader, std::uint32_t type);

/// Whether blocks of the type are such parts of instances.
[[nodiscard]] bool is_part(const ledger::Reader& reader, const ledger::Type& type, trace::Part part);

/// By type: the first one of the same name. Classes of one name are shown as one: a forked child knows less
/// of a class than the process that made it, and a function may define a class at each call.
[[nodiscard]] std::vector<std::uint32_t> same_names(const ledger::Reader& reader);

/// By type: 1 = named by one of the words: "shop.models.Book", "Book", or a glob over the full name. Parts
/// are named as their owners. Throws ledger::FileError when a word names no type of this ledger, with those
/// that are like it.
[[nodiscard]] std::vector<std::uint8_t> select_types(const std::vector<std::string>& words,
                                                     const ledger::Reader& reader);

/// What the instances of all classes of one name add up to.
struct TypeSums {
  std::uint32_t type = 0;  ///< one of them
  std::uint32_t node = 0;  ///< of the `class` statement (definition.h); 0: not known, or a type of C
  Sums instances;
  Sums parts;   ///< what instances have of their own beside their block: a __dict__, its table, values
  Sums dicts;   ///< of these, the __dict__s
  Sums values;  ///< of these, the values
  [[nodiscard]] Sums all() const noexcept;
};

/// Types of the wanted blocks; greatest at the moment of the question first, then by name.
[[nodiscard]] std::vector<TypeSums> sum_types(const ledger::Reader& reader, const Slots& slots,
                                              const Profile& profile);

/// Objects at the moment of the question, by class, and what may be the dicts and tables of instances.
struct ClassedBlocks {
  std::vector<TypeSums> types;
  std::uint64_t dicts = 0;    ///< instances of dict itself, nobody's parts
  std::uint64_t untyped = 0;  ///< of the object domain, but no objects: up to 3.12, tables of dicts
};
[[nodiscard]] ClassedBlocks classed_blocks(const ledger::Reader& reader, const Slots& slots,
                                           const Profile& profile);

}  // namespace heapledger::query
