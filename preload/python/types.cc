// Types that lanes know: their numbers, by address, for as long as an address means the same type.
#include "types.h"

#include "objects.h"
#include "parts.h"
#include "type_numbers.h"

namespace heapledger::python {

constinit TypeReader g_type_reader;
constinit std::atomic<std::uint32_t> g_type_generation[kTypeGenerations] = {};
constinit std::atomic<std::uint32_t> g_type_epoch = 0;
constinit std::atomic<std::uintptr_t> g_type_low = ~std::uintptr_t{0};
constinit std::atomic<std::uintptr_t> g_type_high = 0;

namespace {

/// Type objects have a header of the collector in front, where there is one.
const std::byte* type_in(const void* block) noexcept {
  return static_cast<const std::byte*>(block) + g_runtime.layout->gc_header;
}

/// The address means another type from here on, or one at all.
void change_meaning(const std::byte* type) noexcept { generation_of(type).fetch_add(1, std::memory_order_relaxed); }

/// Types of the types that have names, nullptr behind the last. When there is no room for one, any block may be a type.
constinit std::atomic<const void*> g_metatypes[128] = {};

/// Where it stands, or would; nullptr: all places are taken.
std::atomic<const void*>* place_of_metatype(const void* metatype) noexcept {
  for (std::atomic<const void*>& one : g_metatypes)
    if (const void* seen = one.load(std::memory_order_relaxed); seen == metatype || seen == nullptr) return &one;
  return nullptr;
}

void note_metatype(const void* metatype) noexcept {
  while (std::atomic<const void*>* place = place_of_metatype(metatype)) {
    const void* seen = nullptr;
    if (place->compare_exchange_strong(seen, metatype) || seen == metatype) return;
  }
}

/// Of a block about to be freed or moved: it still has its type, as far as it is an object. Other blocks come and go between
/// types all the time, and may be shorter, with nothing behind them.
bool may_be_type(const std::byte* block) noexcept {
  const std::byte* const word = type_in(block) + g_runtime.layout->object_type;
  const bool one_page = (reinterpret_cast<std::uintptr_t>(block) ^ reinterpret_cast<std::uintptr_t>(word)) < sys::kPage;
  if (!one_page && !readable(word)) return false;
  const std::atomic<const void*>* place = place_of_metatype(load<const void*>(word, 0));
  return place == nullptr || place->load(std::memory_order_relaxed) != nullptr;
}

/// Keeps what note_type_end() goes by.
void note_type(const std::byte* block) noexcept {
  note_metatype(load<const void*>(type_in(block), g_runtime.layout->object_type));
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  std::uintptr_t low = g_type_low.load(std::memory_order_relaxed), high = g_type_high.load(std::memory_order_relaxed);
  while (address < low && !g_type_low.compare_exchange_weak(low, address, std::memory_order_relaxed)) {
  }
  while (address >= high && !g_type_high.compare_exchange_weak(high, address + 1, std::memory_order_relaxed)) {
  }
}

constexpr TypeSlot kNobodysType = {nullptr, 0, kNothing, kNoWord};

/// What the lane knows of an address that may be anything.
const TypeSlot& slot_of_type(Lane& lane, const std::byte* type, unsigned depth) noexcept {
  TypeSlot& slot = slot_at(lane, type);
  const std::uint32_t generation = generation_of(type).load(std::memory_order_relaxed);
  if (slot.type == type && slot.generation == generation) return slot;
  TypeSlot fresh = {type, generation, kNothing, kNoWord};
  if (is_type(type)) {
    if (is_being_made(type)) return kNobodysType;
    if ((type_flags(type) & trace::kHeapType) != 0) note_type(type - g_runtime.layout->gc_header);
    fresh.word = header_bytes(type) + g_runtime.layout->object_type;
    fresh.number = name_type(lane, type, depth);
  }
  return slot = fresh;  // last: naming the bases used the slots too
}

/// Makes the type one that the lane can predict. 0: there is no memory for that.
std::uint32_t remember(Lane& lane, const TypeSlot& slot) noexcept {
  if (!lane.types.reserve(slot.number)) return kNothing;
  KnownType& known = lane.types.data()[slot.number];
  const bool same = known.type == slot.type && known.generation == slot.generation;
  if (same && known.waits != 0 && known.world == lane.world_serial) return slot.number;  // all of its instances come here
  const std::uint32_t attributes = known.type == slot.type ? known.attributes : 0;
  if (known.type != slot.type) ++lane.types_met;
  const auto* type = static_cast<const std::byte*>(slot.type);
  const std::uint8_t waits = same ? known.waits : has_parts_later(type, attributes) ? kPatience : std::uint8_t{0};
  known = {type, slot.word, settled_epoch(waits), slot.generation, attributes, lane.world_serial, waits};
  return slot.number;
}

}  // namespace

std::uint32_t type_number(Lane& lane, const std::byte* type, std::uint32_t word, std::uint64_t size) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(type);
  if ((address & 7) != 0 || address < 0x10000 || (address >> 47) != 0) return kNothing;  // no pointer
  const TypeSlot slot = slot_of_type(lane, type, 0);
  if (slot.number == 0 || slot.word != word || !may_be_instance(type, word, size)) return kNothing;
  return remember(lane, slot);
}

std::uint32_t number_of_base(Lane& lane, const std::byte* type, unsigned depth) noexcept {
  return slot_of_type(lane, type, depth).number;
}

bool knows_type(Lane& lane, const std::byte* type) noexcept {
  const TypeSlot& slot = slot_at(lane, type);
  if (slot.type != type || slot.number == 0 || slot.number >= lane.types.capacity()) return false;
  const KnownType& known = lane.types.data()[slot.number];
  return known.type == type && known.generation == slot.generation && is_alive(known);
}

std::uint32_t number_of_reused(Lane& lane, const std::byte* type) noexcept {
  const TypeSlot slot = slot_of_type(lane, type, 0);
  return slot.number == 0 ? kNothing : remember(lane, slot);
}

void start_types(const void* type_type) noexcept {
  const Layout* layout = g_runtime.layout;
  if (layout == nullptr || type_type == nullptr) return;
  TypeReader& reader = g_type_reader;
  const std::uint32_t word = layout->object_type;
  reader.free_threaded = g_runtime.free_threaded;
  if (reader.free_threaded) {
    reader.words[0] = word, reader.words[1] = word + 16, reader.words[2] = kNoWord;
  } else {
    reader.words[0] = word + 16, reader.words[1] = word, reader.words[2] = layout->minor < 11 ? kNoWord : word + 32;
  }
  reader.is_on = true;
  set_type_type(static_cast<const std::byte*>(type_type));
}

bool is_alive(const KnownType& known) noexcept {
  return generation_of(known.type).load(std::memory_order_relaxed) == known.generation;
}

void note_type_end(const void* block) noexcept {
  if (!may_be_type(static_cast<const std::byte*>(block))) return;
  change_meaning(type_in(block));
  g_type_epoch.fetch_add(1, std::memory_order_relaxed);
}

void stop_types() noexcept {
  static const char kNobody = 0;  // its address is no interpreter's
  g_type_reader.is_on = false;
  g_adopted.store(&kNobody, std::memory_order_relaxed);
}

void disown(Lane& lane, std::uint32_t site) noexcept {
  if (lane.sites.data()[site].last_type == kNothing) return;
  lane.sites.data()[site].last_type = kNothing;
  lane.append(trace::Typed{kNothing});
}

}  // namespace heapledger::python
