// Fuzz target: line tables and strings from a hostile trace. Input: u32 version, u32 first line, u32 offset,
// table.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <span>

#include "../../analyzer/symbol/python_lines.h"

namespace {

using heapledger::symbol::line_of;
using heapledger::symbol::text_of;

/// 3.8, 3.10, 3.13 and whatever the input itself says.
void check_lines(std::span<const std::byte> input) {
  std::uint32_t head[3] = {};
  if (!input.empty()) std::memcpy(head, input.data(), std::min(input.size(), sizeof head));
  const auto table = input.subspan(std::min(input.size(), sizeof head));
  for (const std::uint32_t version : {0x03080000u, 0x030a0000u, 0x030d0000u, head[0]}) {
    // What lies behind the whole table has no line, but for co_lnotab, which does not say where the code
    // ends.
    const auto behind = static_cast<std::uint32_t>(table.size() * 512);
    const bool is_lnotab = version < 0x030a0000;
    if (!is_lnotab && line_of(version, head[1], table, behind) != 0) std::abort();
    for (const std::uint32_t offset : {0u, 2u, 254u, head[2]}) (void)line_of(version, head[1], table, offset);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = std::as_bytes(std::span(data, size));
  check_lines(input);
  // Text of any bytes is UTF-8: the strict serializer throws if it is not, which ends the run.
  for (const std::uint32_t kind : {0u, 1u, 2u, 3u, 4u}) (void)nlohmann::json(text_of(kind, input)).dump();
  return 0;
}
