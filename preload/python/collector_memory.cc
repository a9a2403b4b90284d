// Reads the words of a collector by the offset table.
#include "collector_memory.h"

#include "finder.h"
#include "frame_reader.h"
#include "objects.h"
#include "offsets.h"
#include "runtime.h"

namespace heapledger::python {

namespace {

constinit const CollectorPlaces* g_places = nullptr;
constinit const void* g_state_of_all = nullptr;  // of 3.8, where one collector serves all interpreters

constinit std::size_t g_thresholds = 0;

/// 3.15: rings of the last collections of a generation, each with the number of all before it.
constexpr std::size_t kRingEntry = 64, kRingEntryNumber = 16;

std::uint64_t number_in_ring(const std::byte* ring, std::size_t entries) noexcept {
  const auto last = load<std::int8_t>(ring, entries * kRingEntry);
  const std::size_t at = last >= 0 && static_cast<std::size_t>(last) < entries ? static_cast<std::size_t>(last) : 0;
  return load<std::uint64_t>(ring, at * kRingEntry + kRingEntryNumber);
}

CollectionCounts counts_in_rings(const std::byte* rings) noexcept {
  const std::size_t young = g_runtime.free_threaded ? 1 : 11, old = g_runtime.free_threaded ? 1 : 3;
  constexpr std::size_t kBehind = sizeof(std::uint64_t);  // which entry is the last one
  const std::byte* second = rings + young * kRingEntry + kBehind;
  return {{number_in_ring(rings, young), number_in_ring(second, old),
           number_in_ring(second + old * kRingEntry + kBehind, old)}};
}

/// Links of an object's header, without the collector's marks.
const std::byte* link(const std::byte* header, std::size_t which) noexcept {
  constexpr std::uintptr_t kMarks = 3;
  return reinterpret_cast<const std::byte*>(load<std::uintptr_t>(header, which * sizeof(void*)) & ~kMarks);
}
const std::byte* next_of(const std::byte* header) noexcept { return link(header, 0); }
const std::byte* previous_of(const std::byte* header) noexcept { return link(header, 1); }

/// Whether two headers follow each other. Another page is asked for before it is read, which takes as long as ten objects.
bool is_behind(const std::byte* next, const std::byte* header, bool in_doubt) noexcept {
  const bool near = (reinterpret_cast<std::uintptr_t>(next) ^ reinterpret_cast<std::uintptr_t>(header)) < sys::kPage;
  return (near || !in_doubt || readable(next, sizeof(void*))) && previous_of(next) == header;
}

/// Heads of the lists of objects stand in front of the thresholds, with whose places some releases of 3.13 differ.
std::size_t first_list(const std::byte* state) noexcept {
  const std::size_t usual = g_places->thresholds - 2 * sizeof(void*);
  const std::byte* head = state + usual;
  return is_behind(next_of(head), head, true) ? usual : usual - sizeof(int);
}

}  // namespace

CollectorMemory::CollectorMemory(const void* interpreter) noexcept {
  if (g_places == nullptr) return;
  const void* base = g_places->minor == 8 ? g_state_of_all : interpreter;
  if (base != nullptr) state_ = static_cast<const std::byte*>(base) + g_places->state;
}

bool CollectorMemory::is_enabled() const noexcept { return load<int>(state_, g_places->enabled) != 0; }
bool CollectorMemory::is_collecting() const noexcept { return load<int>(state_, g_places->collecting) != 0; }

bool CollectorMemory::has_frozen() const noexcept {
  if (g_runtime.free_threaded) return g_places->freeze_active == 0 || load<int>(state_, g_places->freeze_active) != 0;
  const std::byte* head = state_ + g_places->frozen;
  return load<const std::byte*>(head, 0) != head;
}

CollectionCounts CollectorMemory::counts() const noexcept {
  if (g_places->minor >= 15) {
    const auto* rings = load<const std::byte*>(state_, g_places->statistics);
    return rings != nullptr ? counts_in_rings(rings) : CollectionCounts{};
  }
  CollectionCounts result = {};
  for (std::size_t g = 0; g < kCollectorGenerations; ++g)
    result.of[g] = load<std::uint64_t>(state_, g_places->statistics + g * kCollectorGeneration);
  return result;
}

void CollectorMemory::for_each_object(int (*visit)(void*, void*), void* context, bool in_doubt) const noexcept {
  constexpr std::size_t kLists = kCollectorGenerations + 1;
  const std::size_t first = first_list(state_), size = g_places->frozen + kCollectorGeneration;
  for (std::size_t i = 0; i < kLists; ++i) {
    const std::byte* head = state_ + (i == kCollectorGenerations ? g_places->frozen : first + i * kCollectorGeneration);
    for (const std::byte *header = head, *next; (next = next_of(header)) != head; header = next) {
      const bool is_head = static_cast<std::size_t>(next - state_) < size;  // of another list: both are being merged
      if (is_head || !is_behind(next, header, in_doubt || header == head)) break;
      if (visit(const_cast<std::byte*>(next) + g_runtime.layout->gc_header, context) == 0) return;
    }
  }
}

bool CollectorMemory::find_thresholds(const int* set, unsigned count) const noexcept {
  for (const std::size_t before : {std::size_t{0}, sizeof(int)}) {
    g_thresholds = g_places->thresholds - before;
    const CollectorThresholds found = thresholds();
    bool same = true;
    for (unsigned i = 0; i < count && i < kCollectorGenerations; ++i) same = same && found.of[i] == set[i];
    if (same) return true;
  }
  return false;
}

CollectorThresholds CollectorMemory::thresholds() const noexcept {
  CollectorThresholds result = {};
  for (std::size_t g = 0; g < kCollectorGenerations; ++g)
    result.of[g] = load<int>(state_, g_thresholds + g * kCollectorGeneration);
  return result;
}

bool CollectorMemory::calls_back(const void* callback) const noexcept {
  const auto* list = load<const std::byte*>(state_, g_places->callbacks);
  if (list == nullptr) return true;
  const std::size_t size = g_runtime.layout->str_length;  // behind the object's head, in every kind of build
  const auto count = load<std::uint64_t>(list, size);
  const auto* items = load<const std::byte*>(list, size + sizeof count);
  for (std::uint64_t i = 0; i < count && items != nullptr; ++i)
    if (load<const void*>(items, i * sizeof(void*)) == callback) return true;
  return false;
}

const void* running_interpreter() noexcept {
  const void* thread = g_runtime.functions.current_thread != nullptr ? g_runtime.functions.current_thread() : nullptr;
  return thread != nullptr ? load<const void*>(thread, kThreadStateInterpreter) : nullptr;
}

void find_collector_memory(const link_map& object) noexcept {
  g_state_of_all = find_variable(object, "_PyRuntime");
  if (g_runtime.layout != nullptr) g_places = find_collector_places(g_runtime.version_hex);
}

}  // namespace heapledger::python
