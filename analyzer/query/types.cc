// Names of Python types, and sums by type.
#include "types.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "definition.h"

namespace heapledger::query {

namespace {

/// Whether a user who writes `word` means this type.
bool names(const std::string& word, const std::string& full, std::string_view qualified) {
  return word == full || word == qualified ||
         (word.find_first_of("*?[") != std::string::npos && matches(word, full));
}

/// A few names that contain the word, for a message.
std::string alike(const std::string& word, const ledger::Reader& reader) {
  std::string text;
  std::size_t found = 0;
  for (std::uint32_t t = 1; t < reader.types().size() && found < 5; ++t) {
    const std::string name = type_name(reader, t);
    const bool near = name.find(word) != std::string::npos ||
                      word.find(reader.string(reader.types()[t].name)) != std::string::npos;
    if (reader.types()[t].owner != 0 || !near) continue;
    text += (found++ == 0 ? "; there are " : ", ") + name;
  }
  return text;
}

}  // namespace

std::string type_name(const ledger::Reader& reader, std::uint32_t type) {
  if (type == 0) return {};
  const ledger::Type& t = reader.types()[type];
  if (t.owner != 0) return type_name(reader, t.owner);
  const std::string_view module = reader.string(t.module), name = reader.string(t.name);
  return module.empty() || module == "builtins" ? std::string{name} : fmt::format("{}.{}", module, name);
}

bool is_part(const ledger::Reader& reader, const ledger::Type& type, trace::Part part) {
  return type.owner != 0 && reader.string(type.name) == trace::part_name(part);
}

std::vector<std::uint32_t> same_names(const ledger::Reader& reader) {
  std::map<std::pair<std::string_view, std::string_view>, std::uint32_t> first;
  std::vector<std::uint32_t> result(reader.types().size());
  for (std::uint32_t t = 1; t < result.size(); ++t) {
    const ledger::Type& type = reader.types()[t];
    result[t] =
        type.owner != 0
            ? result[type.owner]
            : first.try_emplace({reader.string(type.module), reader.string(type.name)}, t).first->second;
  }
  return result;
}

std::vector<std::uint8_t> select_types(const std::vector<std::string>& words, const ledger::Reader& reader) {
  std::vector<std::uint8_t> wanted(reader.types().size(), words.empty() ? 1 : 0);
  for (const std::string& word : words) {
    bool found = false;
    for (std::uint32_t t = 1; t < wanted.size(); ++t) {
      const std::uint32_t owner = reader.types()[t].owner;
      const std::uint32_t named = owner != 0 ? owner : t;
      if (!names(word, type_name(reader, named), reader.string(reader.types()[named].name))) continue;
      wanted[t] = 1;
      found = true;
    }
    if (!found) {
      throw ledger::FileError(fmt::format(
          "no class '{}' had instances in the ledger{}; write its name as module.Class, or as a glob", word,
          alike(word, reader)));
    }
  }
  return wanted;
}

Sums TypeSums::all() const noexcept {
  Sums sums = instances;
  sums += parts;
  return sums;
}

std::vector<TypeSums> sum_types(const ledger::Reader& reader, const Slots& slots, const Profile& profile) {
  const auto same = same_names(reader);
  std::vector<TypeSums> by_type(reader.types().size());
  for (std::size_t slot = 0; slot < slots.count(); ++slot) {
    const ledger::Site& site = reader.sites()[slots.site(slot)];
    if (profile.wanted[slot] == 0 || site.type == 0) continue;
    TypeSums& sums = by_type[same[site.type]];
    const ledger::Type& type = reader.types()[site.type];
    (type.owner != 0 ? sums.parts : sums.instances) += profile.slots[slot];
    if (is_part(reader, type, trace::Part::dict)) sums.dicts += profile.slots[slot];
    if (is_part(reader, type, trace::Part::values)) sums.values += profile.slots[slot];
    if (sums.node == 0 && type.owner == 0) sums.node = definition_of(reader, type);
  }
  std::vector<TypeSums> result;
  for (std::uint32_t t = 1; t < by_type.size(); ++t) {
    if (by_type[t].all() == Sums{}) continue;
    by_type[t].type = t;
    result.push_back(by_type[t]);
  }
  std::ranges::sort(result, [&](const TypeSums& a, const TypeSums& b) {
    const Sums x = a.all(), y = b.all();
    if (x.peak_bytes != y.peak_bytes) return x.peak_bytes > y.peak_bytes;
    if (x.allocated_bytes != y.allocated_bytes) return x.allocated_bytes > y.allocated_bytes;
    return type_name(reader, a.type) < type_name(reader, b.type);
  });
  return result;
}

ClassedBlocks classed_blocks(const ledger::Reader& reader, const Slots& slots, const Profile& profile) {
  ClassedBlocks blocks;
  blocks.types = sum_types(reader, slots, profile);
  for (const TypeSums& t : blocks.types) {
    const ledger::Type& type = reader.types()[t.type];
    if ((type.flags & trace::kHeapType) == 0 && type_name(reader, t.type) == "dict")
      blocks.dicts += t.instances.peak_blocks;
  }
  for (std::size_t slot = 0; slot < slots.count(); ++slot) {
    const ledger::Site& site = reader.sites()[slots.site(slot)];
    if (site.type == 0 && site.account == ledger::Account::python_object)
      blocks.untyped += profile.slots[slot].peak_blocks;
  }
  return blocks;
}

}  // namespace heapledger::query
