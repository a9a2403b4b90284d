// Walks the types that this lane knows, and those that others have met.
#include "attributes.h"

#include "../hook.h"
#include "objects.h"
#include "parts.h"
#include "type_names.h"
#include "types.h"

namespace heapledger::python {

namespace {

constexpr std::uint64_t kMostAttributes = 64;  // shared tables hold about 30

void write_names(Lane& lane, std::uint32_t number) noexcept {
  const Layout& layout = *g_runtime.layout;
  const KnownType known = lane.types.data()[number];
  if (known.world != lane.world_serial) return;  // under another lock, its class may end at any moment
  if (known.type == nullptr || !is_alive(known) || (type_flags(known.type) & trace::kHeapType) == 0) return;
  const auto* memory = load<const std::byte*>(known.type, layout.type_cached_keys);
  if (memory == nullptr || !readable(memory)) return;
  const DictKeys keys(layout, memory);
  const std::uint64_t count = keys.count() < kMostAttributes ? keys.count() : kMostAttributes;
  for (std::uint64_t i = known.attributes; i < count; ++i) {
    const Text name = read_text(layout, keys.key(i));
    lane.append(trace::Attribute{number, name.kind, name.bytes});
  }
  if (count <= known.attributes) return;
  lane.types.data()[number].attributes = static_cast<std::uint32_t>(count);
  if (has_parts_later(known.type, static_cast<std::uint32_t>(count))) wait_for_good(lane.types.data()[number]);
}

/// Makes what other threads have met since known in this lane: they may have ended, or come to no collection themselves. Types
/// are named with the interpreter's lock only, which is held here and is the only one. What a handler's fork in the midst of it
/// wipes is empty then.
void adopt_types(Lane& lane) noexcept {
  for (Lane* other = g_recording->lanes.load(std::memory_order_acquire); other != nullptr; other = other->next) {
    const KnownType* const types = other->types.data();
    const std::uint64_t count = other->types.capacity();
    if (other == &lane || types == nullptr || other->types_adopted == other->types_met) continue;
    other->types_adopted = other->types_met;
    for (std::uint64_t number = 1; number < count; ++number) {
      const KnownType known = types[number];
      if (known.type == nullptr || !is_alive(known) || (type_flags(known.type) & trace::kHeapType) == 0) continue;
      if (!knows_type(lane, known.type)) (void)number_of_reused(lane, known.type);
    }
  }
}

}  // namespace

void write_attributes() noexcept {
  if (!g_type_reader.is_on) return;
  if (g_type_reader.free_threaded && __libc_single_threaded == 0) return;  // a class may end while it is looked at
  hook::record_apart([](Lane& lane) {
    if (!g_type_reader.free_threaded && !while_one_world(lane, adopt_types)) take_over(lane);
    for (std::uint32_t number = 1; number <= lane.type_table.count() && number < lane.types.capacity(); ++number)
      write_names(lane, number);
  });
}

void write_attributes_at_exit() noexcept {
  if (own_lane() == nullptr || !g_type_reader.is_on || current_frame() == nullptr || !holds_lock()) return;
  write_attributes();
  write_parts_at_exit();
  check_reuse();
}

}  // namespace heapledger::python
