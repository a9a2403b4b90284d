// Begins, ends, and the comparison with the interpreter's own counts.
#include "collection_account.h"

#include "../hook.h"
#include "../sys.h"
#include "collector_control.h"
#include "frame_reader.h"
#include "frames.h"
#include "interpreter_table.h"
#include "interpreters.h"
#include "runtime.h"

namespace heapledger::python {

namespace {

using trace::CollectionEnding;

/// Full collections in the end of an interpreter, behind the last one that calls anybody back: as many in every version.
constexpr std::uint64_t kLastCollections = 2;

/// Up to 3.8 one collector serves all interpreters.
bool has_one_collector() noexcept { return g_runtime.version_hex < 0x03090000; }

/// nullptr: it has no place.
Interpreter* owner_of(const void* interpreter) noexcept {
  if (interpreter == nullptr) return nullptr;
  const void* main = main_interpreter();
  if (has_one_collector() || main == nullptr || interpreter == main) return &g_main;
  return find_interpreter_at(interpreter);
}

/// The collector's own number, whichever interpreter of 3.8 runs.
const void* collector_of(const void* interpreter) noexcept { return has_one_collector() ? &g_main : interpreter; }

/// Counts what came since the last look. `last_ones`: so many full ones are no loss. Where one collector serves all
/// interpreters, the ends of others are among them.
void compare(CollectionAccount& account, const CollectorMemory& memory, std::uint64_t last_ones, std::uint32_t flags) noexcept {
  const CollectionCounts now = memory.counts();
  bool told = false;
  for (std::uint32_t g = 0; g < kCollectorGenerations; ++g) {
    std::uint64_t more = now.of[g] > account.seen.of[g] ? now.of[g] - account.seen.of[g] : 0;
    const bool others_end = has_one_collector() && g_recording->further_interpreters.load(std::memory_order_relaxed);
    if (g + 1 == kCollectorGenerations) more -= more < last_ones || others_end ? more : last_ones;
    if (more != 0) hook::record_with_time(trace::CollectionsUnseen{g, more, flags});
    told = told || more != 0;
  }
  if (!told && flags != 0) hook::record_with_time(trace::CollectionsUnseen{0, 0, flags});
  account.seen = now;
}

/// The innermost ones, down to and with this place. Their ends were called back to nobody.
void give_up(std::uint32_t from, CollectionEnding ending) noexcept {
  while (t_state.open_collections > from) {
    const OpenCollection& open = t_state.collections[--t_state.open_collections];
    trace::CollectionEnd end;
    end.generation = open.generation;
    end.ending = static_cast<std::uint32_t>(ending);
    if (ending == CollectionEnding::left) {
      end.pause_ns = sys::now_ns(CLOCK_MONOTONIC) - open.ns;
      end.cpu_ns = sys::now_ns(CLOCK_THREAD_CPUTIME_ID) - open.cpu_ns;
    }
    hook::record_with_time(end);
  }
}

/// Place of the collection of this collector that the thread is in; kNestedCollections: it is in none.
std::uint32_t find_open(const void* collector) noexcept {
  for (std::uint32_t i = t_state.open_collections; i-- > 0;)
    if (t_state.collections[i].interpreter == collector) return i;
  return kNestedCollections;
}

/// What the end of an interpreter, or of the process, tells of it.
void look(CollectionAccount& account, const void* interpreter, std::uint64_t last_ones) noexcept {
  const CollectorMemory memory(interpreter);
  if (account.callback == nullptr || !memory) return;
  std::uint32_t flags = 0;
  if (!memory.calls_back(account.callback)) flags |= trace::kCallbackGone;
  if (memory.is_collecting()) flags |= trace::kStillCollecting;
  compare(account, memory, last_ones, flags);
  const std::uint32_t open = find_open(collector_of(interpreter));
  if (open < kNestedCollections)
    give_up(open, memory.is_collecting() ? CollectionEnding::left : CollectionEnding::unseen);
}

}  // namespace

/// Where memory says something else, it is not read again.
void open_account(const void* callback, const CollectionCounts& told) noexcept {
  const void* interpreter = running_interpreter();
  Interpreter* const own = owner_of(interpreter);
  const CollectorMemory memory(interpreter);
  if (own == nullptr || !memory) return;
  constexpr std::uint64_t kMeanwhile = 8;
  own->collections.seen = memory.counts();
  for (std::uint32_t g = 0; g < kCollectorGenerations; ++g)
    if (own->collections.seen.of[g] - told.of[g] > kMeanwhile) return;
  own->collections.callback = callback;
}

void begin_collection(std::uint32_t generation) noexcept {
  const void* interpreter = running_interpreter();
  const void* collector = collector_of(interpreter);
  if (const std::uint32_t open = find_open(collector); open < kNestedCollections) give_up(open, CollectionEnding::unseen);
  Interpreter* const own = owner_of(interpreter);
  if (const CollectorMemory memory(interpreter); own != nullptr && own->collections.callback != nullptr && memory) {
    compare(own->collections, memory, 0, 0);
    ++own->collections.seen.of[generation < kCollectorGenerations ? generation : kCollectorGenerations - 1];
  }
  if (t_state.open_collections == kNestedCollections) return hook::record_with_time(trace::CollectionsUnseen{generation, 1, 0});
  const auto state = own != nullptr ? own->state.load(std::memory_order_relaxed) : Interpreter::ended;
  if (state != Interpreter::begun && state != Interpreter::ended) look_at_control(*own, interpreter);
  t_state.collections[t_state.open_collections++] = {collector, sys::now_ns(CLOCK_MONOTONIC),
                                                     sys::now_ns(CLOCK_THREAD_CPUTIME_ID), generation};
  hook::record_with_time(trace::CollectionBegin{generation});
}

bool end_collection(std::uint32_t generation, std::uint64_t collected, std::uint64_t uncollectable) noexcept {
  const std::uint32_t place = find_open(collector_of(running_interpreter()));
  if (place == kNestedCollections) return false;
  const OpenCollection open = t_state.collections[place];
  trace::CollectionEnd end;
  end.cpu_ns = sys::now_ns(CLOCK_THREAD_CPUTIME_ID) - open.cpu_ns;
  end.pause_ns = sys::now_ns(CLOCK_MONOTONIC) - open.ns;
  end.generation = generation;
  end.collected = collected;
  end.uncollectable = uncollectable;
  give_up(place + 1, CollectionEnding::unseen);
  t_state.open_collections = place;
  hook::record_with_time(end);
  return true;
}

void close_account(Interpreter& own, const void* interpreter) noexcept {
  look(own.collections, interpreter, kLastCollections);
  own.collections.callback = nullptr;
}

void close_accounts_at_exit() noexcept {
  if (own_lane() == nullptr || g_runtime.layout == nullptr || g_runtime.functions.is_initialized() == 0) return;
  look(g_main.collections, main_interpreter(), 0);
  for_each_left([](Interpreter& one, const void* address) { look(one.collections, address, 0); });
}

}  // namespace heapledger::python
