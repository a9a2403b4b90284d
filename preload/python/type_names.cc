// Copies type objects into the trace: name, module and layout, once for each different content and lane.
#include "type_names.h"

#include <cstring>

#include "../content_hash.h"
#include "objects.h"

namespace heapledger::python {

namespace {

constinit const std::byte* g_type_type = nullptr;

const std::byte* type_of(const std::byte* object) noexcept {
  return load<const std::byte*>(object, g_runtime.layout->object_type);
}

trace::Bytes ascii(const char* text, std::size_t size) noexcept { return {text, size}; }

/// The value of a key in the dict of a type.
const std::byte* item(const std::byte* type, std::string_view wanted) noexcept {
  const Layout& layout = *g_runtime.layout;
  const auto* dict = type_field<const std::byte*>(type, tp::dict);
  if (dict == nullptr || !readable(dict)) return nullptr;
  const auto* memory = load<const std::byte*>(dict, layout.dict_keys);
  if (memory == nullptr || !readable(memory)) return nullptr;
  const DictKeys keys(layout, memory);
  for (std::uint64_t i = 0; i < keys.count() && i < 4096; ++i)
    if (keys.key(i) != nullptr && is_ascii_text(layout, keys.key(i), wanted))
      return static_cast<const std::byte*>(keys.value(i));
  return nullptr;
}

/// "collections.deque" is the name that a type of C gives itself; classes of Python leave their module in their dict.
void read_names(const std::byte* type, trace::Type& record) noexcept {
  const Layout& layout = *g_runtime.layout;
  const auto* full = type_field<const char*>(type, tp::Distance{});
  if (full == nullptr || !readable(full)) full = "?";
  const char* dot = std::strrchr(full, '.');
  record.name = ascii(dot != nullptr ? dot + 1 : full, std::strlen(dot != nullptr ? dot + 1 : full));
  record.module = dot != nullptr ? ascii(full, static_cast<std::size_t>(dot - full)) : ascii("builtins", 8);
  if ((record.flags & trace::kHeapType) == 0) return;
  const Text name = read_text(layout, load<const void*>(type, layout.type_qualname));
  if (name.bytes.size != 0) record.name = name.bytes, record.name_kind = name.kind;
  if (dot != nullptr) return;
  const Text module = read_text(layout, item(type, "__module__"));
  if (module.bytes.size != 0) record.module = module.bytes, record.module_kind = module.kind;
}

/// What makes two types one.
std::uint64_t hash(std::uint64_t seed, const trace::Type& type) noexcept {
  const std::uint64_t numbers[] = {type.flags,   type.owner,       type.base,
                                   type.address, type.basic_size,  type.item_size,
                                   static_cast<std::uint64_t>(type.dict_offset),
                                   static_cast<std::uint64_t>(type.weaklist_offset)};
  return mix(mix(mix(seed, type.name), type.module), {numbers, sizeof numbers});
}

}  // namespace

void set_type_type(const std::byte* type) noexcept { g_type_type = type; }

/// True when the types of types lead to PyType_Type; a metaclass may have one of its own, and so on.
bool is_type(const std::byte* address) noexcept {
  const std::size_t far = g_runtime.layout->type_name + std::size_t{tp::dict_offset};
  constexpr int kMostLevels = 64;
  for (int level = 0; level < kMostLevels; ++level) {
    if (address == g_type_type) return true;
    if ((reinterpret_cast<std::uintptr_t>(address) & 7) != 0 || !readable(address, far)) return false;
    if (level != 0 && (type_flags(address) & trace::kTypeSubclass) == 0) return false;
    address = type_of(address);
  }
  return false;
}

std::uint32_t name_type(Lane& lane, const std::byte* type, unsigned depth) noexcept {
  constexpr unsigned kMostBases = 64;
  trace::Type record;
  const auto* base = type_field<const std::byte*>(type, tp::base);
  if (base != nullptr && depth < kMostBases) record.base = number_of_base(lane, base, depth + 1);
  record.flags = type_field<std::uint32_t>(type, tp::flags) & ~trace::kPassingFlags;
  record.basic_size = type_field<std::uint64_t>(type, tp::basic_size);
  record.item_size = type_field<std::uint64_t>(type, tp::item_size);
  record.dict_offset = type_field<std::int64_t>(type, tp::dict_offset);
  record.weaklist_offset = type_field<std::int64_t>(type, tp::weaklist_offset);
  if ((record.flags & trace::kHeapType) != 0)
    record.address = reinterpret_cast<std::uintptr_t>(type) - g_runtime.layout->gc_header;
  read_names(type, record);
  const InternKey key = content_key([&](std::uint64_t seed) { return hash(seed, record); });
  if (const std::uint32_t known = lane.type_table.find(key); known != 0) return known;
  const std::uint32_t number = lane.type_table.add(key);
  return number != 0 && lane.append(record) ? number : 0;
}

}  // namespace heapledger::python
