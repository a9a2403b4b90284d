// Copies code objects into the trace: names and line tables, once for each different content and lane.
#include "code.h"

#include "../content_hash.h"
#include "../lane.h"
#include "objects.h"

namespace heapledger::python {

constinit std::atomic<std::uint32_t> g_code_generation[kGenerationSlots] = {};
constinit std::atomic<std::uint32_t> g_code_epoch = 0;

namespace {

trace::Bytes read_bytes(const Layout& layout, const void* bytes) noexcept {
  if (bytes == nullptr) return {};
  return {static_cast<const std::byte*>(bytes) + layout.bytes_data, load<std::uint64_t>(bytes, layout.str_length)};
}

trace::Code read_code(const Layout& layout, const std::byte* code) noexcept {
  trace::Code record;
  const Text file = read_text(layout, load<const void*>(code, layout.code_filename));
  const Text name = read_text(layout, load<const void*>(code, layout.code_name));
  record.first_line = load<std::uint32_t>(code, layout.code_first_line);
  record.filename = file.bytes;
  record.filename_kind = file.kind;
  record.name = name.bytes;
  record.name_kind = name.kind;
  record.line_table = read_bytes(layout, load<const void*>(code, layout.code_line_table));
  return record;
}

[[gnu::noinline, gnu::cold]] std::uint32_t define_code(Lane& lane, const std::byte* code) noexcept {
  const trace::Code record = read_code(*g_runtime.layout, code);
  const InternKey key = content_key([&](std::uint64_t seed) {
    std::uint64_t h = seed + record.first_line;
    for (const trace::Bytes& part : {record.filename, record.name, record.line_table}) h = mix(h, part);
    return h;
  });
  if (const std::uint32_t known = lane.code_table.find(key); known != 0) return known;
  const std::uint32_t number = lane.code_table.add(key);  // first: records are counted by the reader
  return number != 0 && lane.append(record) ? number : 0;
}

}  // namespace

std::uint32_t code_number(Lane& lane, const std::byte* code) noexcept {
  CodeSlot& slot = lane.code_slots[(reinterpret_cast<std::uintptr_t>(code) >> 4) % kCodeSlots];
  const std::uint32_t generation = g_code_generation[generation_slot(code)].load(std::memory_order_relaxed);
  if (slot.code == code && slot.generation == generation && slot.number != 0) [[likely]] return slot.number;
  slot = {code, generation, define_code(lane, code)};
  return slot.number;
}

}  // namespace heapledger::python
