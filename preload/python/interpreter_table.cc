// Places of interpreters: taken, used again, counted.
#include "interpreter_table.h"

#include "../hook.h"
#include "lookout.h"

namespace heapledger::python {

namespace {

constexpr std::uint32_t kMostInterpreters = 1024;
constinit Interpreter g_interpreters[kMostInterpreters] = {};
constinit std::atomic<std::uint32_t> g_used = 0;   ///< places in front that were ever taken
constinit std::atomic<std::uint32_t> g_asked = 0;  ///< places of which `waits` is set
constinit std::atomic<bool> g_missed = false;

/// A place for an interpreter whose address has none: of one that has ended, or behind the others.
Interpreter* free_place() noexcept {
  constexpr std::uint32_t kSome = 64;       // places that are not used again at once
  constinit static std::uint32_t next = 0;  // one after the other: an interpreter that is just ending keeps its place
  const std::uint32_t used = g_used.load(std::memory_order_relaxed);
  for (std::uint32_t i = 0; used >= kSome && i < used; ++i) {
    Interpreter& one = g_interpreters[next++ % used];
    if (one.state.load(std::memory_order_relaxed) == Interpreter::ended) return &one;
  }
  if (used == kMostInterpreters) return nullptr;
  g_used.store(used + 1, std::memory_order_release);
  return &g_interpreters[used];
}

/// Numbers grow: one that comes back without a place is counted once, unless younger ones came between.
void count_without_place(std::int64_t id) noexcept {
  constinit static std::int64_t highest = 0;
  if (id > highest) count_missed();
  highest = id > highest ? id : highest;
}

}  // namespace

Interpreter* find_interpreter_at(const void* address) noexcept {
  if (address == nullptr) return nullptr;
  const std::uint32_t used = g_used.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < used; ++i)
    if (g_interpreters[i].address.load(std::memory_order_relaxed) == address) return &g_interpreters[i];
  return nullptr;
}

bool is_new(const Interpreter* place, std::int64_t id) noexcept {
  return place == nullptr || place->id.load(std::memory_order_relaxed) != id;
}

void take_place(void* address, std::int64_t id) noexcept {
  Interpreter* place = find_interpreter_at(address);
  if (!is_new(place, id)) return;  // another thread came first
  if (place != nullptr && place->state.load() == Interpreter::begun) count_missed();
  if (place == nullptr) place = free_place();
  if (place == nullptr) return count_without_place(id);
  place->id.store(id, std::memory_order_relaxed);
  place->collections = {};  // what was known went with its interpreter
  place->has_thresholds = false;
  place->state.store(Interpreter::begun, std::memory_order_relaxed);
  place->address.store(address, std::memory_order_release);
  ask(*place);
}

void forget_ended_interpreters() noexcept {
  const std::uint32_t used = g_used.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < used; ++i)
    if (g_interpreters[i].state.load(std::memory_order_relaxed) == Interpreter::ended)
      g_interpreters[i].id.store(-1, std::memory_order_relaxed);
}

void ask(Interpreter& one) noexcept {
  if (!one.waits.exchange(true)) g_asked.fetch_add(1);
  call_attention();
}

bool stop_asking(Interpreter& one) noexcept { return one.waits.exchange(false) && g_asked.fetch_sub(1) != 0; }

bool is_any_asked() noexcept { return g_asked.load() != 0; }

void for_each_left(void (*look)(Interpreter&, const void* address)) noexcept {
  const std::uint32_t used = g_used.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < used; ++i) {
    Interpreter& one = g_interpreters[i];
    const void* address = one.address.load(std::memory_order_relaxed);
    if (one.state.load() != Interpreter::ended && sys::readable(address)) look(one, address);
  }
}

void count_missed() noexcept {
  g_missed.store(true, std::memory_order_relaxed);
  if (trace::FileHeader* h = g_recording->header.load(std::memory_order_acquire); h != nullptr)
    h->missed_interpreters.fetch_add(1, std::memory_order_relaxed);
}

bool count_unreached() noexcept {
  const std::uint32_t used = g_used.load(std::memory_order_acquire);
  bool unreached = false;
  for (std::uint32_t i = 0; i < used; ++i) {
    const auto state = g_interpreters[i].state.load();
    if (state == Interpreter::begun) count_missed();
    unreached = unreached || state == Interpreter::watched;
  }
  return unreached || g_missed.load(std::memory_order_relaxed);
}

}  // namespace heapledger::python
