// Locks of interpreters, and the handing over of pending objects under each.
#include "worlds.h"

#include "../sys.h"
#include "frame_reader.h"
#include "frames.h"
#include "interpreters.h"
#include "types.h"

namespace heapledger::python {

constinit std::atomic<const void*> g_adopted = nullptr;

namespace {

/// Of the main interpreter. Up to 3.11, and for the whole of free-threaded builds, any address does.
constinit std::atomic<const void*> g_first_lock = nullptr;
constinit World g_nowhere = {};  // of lanes whose thread runs an interpreter without types

const void* lock_of(const void* interpreter) noexcept {
  const std::uint16_t place = g_runtime.layout->interpreter_lock;
  return place != 0 ? load<const void*>(interpreter, place) : &g_first_lock;
}

/// A claim of a few dozen loads, or of a look at the types of all lanes. Signal handlers record nothing meanwhile, and forked children begin with an empty table.
class Claim {
 public:
  explicit Claim(std::atomic<std::uint32_t>& word) noexcept : word_(word) {
    while (word_.exchange(1, std::memory_order_acquire) != 0) sys::call(SYS_sched_yield);
  }
  ~Claim() { word_.store(0, std::memory_order_release); }
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;

 private:
  std::atomic<std::uint32_t>& word_;
};

World* find_world(const void* lock) noexcept {
  for (World& world : g_recording->worlds)
    if (world.lock.load(std::memory_order_acquire) == lock) return &world;
  return nullptr;
}

/// A world begins, at a place of the table that is new or whose world has ended.
void begin(World& world, const void* lock, std::int64_t id) noexcept {
  const Claim claim(world.claimed);
  world.object_lane.store(nullptr, std::memory_order_relaxed);
  world.id = id;
  world.serial.store(++g_recording->world_serial, std::memory_order_relaxed);
  world.ended.store(false, std::memory_order_relaxed);
  world.lock.store(lock, std::memory_order_release);
}

/// One world becomes two. Whoever is between the two stores of take_over() sees that there are many.
void begin_many(Recording& r) noexcept {
  World& first = r.worlds[0];
  const Claim claim(first.claimed);
  g_adopted.store(nullptr, std::memory_order_relaxed);
  r.many_worlds.store(true);
  first.object_lane.store(r.object_lane.exchange(nullptr), std::memory_order_relaxed);
  first.lock.store(g_first_lock.load(std::memory_order_relaxed), std::memory_order_release);
}

bool is_of(const Lane& lane, const World& world) noexcept {
  return lane.world == &world || (lane.world == nullptr && &world == g_recording->worlds);
}

bool is_left_in(const LeftBehind& left, const World& world) noexcept {
  return left.world == &world && left.serial == world.serial.load(std::memory_order_relaxed);
}

/// What the lane has pending stays in its world; where there is no room for it, readers take it for what they expected.
void leave(Lane& lane) noexcept {
  World& from = lane.world != nullptr ? *lane.world : g_recording->worlds[0];
  if (&from == &g_nowhere) return;
  const Claim claim(from.claimed);
  const bool pending = lane.pending.block != nullptr || lane.aside_count != 0;
  for (LeftBehind& left : lane.left) {
    const bool in_use = left.world != nullptr && left.count != 0 && is_left_in(left, *left.world);
    if (!pending || in_use || from.serial.load(std::memory_order_relaxed) != lane.world_serial) continue;
    left.count = 0;
    if (lane.pending.block != nullptr) left.set[left.count++] = {lane.pending, lane.pending_state};
    for (std::uint32_t i = 0; i < lane.aside_count; ++i) left.set[left.count++] = lane.aside[i];
    left.serial = lane.world_serial;
    left.world = &from;
    break;
  }
  lane.pending.block = nullptr;
  lane.pending_state = {};
  lane.aside_count = 0;
  lane.world_serial = kNoWorld;
  lane.world = &g_nowhere;
}

/// The lane is in this world again.
void take_back(Lane& lane, const World& world) noexcept {
  for (LeftBehind& left : lane.left) {
    if (!is_left_in(left, world)) continue;
    for (std::uint32_t i = 0; i < left.count && lane.aside_count < kPendingObjects; ++i)
      lane.aside[lane.aside_count++] = left.set[i];
    left.count = 0;
    left.world = nullptr;
  }
}

/// Reads on behalf of the lane that was the last one in this world.
void look_for(Lane& lane, Lane& before, const World* world) noexcept {
  if (world == nullptr || is_of(before, *world)) {
    find_for(lane, before.pending, before.pending_state);
    for (std::uint32_t i = 0; i < before.aside_count; ++i) find_for(lane, before.aside[i].object, before.aside[i].state);
  }
  for (LeftBehind& left : before.left)
    for (std::uint32_t i = 0; world != nullptr && is_left_in(left, *world) && i < left.count; ++i)
      find_for(lane, left.set[i].object, left.set[i].state);
}

/// One of many worlds: that of the lock which the thread holds.
void enter(Lane& lane, const void* lock) noexcept {
  World* world = lane.world != nullptr ? lane.world : g_recording->worlds;
  const bool stays = world->lock.load(std::memory_order_relaxed) == lock &&
                     world->serial.load(std::memory_order_relaxed) == lane.world_serial && world != &g_nowhere;
  if (stays && world->object_lane.load(std::memory_order_relaxed) == &lane) return;
  if (!stays) {
    leave(lane);
    world = find_world(lock);
    if (world == nullptr || world->ended.load(std::memory_order_relaxed)) return;
  }
  const Claim claim(world->claimed);
  lane.world = world;
  lane.world_serial = world->serial.load(std::memory_order_relaxed);
  Lane* const before = world->object_lane.exchange(&lane, std::memory_order_relaxed);
  if (before != nullptr && before != &lane) look_for(lane, *before, world);
  if (!stays) take_back(lane, *world);
}

}  // namespace

void note_world(const void* interpreter) noexcept {
  const void* first = g_first_lock.load(std::memory_order_relaxed);
  if (!g_type_reader.is_on || first == nullptr) return;
  const void* lock = lock_of(interpreter);
  if (lock == first || lock == nullptr) return;
  Recording& r = *g_recording;
  const Claim claim(r.worlds_claimed);
  if (!r.many_worlds.load()) begin_many(r);
  const std::int64_t id = id_of(interpreter);
  World* world = find_world(lock);
  if (world != nullptr && world->id == id) return;
  for (World& one : r.worlds)
    if (world == nullptr && (one.lock.load(std::memory_order_relaxed) == nullptr || one.ended.load(std::memory_order_relaxed)))
      world = &one;
  if (world != nullptr) begin(*world, lock, id);
}

bool while_one_world(Lane& lane, void (*work)(Lane&) noexcept) noexcept {
  const Claim claim(g_recording->worlds_claimed);
  if (g_recording->many_worlds.load()) return false;
  work(lane);
  return true;
}

bool adopt_interpreter(const Lane& lane) noexcept {
  const void* interpreter = t_state.interpreter;
  if (!g_type_reader.is_on || interpreter == nullptr) return false;
  const void* none = nullptr;
  if (g_type_reader.free_threaded) return g_adopted.compare_exchange_strong(none, interpreter), true;
  const void* lock = lock_of(interpreter);
  g_first_lock.compare_exchange_strong(none, lock, std::memory_order_relaxed);
  if (g_recording->many_worlds.load(std::memory_order_relaxed)) {
    const World* world = lane.world != nullptr ? lane.world : g_recording->worlds;
    return world->lock.load(std::memory_order_relaxed) == lock;
  }
  if (lock != g_first_lock.load(std::memory_order_relaxed)) return false;
  g_adopted.store(interpreter, std::memory_order_relaxed);
  return true;
}

void take_over(Lane& lane) noexcept {
  Recording& r = *g_recording;
  if (lane.recording != &r) {  // nobody may come back to it, or look for it at what may be gone
    lane.pending.block = nullptr;
    lane.aside_count = 0;
    return;
  }
  if (!g_type_reader.is_on) return r.object_lane.store(&lane, std::memory_order_relaxed);
  if (g_type_reader.free_threaded) return settle_claimed(lane);
  (void)current_frame();  // whose Python it is that runs here now
  const void* first = g_first_lock.load(std::memory_order_relaxed);
  if (t_state.interpreter == nullptr && r.many_worlds.load()) return leave(lane);  // it holds no lock that is known
  if (t_state.interpreter == nullptr || first == nullptr) return;
  const void* lock = lock_of(t_state.interpreter);
  if (lock != first) note_world(t_state.interpreter);  // a forked child's table is empty
  if (!r.many_worlds.load()) {
    if (Lane* before = r.object_lane.exchange(&lane); before != nullptr) look_for(lane, *before, nullptr);
    if (r.many_worlds.load()) r.object_lane.store(nullptr);  // it became two meanwhile
  }
  if (r.many_worlds.load()) enter(lane, lock);
  if (lane.pending_state.found) settle_slowly(lane, nullptr);  // somebody had taken over from this lane, and looked
}

void end_world(const void* interpreter) noexcept {
  if (!g_type_reader.is_on || g_type_reader.free_threaded) return;
  World* world = find_world(lock_of(interpreter));
  if (world != nullptr && world != g_recording->worlds) world->ended.store(true, std::memory_order_relaxed);
}

}  // namespace heapledger::python
