// Copies code objects into the trace: names and line tables, once for each different content and lane.
#include "code.h"

#include "../lane.h"

namespace heapledger::python {

constinit std::atomic<std::uint32_t> g_code_generation[kGenerationSlots] = {};
constinit std::atomic<std::uint32_t> g_code_epoch = 0;

namespace {

struct Text {
  trace::Bytes bytes;
  std::uint32_t kind = 0;
};

/// A str as it lies in memory. Only compact strings occur as names; anything else becomes empty.
Text read_text(const Layout& layout, const void* str) noexcept {
  if (str == nullptr) return {};
  const auto state = load<std::uint32_t>(str, layout.str_state) >> layout.str_kind_shift;
  const std::uint32_t kind = state & 7;
  const bool compact = (state & 8) != 0, ascii = (state & 16) != 0;
  if (!compact) return {};
  const auto length = load<std::uint64_t>(str, layout.str_length);
  const auto* data = static_cast<const std::byte*>(str) + (ascii ? layout.str_ascii : layout.str_compact);
  return {{data, length * kind}, ascii ? 0 : kind};
}

trace::Bytes read_bytes(const Layout& layout, const void* bytes) noexcept {
  if (bytes == nullptr) return {};
  return {static_cast<const std::byte*>(bytes) + layout.bytes_data, load<std::uint64_t>(bytes, layout.str_length)};
}

/// 64-bit multiply-xor hash, twice with different seeds: two contents that agree in 128 bits are taken as one.
std::uint64_t mix(std::uint64_t h, trace::Bytes bytes) noexcept {
  const auto* at = static_cast<const std::byte*>(bytes.data);
  std::uint64_t left = bytes.size;
  for (h ^= left * 0x9e3779b97f4a7c15ull; left != 0;) {
    std::uint64_t word = 0;
    const std::uint64_t n = left < 8 ? left : 8;
    std::memcpy(&word, at, n);
    h = (h ^ word) * 0xff51afd7ed558ccdull;
    h ^= h >> 29;
    at += n;
    left -= n;
  }
  return h;
}

InternKey content_key(const trace::Code& code) noexcept {
  const auto run = [&](std::uint64_t seed) {
    std::uint64_t h = seed + code.first_line;
    for (const trace::Bytes& part : {code.filename, code.name, code.line_table}) h = mix(h, part);
    return h ^ (h >> 32);
  };
  return {run(1), run(0x517cc1b727220a95ull)};
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
  const InternKey key = content_key(record);
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
