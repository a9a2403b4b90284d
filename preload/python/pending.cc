// Finding out which type a block is an object of, once the program has made one of it.
#include "../hook.h"
#include "parts.h"
#include "type_numbers.h"

namespace heapledger::python {

namespace {

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
  if (lane.types.data()[number].waits != 0 && !state.passed && !last_look) wait_for_parts(lane, object, number);
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

/// Makes room: what has been blank for longest is no object that is just being made.
void give_up_oldest(Lane& lane) noexcept {
  settle_one(lane, lane.aside[0].object, lane.aside[0].state, true);
  std::memmove(lane.aside, lane.aside + 1, (kPendingObjects - 1) * sizeof lane.aside[0]);
  lane.aside_count = kPendingObjects - 1;
}

}  // namespace

void find_for(Lane& lane, const PendingObject& object, PendingState& state) noexcept {
  if (object.block == nullptr || state.found) return;
  const Found found = identify(lane, object);
  state.passed = true;
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

void settle_slowly(Lane& lane, const void* ending) noexcept {
  if (lane.aside_count != 0) settle_aside(lane, ending);
  if (lane.pending.block == nullptr) return;
  const PendingObject object = lane.pending;
  PendingState state = lane.pending_state;
  lane.pending.block = nullptr;
  lane.pending_state = {};
  if (settle_one(lane, object, state, object.block == ending)) return;
  if (lane.aside_count == kPendingObjects) give_up_oldest(lane);
  lane.aside[lane.aside_count++] = {object, state};
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
