// Follows the pointers from instances to their dicts, and from those to their tables.
#include "parts.h"

#include "../hook.h"
#include "../symbols.h"
#include "collector_memory.h"
#include "objects.h"
#include "type_names.h"
#include "type_numbers.h"

namespace heapledger::python {

constinit std::atomic<const std::byte*> g_waiting_blocks[1 << kWaitingBits] = {};

namespace {

using trace::Part;

constinit const void* g_dict_type = nullptr;
/// PyUnstable_GC_VisitObjects (3.12+), which stops all threads of a free-threaded build. The visitor returns 1 to go on.
using Visitor = int (*)(void* object, void* context);
using VisitAll = void (*)(Visitor visit, void* context);
constinit VisitAll g_visit_objects = nullptr;

/// From 3.11 on: its instances have values from the begin.
bool is_plain(const std::byte* type, std::uint32_t flags) noexcept {
  const Layout& layout = *g_runtime.layout;
  if (layout.minor >= 13) return (flags & trace::kInlineValues) != 0;
  const auto word = [=](tp::Distance distance) { return type_field<std::int64_t>(type, distance); };
  constexpr std::int64_t kObject = 16;  // tp_basicsize of object, whose end may be followed by a pointer to weak references
  return word(tp::item_size) == 0 && word(tp::basic_size) == kObject + (word(tp::weaklist_offset) > 0 ? 8 : 0);
}

/// Whether instances have it in front of them. The bit means something else up to 3.10.
bool has_managed_dict(std::uint32_t flags) noexcept {
  return (flags & g_runtime.layout->pre_header_flags & trace::kManagedDict) != 0;
}

/// Where an object has the pointer to its __dict__; nullptr: it has none.
const std::byte* dict_slot(const std::byte* object, const std::byte* type) noexcept {
  const Layout& layout = *g_runtime.layout;
  if (has_managed_dict(type_flags(type))) return object - layout.gc_header - sizeof(void*);
  const auto offset = type_field<std::int64_t>(type, tp::dict_offset);
  if (offset >= 0) return offset != 0 ? object + offset : nullptr;
  if (layout.minor > 11) return nullptr;  // C alone could make such a type there
  const auto basic = type_field<std::int64_t>(type, tp::basic_size);
  const auto each = type_field<std::int64_t>(type, tp::item_size);
  const auto items = load<std::int64_t>(object, layout.object_type + sizeof(void*));  // negative ones have a sign of their own
  return object + (basic + (items < 0 ? -items : items) * each + 7) / 8 * 8 + offset;
}

/// The __dict__, whatever its class; 3.12 has tagged values there.
const std::byte* dict_in(const std::byte* slot) noexcept {
  const auto* dict = slot != nullptr ? load<const std::byte*>(slot, 0) : nullptr;
  return (reinterpret_cast<std::uintptr_t>(dict) & 7) == 0 ? dict : nullptr;
}

/// Values of 3.11 and 3.12 that lie next to an object; nullptr: it has none, or readers of the trace know them (is_plain).
/// `slot`: see dict_slot().
const std::byte* values_beside(const std::byte* slot, const std::byte* type) noexcept {
  const unsigned minor = g_runtime.layout->minor;
  const std::uint32_t flags = type_flags(type);
  if (minor < 11 || minor > 12 || !has_managed_dict(flags) || is_plain(type, flags)) return nullptr;
  if (minor == 11) return load<const std::byte*>(slot - sizeof(void*), 0);
  const auto* tagged = load<const std::byte*>(slot, 0);
  return (reinterpret_cast<std::uintptr_t>(tagged) & 1) != 0 ? tagged + 1 : nullptr;
}

/// The block that values begin in; nullptr: they lie in the instance.
const std::byte* block_of_values(const std::byte* values) noexcept {
  const unsigned minor = g_runtime.layout->minor;
  if (minor < 11) return values;
  if (!readable(values - 8, 8)) return nullptr;
  if (minor < 13) return values - load<std::uint8_t>(values - 1, 0);  // bytes for their order stand before
  constexpr std::size_t kEmbedded = 2;
  return load<std::uint8_t>(values, kEmbedded) == 0 ? values : nullptr;
}

void write_part(Lane& lane, std::uint32_t owner, Part part, const std::byte* block) noexcept {
  if (block == nullptr || owner == kNothing) return;
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  const std::uint32_t shard = trace::shard_of(address);
  const auto move = static_cast<std::int64_t>(address - lane.model.last_address);
  const std::uint32_t gap = hook::skipped(lane, shard, hook::take_stamp_alone(lane, shard));
  if (lane.append(trace::PartOf{owner, static_cast<std::uint32_t>(part), move, gap})) lane.model.last_address = address;
}

/// Of a dict. Tables that nobody allocated, as that of all empty dicts, are unknown to the reader.
void write_table(Lane& lane, std::uint32_t owner, const std::byte* dict) noexcept {
  const std::size_t place = g_runtime.layout->dict_keys;
  const auto* values = load<const std::byte*>(dict, place + sizeof(void*));
  if (values != nullptr) return write_part(lane, owner, Part::values, block_of_values(values));
  write_part(lane, owner, Part::keys, load<const std::byte*>(dict, place));
}

/// Whether instances are dicts of another class than dict itself: the table of such a one is its own.
bool is_dict_subclass(const std::byte* type) noexcept {
  return (type_flags(type) & trace::kDictSubclass) != 0 && type != g_dict_type;
}

/// `dict`: its __dict__, `values`: those beside it; nullptr: none. Returns the number of the type.
std::uint32_t write_all(Lane& lane, const std::byte* object, const std::byte* type, const std::byte* dict,
                        const std::byte* values) noexcept {
  const Layout& layout = *g_runtime.layout;
  const std::uint32_t owner = number_of_reused(lane, type);
  if (owner == kNothing) return owner;
  KnownType& known = lane.types.data()[owner];
  if (known.waits != kForGood && has_parts_later(type, known.attributes)) wait_for_good(known);
  if (is_dict_subclass(type)) write_table(lane, owner, object);
  if (values != nullptr) write_part(lane, owner, Part::values, block_of_values(values));
  if (dict == nullptr || load<const void*>(dict, layout.object_type) != g_dict_type) return owner;
  write_part(lane, owner, Part::dict, dict - layout.gc_header);
  write_table(lane, owner, dict);
  return owner;
}

/// An instance that waits, at the place of its block.
struct Waiting {
  std::uint64_t size;
  const std::byte* type;
  std::uint32_t type_word, generation;  ///< of the type's address
};
constinit Waiting g_waiting[1 << kWaitingBits] = {};

/// It is alive, as far as it is an instance at all: up to 3.11 a table of a dict may look like one, and changes. And a type of C
/// may leave what its memory held before.
void write_waiting(Lane& lane, const std::byte* block, const Waiting& instance) noexcept {
  const std::byte* const word = block + instance.type_word;
  const auto* type = load<const std::byte*>(word, 0);
  if (type != instance.type || generation_of(type).load(std::memory_order_relaxed) != instance.generation) return;
  const std::byte* const object = word - g_runtime.layout->object_type;
  const std::byte* const slot = dict_slot(object, type);
  if (slot != nullptr && static_cast<std::size_t>(slot - block) + sizeof(void*) > instance.size) return;
  const std::byte* const dict = dict_in(slot);
  const bool has_dict = dict != nullptr && readable(dict, g_runtime.layout->dict_keys + sizeof(void*));
  const std::byte* const values = values_beside(slot, type);
  if (has_dict || values != nullptr || is_dict_subclass(type)) write_all(lane, object, type, has_dict ? dict : nullptr, values);
}

/// A walk through all objects.
struct Walk {
  std::uint32_t left;   ///< objects that may still be visited
  std::uint32_t pause;  ///< events until the next walk
};
constinit std::atomic<std::uint32_t> g_walk_pause = 0;  ///< after the last one

bool is_recording() noexcept { return g_recording->phase.load(std::memory_order_relaxed) == Recording::ready; }

/// Of an object that is whole: the collector may visit it.
int write_parts_of(void* address, void* context) noexcept {
  const Layout& layout = *g_runtime.layout;
  const auto* object = static_cast<const std::byte*>(address);
  const auto* type = load<const std::byte*>(object, layout.object_type);
  constexpr std::uint32_t kOfAnObject = 2, kOfParts = 8;
  auto& walk = *static_cast<Walk*>(context);
  if (walk.left-- == 0 || !is_recording()) return 0;
  walk.pause += kOfAnObject;
  const std::byte* const slot = dict_slot(object, type);
  const std::byte* const dict = dict_in(slot);
  const std::byte* const values = values_beside(slot, type);
  const bool is_class = (type_flags(type) & trace::kTypeSubclass) != 0 && (type_flags(object) & trace::kHeapType) != 0;
  const auto* shared = is_class ? load<const std::byte*>(object, layout.type_cached_keys) : nullptr;
  if (dict == nullptr && values == nullptr && shared == nullptr && !is_dict_subclass(type)) return 1;
  hook::record_apart([=](Lane& lane) {
    if (has_types(lane)) write_part(lane, write_all(lane, object, type, dict, values), Part::keys, shared);
  });
  walk.pause += kOfParts;
  return 1;
}

/// Of all threads, by their stamps; wraps around.
std::uint32_t count_events() noexcept {
  std::uint32_t sum = 0;
  for (const auto& shard : g_recording->shards) sum += shard.next.load(std::memory_order_relaxed);
  return sum;
}

/// Most of what a forked process has was its parent's, and unknown to readers of its trace: it looks at no more objects than it
/// has had events.
Walk new_walk() noexcept {
  const trace::FileHeader* header = g_recording->header.load(std::memory_order_acquire);
  const bool forked = header != nullptr && header->forked_from != 0;
  return {forked ? count_events() : ~std::uint32_t{0}, 0};
}

}  // namespace

void find_parts(const link_map& object) noexcept {
  g_dict_type = find_variable(object, "PyDict_Type");
  find_function(object, g_visit_objects, "PyUnstable_GC_VisitObjects");
}

bool has_parts_later(const std::byte* type, std::uint32_t attributes) noexcept {
  const std::uint32_t flags = type_flags(type);
  const bool managed = has_managed_dict(flags);
  const auto offset = type_field<std::int64_t>(type, tp::dict_offset);
  if (g_runtime.free_threaded || (flags & trace::kTypeSubclass) != 0) return false;
  if (is_dict_subclass(type)) return true;
  if (!managed && offset == 0) return false;
  if (g_runtime.layout->minor < 11) return (flags & trace::kExceptionSubclass) != 0 || offset < 0;
  if (!managed) return (flags & (trace::kHeapType | trace::kExceptionSubclass)) != 0;
  constexpr std::uint32_t kSharedNames = 29;  // that instances have room for
  return attributes >= kSharedNames || !is_plain(type, flags);
}

void wait_for_parts(Lane& lane, const PendingObject& object, std::uint32_t number) noexcept {
  if (g_recording->many_worlds.load(std::memory_order_relaxed)) return;
  KnownType& known = lane.types.data()[number];
  if (known.waits != kForGood) known.epoch = settled_epoch(--known.waits);
  const Waiting instance = {object.size, known.type, known.word, known.generation};  // before others move the table of types
  const std::size_t place = waiting_place(object.block);
  if (const std::byte* before = g_waiting_blocks[place].load(std::memory_order_relaxed); before != nullptr)
    write_waiting(lane, before, g_waiting[place]);
  g_waiting[place] = instance;
  g_waiting_blocks[place].store(object.block, std::memory_order_relaxed);
}

void forget_instances() noexcept {
  for (std::atomic<const std::byte*>& block : g_waiting_blocks) block.store(nullptr, std::memory_order_relaxed);
}

void write_parts() noexcept {
  if (!g_type_reader.is_on || g_dict_type == nullptr || !is_recording()) return;
  const std::uint32_t since = count_events() - g_recording->walk_events.load(std::memory_order_relaxed);
  if (since < g_walk_pause.load(std::memory_order_relaxed) && g_runtime.functions.is_initialized() != 0) return;
  Walk walk = new_walk();
  if (!g_runtime.free_threaded) {
    const CollectorMemory memory(running_interpreter());
    if (memory) memory.for_each_object(write_parts_of, &walk, false);
  } else if (g_visit_objects != nullptr) {
    g_visit_objects(write_parts_of, &walk);
  }
  g_walk_pause.store(walk.pause, std::memory_order_relaxed);
  g_recording->walk_events.store(count_events(), std::memory_order_relaxed);
}

void write_parts_at_exit() noexcept {
  if (g_runtime.free_threaded || g_dict_type == nullptr || !is_recording() || t_state.depth != hook::kIdle) return;
  const CollectorMemory memory(running_interpreter());
  Walk walk = new_walk();
  if (memory && !memory.is_collecting()) memory.for_each_object(write_parts_of, &walk, true);
}

}  // namespace heapledger::python
