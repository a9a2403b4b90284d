// Judges classes by their bases, attributes and sizes, and learns the names for their slots.
#include "slots.h"

#include <fmt/format.h>

#include <algorithm>

#include "../query/definition.h"
#include "attribute_names.h"
#include "instance_layout.h"

namespace heapledger::advise {

namespace {

bool has_dict(const ledger::Type& t) { return t.dict_offset != 0 || (t.flags & trace::kManagedDict) != 0; }

/// Classes of the interpreter itself, which were there before anybody could change them.
bool is_frozen(const ledger::Reader& reader, const ledger::Type& t) {
  if (reader.string(t.module).starts_with("_frozen")) return true;
  const std::uint32_t node = query::definition_of(reader, t);
  return node != 0 && reader.string(reader.frames()[reader.nodes()[node].frame].file).starts_with("<frozen");
}

bool made_in_python(const ledger::Type& t) {
  return (t.flags & trace::kHeapType) != 0 && (t.node != 0 || has_dict(t));
}

/// Fills chain, or says why the class or a base of it cannot have slots.
void follow_bases(const ledger::Reader& reader, SlotsAdvice& advice) {
  const auto types = reader.types();
  const ledger::Type& own = types[advice.type];
  if ((own.flags & trace::kExceptionSubclass) != 0) {
    advice.refusal = "exceptions keep their __dict__";
    return;
  }
  std::uint32_t varies = 0;  // the outermost base whose instances differ in size: int, tuple, ...
  for (std::uint32_t t = advice.type; t != 0; t = types[t].base)
    if (types[t].item_size != 0) varies = t;
  if (varies != 0) {
    advice.refusal = fmt::format("instances of its base {} differ in size", query::type_name(reader, varies));
    return;
  }
  for (std::uint32_t t = advice.type; t != 0; t = types[t].base) {
    const ledger::Type& type = types[t];
    if (!has_dict(type)) break;
    if (!is_class_name(reader.string(type.module), reader.string(type.name))) {
      advice.refusal = "no option can name it: its name or module is not made of identifiers";
      return;
    }
    if (!made_in_python(type)) {
      advice.refusal = fmt::format("its base {} has a __dict__", query::type_name(reader, t));
      return;
    }
    advice.chain.insert(advice.chain.begin(), t);
  }
}

/// What lies below the first slot of the class: the innermost base that has no dict.
SlotsBase base_below(const ledger::Reader& reader, const ledger::Process& process,
                     const SlotsAdvice& advice) {
  SlotsBase below;
  const bool free_threaded = process.python_version.find("free-threading") != std::string::npos;
  if (free_threaded) below.basic_size = 32, below.gc_header = 0;
  const std::uint32_t base = reader.types()[advice.chain.front()].base;
  if (base == 0) return below;
  const ledger::Type& type = reader.types()[base];
  below.basic_size = type.basic_size;
  if ((type.flags & trace::kManagedWeakref) != 0)
    below.weak = SlotsBase::Weak::in_front;
  else if (type.weaklist_offset != 0)
    below.weak = SlotsBase::Weak::inside;
  return below;
}

/// What an instance has beside its own block, in bytes.
struct Beside {
  double asked = 0;
  double rounded = 0;  ///< in the steps of 16 bytes that pymalloc cuts
};

/// Whether the type has no base of C but object.
bool made_by_object(const ledger::Reader& reader, std::uint32_t type) {
  for (std::uint32_t t = type; t != 0; t = reader.types()[t].base) {
    const ledger::Type& one = reader.types()[t];
    const bool of_c = (one.flags & trace::kHeapType) == 0;
    if (of_c && one.base == 0 && reader.string(one.name) == "object") return true;
    if (of_c || !made_in_python(one)) return false;
  }
  return true;
}

/// From 3.11 on, only instances of nothing but object and plain classes have their attributes where slots would
/// make their room free. What others have of their own - a __dict__ that the program asked for - stays out of the
/// account.
bool is_told(const ledger::Reader& reader, std::uint32_t python_hex, const query::TypeSums& sums) {
  const unsigned minor = minor_of(python_hex);
  if (minor >= 13) return (reader.types()[sums.type].flags & trace::kInlineValues) != 0;
  if (minor < 11) return true;
  return made_by_object(reader, sums.type) && nearly_all(sums.values.peak_blocks, sums.instances.peak_blocks);
}

/// As measured, if nearly all instances have their parts in the ledger, and by rule otherwise. The sum of the
/// blocks of an instance can be rounded for each of them: a dict is a multiple of 16 bytes, and all else is
/// one block.
Beside beside(std::uint32_t python_hex, const query::TypeSums& sums, std::size_t attributes) {
  const std::vector<std::uint64_t> blocks = blocks_beside(python_hex, attributes);
  const query::Sums& room = minor_of(python_hex) < 11 ? sums.parts : sums.values;
  if (!blocks.empty() && nearly_all(room.peak_blocks, blocks.size() * sums.instances.peak_blocks)) {
    const double each =
        static_cast<double>(room.peak_bytes) / static_cast<double>(sums.instances.peak_blocks);
    return {each, static_cast<double>(rounded(static_cast<std::uint64_t>(each + 0.5)))};
  }
  Beside sum;
  for (const std::uint64_t block : blocks) {
    sum.asked += static_cast<double>(block);
    sum.rounded += static_cast<double>(rounded(block));
  }
  return sum;
}

void predict(std::uint32_t python_hex, const SlotsBase& below, const query::TypeSums& sums,
             SlotsAdvice& advice) {
  const std::uint64_t count = sums.instances.peak_blocks;
  const double own = static_cast<double>(sums.instances.peak_bytes) / static_cast<double>(count);
  const Beside more = beside(python_hex, sums, advice.attributes.size());
  advice.plain_bytes = own + more.asked;
  advice.slotted_bytes = slotted_size(python_hex, below, advice.attributes.size());
  const auto saved = [&](double plain, std::uint64_t slotted) {
    const double each = plain - static_cast<double>(slotted);
    return each > 0 ? static_cast<std::uint64_t>(each * static_cast<double>(count)) : 0;
  };
  advice.saved_bytes = saved(advice.plain_bytes, advice.slotted_bytes);
  const auto own_rounded = static_cast<double>(rounded(static_cast<std::uint64_t>(own + 0.5)));
  advice.saved_rounded = saved(own_rounded + more.rounded, rounded(advice.slotted_bytes));
}

/// Why not all names are known that the class and its bases would need; empty: they are.
std::string missing_names(const ledger::Reader& reader, const ledger::Process& process, const SameNames& same,
                          const NamesJudge& names, const SlotsAdvice& advice) {
  for (auto t = advice.chain.rbegin(); t != advice.chain.rend(); ++t) {
    const std::string why = names.objection(*t, attributes_of({&process, 1}, same, *t));
    if (why.empty()) continue;
    return *t == advice.type ? why : fmt::format("of its base {}: {}", query::type_name(reader, *t), why);
  }
  return {};
}

SlotsAdvice judge(const ledger::Reader& reader, const ledger::Process& process, const SameNames& same,
                  const NamesJudge& names, const query::TypeSums& sums) {
  SlotsAdvice advice;
  advice.type = sums.type;
  advice.attributes = attributes_of({&process, 1}, same, sums.type);
  advice.instances = sums.instances.peak_blocks;
  follow_bases(reader, advice);
  if (advice.refusal.empty()) advice.refusal = missing_names(reader, process, same, names, advice);
  if (!advice.refusal.empty()) return advice;
  if (!is_told(reader, process.python_hex, sums)) {
    advice.refusal =
        "its instances have dicts of their own, as a base made in C asks for; what slots would save there is not "
        "predicted";
    return advice;
  }
  predict(process.python_hex, base_below(reader, process, advice), sums, advice);
  if (advice.saved_bytes == 0) advice.refusal = "its instances would not become smaller";
  return advice;
}

std::uint32_t find_type(const ledger::Reader& reader, const SlottedClass& wanted) {
  for (std::uint32_t t = 1; t < reader.types().size(); ++t) {
    const ledger::Type& type = reader.types()[t];
    if (type.owner == 0 && reader.string(type.module) == wanted.module &&
        reader.string(type.name) == wanted.qualname)
      return t;
  }
  return 0;
}

}  // namespace

std::vector<SlotsAdvice> slots_advice(const ledger::Reader& reader, const ledger::Process& process,
                                      const query::ClassedBlocks& blocks) {
  std::vector<SlotsAdvice> result;
  if (!knows_layout(process.python_hex)) return result;
  const SameNames same = query::same_names(reader);
  const NamesJudge names(reader, process, same, blocks);
  for (const query::TypeSums& sums : blocks.types) {
    const ledger::Type& type = reader.types()[sums.type];
    const bool candidate = made_in_python(type) && has_dict(type) &&
                           (type.flags & trace::kTypeSubclass) == 0 && !is_frozen(reader, type);
    if (candidate && sums.instances.peak_blocks != 0)
      result.push_back(judge(reader, process, same, names, sums));
  }
  std::ranges::stable_sort(result,
                           [](const auto& a, const auto& b) { return a.saved_bytes > b.saved_bytes; });
  return result;
}

namespace {

/// Throws when a run with these slots would end in an AttributeError that the ledger can foresee. A process
/// that saw no names may have been killed: then it goes by those of the others.
void check_names(const ledger::Reader& reader, const std::vector<query::ClassedBlocks>& blocks,
                 const SameNames& same, std::uint32_t type, const SlottedClass& wanted) {
  for (std::size_t p = 0; p < reader.processes().size(); ++p) {
    const ledger::Process& process = reader.processes()[p];
    if (!knows_layout(process.python_hex)) continue;
    std::vector<std::string> names = attributes_of({&process, 1}, same, type);
    if (names.empty()) names = attributes_of(reader.processes(), same, type);
    const std::string why = NamesJudge(reader, process, same, blocks[p]).objection(type, names);
    if (why.empty()) continue;
    throw ledger::FileError(
        fmt::format("--slots-from: slots for {0} cannot be learnt, {1}; list them, --slots {0}=NAME+NAME",
                    subject(wanted), why));
  }
}

}  // namespace

void learn_names(const ledger::Reader& reader, const std::vector<query::ClassedBlocks>& blocks,
                 std::vector<SlottedClass>& classes) {
  const SameNames same = query::same_names(reader);
  std::vector<std::uint32_t> type_of;
  std::vector<std::vector<std::string>> seen;  // before bases are looked at
  for (const SlottedClass& c : classes) {
    type_of.push_back(find_type(reader, c));
    if (type_of.back() == 0 && !c.listed)
      throw ledger::FileError(
          fmt::format("the ledger knows no class {}; see heapledger report --by type, or list the names",
                      subject(c)));
    if (!c.listed) check_names(reader, blocks, same, type_of.back(), c);
    seen.push_back(c.listed ? c.names : attributes_of(reader.processes(), same, type_of.back()));
  }
  for (std::size_t i = 0; i < classes.size(); ++i) {
    if (classes[i].listed) continue;
    classes[i].names = seen[i];
    classes[i].listed = true;
    for (std::uint32_t base = reader.types()[type_of[i]].base; base != 0; base = reader.types()[base].base) {
      for (std::size_t other = 0; other < classes.size(); ++other) {
        if (type_of[other] == 0 || same[type_of[other]] != same[base]) continue;
        std::erase_if(classes[i].names, [&](const std::string& n) {
          return std::ranges::find(seen[other], n) != seen[other].end();
        });
      }
    }
  }
}

}  // namespace heapledger::advise
