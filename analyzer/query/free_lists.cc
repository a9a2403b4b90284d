// The capacities of CPython's free lists.
#include "free_lists.h"

#include <algorithm>

namespace heapledger::query {

namespace {

/// A kind of object that dead ones are kept of, in versions from .. to of CPython 3.
struct FreeList {
  const char* type;
  std::uint64_t capacity;
  unsigned from, to;
};
constexpr FreeList kFreeLists[] = {
    {"tuple", 19 * 2000, 8, 13},  // 2,000 of each length from 1 on
    {"tuple", 20 * 2000, 14, 15},
    {"float", 100, 8, 15},
    {"list", 80, 8, 15},
    {"dict", 80, 8, 15},
    {"slice", 1, 8, 15},
    {"Context", 255, 8, 15},
    {"async_generator_asend", 80, 8, 15},
    {"async_generator_wrapped_value", 80, 8, 15},
    {"frame", 200, 8, 10},
    {"method", 256, 8, 8},
    {"builtin_function_or_method", 256, 8, 8},
    {"method", 20, 14, 15},
    {"builtin_function_or_method", 16, 14, 15},
    {"int", 100, 14, 15},
    {"list_iterator", 10, 14, 15},
    {"tuple_iterator", 10, 14, 15},
    {"range", 6, 14, 15},
    {"range_iterator", 6, 14, 15},
    {"complex", 100, 15, 15},
};

}  // namespace

std::vector<StaleBound> stale_bounds(const ledger::Reader& reader, const ledger::Process& process,
                                     const std::vector<TypeSums>& types) {
  if (process.reuse == trace::ReuseState::followed) return {};
  const unsigned minor = process.python_hex >> 16 & 0xff;
  const bool threads_have_lists = process.python_version.find("free-threading") != std::string::npos;
  const std::uint64_t lists = threads_have_lists ? std::max<std::size_t>(process.threads.size(), 1) : 1;
  std::vector<StaleBound> result;
  for (const FreeList& list : kFreeLists) {
    if (minor < list.from || minor > list.to) continue;
    const auto found = std::ranges::find_if(types, [&](const TypeSums& t) {
      return reader.string(reader.types()[t.type].name) == list.type &&
             (reader.types()[t.type].flags & trace::kHeapType) == 0;
    });
    if (found == types.end() || found->instances.peak_blocks == 0) continue;
    const Sums& sums = found->instances;
    const std::uint64_t blocks = std::min(sums.peak_blocks, list.capacity * lists);
    result.push_back({type_name(reader, found->type), blocks, sums.peak_bytes / sums.peak_blocks * blocks});
  }
  return result;
}

}  // namespace heapledger::query
