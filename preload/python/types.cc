// Finding out which type a block is an object of, and naming types in the trace.
#include "types.h"

#include "../hook.h"
#include "objects.h"
#include "type_names.h"

namespace heapledger::python {

constinit TypeReader g_type_reader;
constinit std::atomic<std::uint32_t> g_type_generation[kTypeGenerations] = {};
constinit std::atomic<std::uint32_t> g_type_epoch = 0;
constinit std::atomic<std::uintptr_t> g_type_low = ~std::uintptr_t{0};
constinit std::atomic<std::uintptr_t> g_type_high = 0;

namespace {

constexpr std::uint32_t kNothing = 0;               // type number: no object
constexpr std::uint32_t kNotYet = 0xffffffff;       // type number: not initialised

std::atomic<std::uint32_t>& generation_of(const void* type) noexcept {
  return g_type_generation[(reinterpret_cast<std::uintptr_t>(type) >> 4) % kTypeGenerations];
}

/// Type objects have a header of the collector in front, where there is one.
const std::byte* type_in(const void* block) noexcept {
  return static_cast<const std::byte*>(block) + g_runtime.layout->gc_header;
}

/// The address means another type from here on, or one at all.
void change_meaning(const std::byte* type) noexcept { generation_of(type).fetch_add(1, std::memory_order_relaxed); }

/// Keeps the range of types that can end.
void note_type(const std::byte* block) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  std::uintptr_t low = g_type_low.load(std::memory_order_relaxed), high = g_type_high.load(std::memory_order_relaxed);
  while (address < low && !g_type_low.compare_exchange_weak(low, address, std::memory_order_relaxed)) {
  }
  while (address >= high && !g_type_high.compare_exchange_weak(high, address + 1, std::memory_order_relaxed)) {
  }
}

/// What the lane knows of an address that may be anything.
const TypeSlot& slot_of_type(Lane& lane, const std::byte* type, unsigned depth) noexcept {
  TypeSlot& slot = lane.type_slots[(reinterpret_cast<std::uintptr_t>(type) >> 4) % kTypeSlots];
  const std::uint32_t generation = generation_of(type).load(std::memory_order_relaxed);
  if (slot.type == type && slot.generation == generation) return slot;
  TypeSlot fresh = {type, generation, kNothing, kNoWord};
  if (is_type(type)) {
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
  const std::uint32_t attributes = known.type == slot.type ? known.attributes : 0;
  known = {static_cast<const std::byte*>(slot.type), slot.word, g_type_epoch.load(std::memory_order_relaxed),
           slot.generation, attributes, lane.world_serial};
  return slot.number;
}

/// Number of a type in the lane, 0 when no type lies there whose instances have ob_type at `word`.
std::uint32_t type_number(Lane& lane, const std::byte* type, std::uint32_t word, std::uint64_t size) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(type);
  if ((address & 7) != 0 || address < 0x10000 || (address >> 47) != 0) return kNothing;  // no pointer
  const TypeSlot slot = slot_of_type(lane, type, 0);
  if (slot.number == 0 || slot.word != word || !may_be_instance(type, word, size)) return kNothing;
  return remember(lane, slot);
}

struct Found {
  const std::byte* type;
  std::uint32_t number;
};

/// Up to 3.12 the object domain also has the tables of dicts. One whose first key is the address of a class (as an int: its
/// hash is itself) has a pointer to that class where an instance would; but no reference count in front of it.
bool is_counted(const std::byte* block, std::uint32_t word) noexcept {
  if (g_runtime.layout->minor > 12) return true;
  const auto references = load<std::int64_t>(block, word - sizeof(void*));
  constexpr std::int64_t kMostReferences = std::int64_t{1} << 48;
  return references >= 0 && references < kMostReferences;  // 0: it is on its way out
}

/// What lies in a block. Only pointers to types are followed.
Found identify(Lane& lane, const PendingObject& object) noexcept {
  bool written = object.size < g_runtime.layout->object_type + sizeof(void*);  // too small: it will never be an object
  for (const std::uint32_t word : g_type_reader.words) {
    if (word + sizeof(void*) > object.size) continue;
    const auto* type = load<const std::byte*>(object.block, word);
    written = written || type != nullptr;
    if (type == nullptr || !is_counted(object.block, word)) continue;
    if (const std::uint32_t number = type_number(lane, type, word, object.size); number != kNothing)
      return {type, number};
  }
  return {nullptr, written ? kNothing : kNotYet};
}

/// Says what the block is, unless a reader takes it for that anyway.
void write_type(Lane& lane, const PendingObject& object, bool last_record, std::uint32_t number) noexcept {
  if (number == object.predicted) return;
  if (last_record) {
    lane.sites.data()[object.site].last_type = number;
    lane.append(trace::Typed{number});
    return;
  }
  const auto address = reinterpret_cast<std::uintptr_t>(object.block);
  const std::uint32_t shard = trace::shard_of(address);
  lane.append(trace::TypedLate{number, object.site, address, hook::skipped(lane, shard, hook::take_stamp(lane, shard))});
}

/// The type that another thread has found. The type may have ended meanwhile, and is unknown then.
std::uint32_t found_number(Lane& lane, const PendingObject& object, const PendingState& state) noexcept {
  if (state.type == nullptr) return kNothing;
  if (generation_of(state.type).load(std::memory_order_relaxed) != state.generation) return object.predicted;
  const std::uint32_t word = header_bytes(state.type) + g_runtime.layout->object_type;
  return type_number(lane, state.type, word, object.size);
}

/// False: it is not yet an object. Up to 3.11 a collection may run between the allocation of an object and its
/// initialisation; what is still blank a while after it, or at the last look, is memory for something else.
bool settle_one(Lane& lane, const PendingObject& object, PendingState& state, bool last_look = false) noexcept {
  constexpr std::uint8_t kPatience = 64;
  const bool last_record = lane.cursor == object.end;
  std::uint32_t number = state.found ? found_number(lane, object, state) : identify(lane, object).number;
  if (number == kNotYet) {
    if (t_state.open_collections == 0) ++state.looks;
    if (state.looks < kPatience && !last_look) return false;
    number = kNothing;
  }
  write_type(lane, object, last_record, number);
  return true;
}

/// Looks again at what was not initialised before.
void settle_aside(Lane& lane, const void* ending) noexcept {
  std::uint32_t kept = 0;
  for (std::uint32_t i = 0; i < lane.aside_count; ++i) {
    SetAside one = lane.aside[i];
    if (!settle_one(lane, one.object, one.state, one.object.block == ending)) lane.aside[kept++] = one;
  }
  lane.aside_count = kept;
}

}  // namespace

