// The kinds of objects that CPython keeps dead ones of.
#include "free_lists.h"

#include <algorithm>

#include "types.h"

namespace heapledger::query {

namespace {

/// A kind of object that versions from .. to of CPython 3 keep in lists.
struct Kind {
  const char* type;
  unsigned from, to;
  bool seen = true;  ///< by the tracer of references, as far as preload/python/reuse.cc asks for the type
};
constexpr Kind kKinds[] = {
    {"tuple", 8, 15},
    {"float", 8, 15},
    {"list", 8, 15},
    {"dict", 8, 15},
    {"slice", 8, 15},
    {"Context", 8, 15},
    {"async_generator_asend", 8, 15},
    {"async_generator_wrapped_value", 8, 15},
    {"MemoryError", 8, 15, false},
    {"FutureIter", 8, 15, false},  // of _asyncio
    {"frame", 8, 10},
    {"method", 8, 8},
    {"builtin_function_or_method", 8, 8},
    {"method", 14, 15},
    {"builtin_function_or_method", 14, 15},
    {"builtin_method", 14, 15},
    {"int", 14, 15},
    {"list_iterator", 14, 15},
    {"tuple_iterator", 14, 15},
    {"range", 14, 15},
    {"range_iterator", 14, 15},
    {"complex", 15, 15},
};
constexpr std::uint64_t kTableBytes = 168;  ///< of 8 places, the only size that is kept; 120 to 168 by version

/// Which of the versions of the selected processes keep a kind, and do not say when they use it again.
class Versions {
 public:
  Versions(const ledger::Reader& reader, const Profile& profile) {
    for (const ProcessProfile& p : profile.processes) {
      const ledger::Process& process = reader.processes()[p.process];
      if (process.python_hex == 0) continue;
      const unsigned minor = process.python_hex >> 16 & 0xff;
      (process.reuse == trace::ReuseState::followed ? followed_ : unseen_).push_back(minor);
    }
  }
  [[nodiscard]] bool keep(const Kind& kind) const {
    const auto keeps = [&](unsigned minor) { return kind.from <= minor && minor <= kind.to; };
    return std::ranges::any_of(unseen_, keeps) || (!kind.seen && std::ranges::any_of(followed_, keeps));
  }
  [[nodiscard]] bool any() const { return !unseen_.empty() || !followed_.empty(); }

 private:
  std::vector<unsigned> followed_, unseen_;
};

bool is_kind(const Kind& kind, const ledger::Reader& reader, const ledger::Type& type) {
  if (type.owner != 0) return std::string_view{kind.type} == "dict" && is_part(reader, type, trace::Part::dict);
  const bool built_in = (type.flags & trace::kHeapType) == 0 || reader.string(type.module) == "_asyncio" ||
                        reader.string(type.module) == "_contextvars";
  return built_in && reader.string(type.name) == kind.type;
}

/// Whether its instances are dicts, each with a table.
bool has_table(const ledger::Reader& reader, const ledger::Type& type) {
  return type.owner != 0 ? is_part(reader, type, trace::Part::dict) : (type.flags & trace::kDictSubclass) != 0;
}

/// By type: its place in kKinds, or -1.
std::vector<int> kinds_of_types(const ledger::Reader& reader, const Versions& versions) {
  std::vector<int> kinds(reader.types().size(), -1);
  for (std::size_t k = 0; k < std::size(kKinds); ++k) {
    if (!versions.keep(kKinds[k])) continue;
    for (std::size_t t = 1; t < kinds.size(); ++t)
      if (is_kind(kKinds[k], reader, reader.types()[t])) kinds[t] = static_cast<int>(k);
  }
  return kinds;
}

void add(StaleBound& bound, const Sums& sums) {
  bound.blocks += sums.peak_blocks;
  bound.bytes += sums.peak_bytes;
  bound.end_blocks += sums.end_blocks;
  bound.end_bytes += sums.end_bytes;
}

}  // namespace

std::vector<StaleBound> stale_bounds(const ledger::Reader& reader, const Slots& slots,
                                     const Profile& profile) {
  const Versions versions(reader, profile);
  if (!versions.any()) return {};
  const std::vector<int> kinds = kinds_of_types(reader, versions);
  std::vector<StaleBound> bounds(std::size(kKinds) + 1);
  for (std::size_t k = 0; k < std::size(kKinds); ++k) bounds[k].kind = kKinds[k].type, bounds[k].seen = kKinds[k].seen;
  StaleBound& tables = bounds.back();
  tables.kind = "dict table";
  for (std::size_t slot = 0; slot < slots.count(); ++slot) {
    const std::uint32_t type = reader.sites()[slots.site(slot)].type;
    if (profile.wanted[slot] == 0 || type == 0) continue;
    if (kinds[type] >= 0) add(bounds[static_cast<std::size_t>(kinds[type])], profile.slots[slot]);
    if (has_table(reader, reader.types()[type])) add(tables, profile.slots[slot]);
  }
  tables.bytes = tables.blocks * kTableBytes;
  tables.end_bytes = tables.end_blocks * kTableBytes;
  std::erase_if(bounds, [](const StaleBound& b) { return b.blocks == 0 && b.end_blocks == 0; });
  std::ranges::stable_sort(bounds, std::greater{}, &StaleBound::blocks);
  return bounds;
}

}  // namespace heapledger::query
