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
  below.basic_size = object_size(process);
  if (is_free_threaded(process)) below.gc_header = 0;
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

/// Instances that may have a __dict__ which nobody has seen: then it is among other dicts.
std::uint64_t count_unseen(const query::ClassedBlocks& blocks, const query::TypeSums& sums) {
  const std::uint64_t instances = sums.instances.peak_blocks, dicts = sums.dicts.peak_blocks;
  if (dicts >= instances || nearly_all(dicts, instances)) return 0;
  return blocks.dicts >= (instances - dicts) / 2 ? instances - dicts : 0;
}

/// Whether the ledger has what slots would make free, or there is a rule for it. From 3.11 on, instances of nothing
/// but object and plain classes have their attributes in or next to them, and a __dict__ only if the program asked for
/// it, which stays out of the account. All others have one as soon as they have an attribute.
bool is_told(const ledger::Reader& reader, std::uint32_t python_hex, const query::ClassedBlocks& blocks,
             const query::TypeSums& sums) {
  const unsigned minor = minor_of(python_hex);
  if (minor < 11) return true;
  if (has_values_in_dicts(reader, python_hex, sums)) return count_unseen(blocks, sums) == 0;
  if (minor >= 13) return (reader.types()[sums.type].flags & trace::kInlineValues) != 0;
  return made_by_object(reader, sums.type) && nearly_all(sums.values.peak_blocks, sums.instances.peak_blocks);
}

/// What lies beside the instances of one class.
class BesideAll {
 public:
  explicit BesideAll(std::uint64_t instances) : instances_(static_cast<double>(instances)) {}
  void add(std::uint64_t blocks, double size) {
    const double each = static_cast<double>(blocks) / instances_;
    sum_.asked += each * size;
    sum_.rounded += each * static_cast<double>(rounded(static_cast<std::uint64_t>(size + 0.5)));
  }
  void add(const query::Sums& blocks) {
    if (blocks.peak_blocks == 0) return;
    add(blocks.peak_blocks, static_cast<double>(blocks.peak_bytes) / static_cast<double>(blocks.peak_blocks));
  }
  [[nodiscard]] const Beside& of_one() const { return sum_; }

 private:
  double instances_;
  Beside sum_;
};

/// As measured; by rule where instances were not seen with their dicts. The table of an instance that is a dict itself
/// is not here: it stays, whatever slots the class has.
Beside beside(const ledger::Reader& reader, std::uint32_t python_hex, const query::ClassedBlocks& blocks,
              const query::TypeSums& sums, std::size_t attributes) {
  const unsigned minor = minor_of(python_hex);
  const bool in_dicts = minor < 11 || has_values_in_dicts(reader, python_hex, sums);
  BesideAll all(sums.instances.peak_blocks);
  if (in_dicts) all.add(sums.dicts);
  if (in_dicts || minor < 13) all.add(sums.values);
  if (minor < 11)
    for (const std::uint64_t size : dict_blocks(attributes))
      all.add(count_unseen(blocks, sums), static_cast<double>(size));
  return all.of_one();
}

void predict(std::uint32_t python_hex, const SlotsBase& below, const query::TypeSums& sums, const Beside& more,
             SlotsAdvice& advice) {
  const std::uint64_t count = sums.instances.peak_blocks;
  const double own = static_cast<double>(sums.instances.peak_bytes) / static_cast<double>(count);
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
                  const NamesJudge& names, const query::ClassedBlocks& blocks, const query::TypeSums& sums) {
  SlotsAdvice advice;
  advice.type = sums.type;
  advice.attributes = attributes_of({&process, 1}, same, sums.type);
  advice.instances = sums.instances.peak_blocks;
  follow_bases(reader, advice);
  if (advice.refusal.empty()) advice.refusal = missing_names(reader, process, same, names, advice);
  if (!advice.refusal.empty()) return advice;
  if (!is_told(reader, process.python_hex, blocks, sums)) {
    advice.refusal =
        "not all of its instances were seen with the __dict__ that they may have; what slots would save is not "
        "predicted";
    return advice;
  }
  const Beside more = beside(reader, process.python_hex, blocks, sums, advice.attributes.size());
  predict(process.python_hex, base_below(reader, process, advice), sums, more, advice);
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
      result.push_back(judge(reader, process, same, names, blocks, sums));
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