void find_for(Lane& lane, const PendingObject& object, PendingState& state) noexcept {
  if (object.block == nullptr || state.found) return;
  const Found found = identify(lane, object);
  if (found.number == kNotYet) return;  // nobody else can know of it
  state.found = true;
  state.type = found.type;
  if (found.type != nullptr) state.generation = generation_of(found.type).load(std::memory_order_relaxed);
}

void settle_claimed(Lane& lane) noexcept {
  std::atomic_ref<const std::byte*> word(lane.pending.block);
  const std::byte* block = word.load(std::memory_order_relaxed);
  if (block == nullptr) return;
  if (!word.compare_exchange_strong(block, block + 1, std::memory_order_acquire)) return;
  PendingObject object = lane.pending;
  object.block = block;
  PendingState state = {};
  settle_one(lane, object, state);
  word.store(nullptr, std::memory_order_release);
}

std::uint32_t number_of_base(Lane& lane, const std::byte* type, unsigned depth) noexcept {
  return slot_of_type(lane, type, depth).number;
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

void settle_slowly(Lane& lane, const void* ending) noexcept {
  if (lane.aside_count != 0) settle_aside(lane, ending);
  if (lane.pending.block == nullptr) return;
  const PendingObject object = lane.pending;
  PendingState state = lane.pending_state;
  lane.pending.block = nullptr;
  lane.pending_state = {};
  const bool last_look = object.block == ending || lane.aside_count == kPendingObjects;
  if (!settle_one(lane, object, state, last_look)) lane.aside[lane.aside_count++] = {object, state};
}

void cancel_pending(const void* block) noexcept {
  const auto* wanted = static_cast<const std::byte*>(block);
  for (Lane* lane = g_recording->lanes.load(std::memory_order_acquire); lane != nullptr; lane = lane->next) {
    std::atomic_ref<const std::byte*> word(lane->pending.block);
    const std::byte* seen = wanted;
    if (lane == t_state.lane || word.compare_exchange_strong(seen, nullptr, std::memory_order_relaxed)) continue;
    while (seen == wanted + 1) seen = word.load(std::memory_order_acquire);  // a few loads long
  }
}

}  // namespace heapledger::python
