// Decoders of the three line tables that CPython has had since 3.8: co_lnotab (Objects/lnotab_notes.txt
// of 3.8 and 3.9), the line number table of PEP 626 (3.10) and the location table of PEP 657
// (Objects/locations.md, 3.11).
#include "python_lines.h"

#include <cstring>
#include <limits>

namespace heapledger::symbol {
namespace {

constexpr std::uint32_t version(unsigned major, unsigned minor) { return major << 24 | minor << 16; }

std::uint8_t byte_at(std::span<const std::byte> table, std::size_t i) {
  return std::to_integer<std::uint8_t>(table[i]);
}

std::uint32_t as_line(std::int64_t line) {
  return line > 0 && line <= std::numeric_limits<std::uint32_t>::max() ? static_cast<std::uint32_t>(line) : 0;
}

/// 3.8, 3.9: pairs (bytes to go on, signed lines to go on). A line holds until the next pair that moves on.
std::uint32_t line_in_lnotab(std::int64_t line, std::span<const std::byte> table, std::uint32_t offset) {
  std::uint64_t address = 0;
  for (std::size_t i = 0; i + 1 < table.size(); i += 2) {
    address += byte_at(table, i);
    if (address > offset) break;
    line += static_cast<std::int8_t>(byte_at(table, i + 1));
  }
  return as_line(line);
}

/// 3.10: pairs (bytes covered, signed lines to go on before them); -128 stands for no line and moves nothing.
std::uint32_t line_in_linetable(std::int64_t line, std::span<const std::byte> table, std::uint32_t offset) {
  constexpr std::int8_t kNoLine = -128;
  std::uint64_t end = 0;
  for (std::size_t i = 0; i + 1 < table.size(); i += 2) {
    const auto move = static_cast<std::int8_t>(byte_at(table, i + 1));
    if (move != kNoLine) line += move;
    end += byte_at(table, i);
    if (offset < end) return move == kNoLine ? 0 : as_line(line);
  }
  return 0;
}

/// Numbers of the location table: six bits a byte, lowest first, bit 6 on all but the last.
class Locations {
 public:
  explicit Locations(std::span<const std::byte> table) : table_(table) {}

  [[nodiscard]] bool at_end() const { return at_ >= table_.size(); }
  /// Head of the next entry: wherever bytes were misread, the next one with bit 7 set starts an entry.
  std::uint8_t head() { return byte_at(table_, at_++); }
  void skip_to_next_head() {
    while (!at_end() && byte_at(table_, at_) < 0x80) ++at_;
  }
  /// Low bit is the sign. A number cut off, or longer than any line number, counts as far as it is there.
  std::int64_t signed_number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; !at_end(); shift += 6) {
      const std::uint8_t byte = byte_at(table_, at_++);
      if (shift < 60) value |= static_cast<std::uint64_t>(byte & 0x3f) << shift;
      if ((byte & 0x40) == 0) break;
    }
    const auto magnitude = static_cast<std::int64_t>(value >> 1);
    return (value & 1) != 0 ? -magnitude : magnitude;
  }

 private:
  std::span<const std::byte> table_;
  std::size_t at_ = 0;
};

/// 3.11 and later: entries 1|kind(4)|length-1(3), length in code units of two bytes; only the line is read
/// here.
std::uint32_t line_in_locations(std::int64_t first_line, std::span<const std::byte> table,
                                std::uint32_t offset) {
  constexpr unsigned kOneLine0 = 10, kOneLine2 = 12, kNoColumns = 13, kLong = 14, kNone = 15;
  // Wraps around on hostile sums instead of overflowing; lines of a real file fit by far.
  auto line = static_cast<std::uint64_t>(first_line);
  std::uint64_t end = 0;
  for (Locations in(table); !in.at_end(); in.skip_to_next_head()) {
    const unsigned head = in.head();
    const unsigned kind = head >> 3 & 15;
    if (kind == kNoColumns || kind == kLong) line += static_cast<std::uint64_t>(in.signed_number());
    if (kind >= kOneLine0 && kind <= kOneLine2) line += kind - kOneLine0;
    end += 2 * ((head & 7) + 1);
    if (offset < end) return kind == kNone ? 0 : as_line(static_cast<std::int64_t>(line));
  }
  return 0;
}

void append_utf8(std::string& text, std::uint32_t character) {
  if (character > 0x10ffff || (character >= 0xd800 && character <= 0xdfff)) character = 0xfffd;
  const auto put = [&text](std::uint32_t byte) { text.push_back(static_cast<char>(byte)); };
  if (character < 0x80) {
    put(character);
  } else if (character < 0x800) {
    put(0xc0 | character >> 6);
    put(0x80 | (character & 0x3f));
  } else {
    if (character < 0x10000) {
      put(0xe0 | character >> 12);
    } else {
      put(0xf0 | character >> 18);
      put(0x80 | (character >> 12 & 0x3f));
    }
    put(0x80 | (character >> 6 & 0x3f));
    put(0x80 | (character & 0x3f));
  }
}

template <class Unit>
std::string text_of_units(std::span<const std::byte> raw) {
  std::string text;
  text.reserve(raw.size());
  for (; raw.size() >= sizeof(Unit); raw = raw.subspan(sizeof(Unit))) {
    Unit unit;  // the bytes lie in the trace without alignment
    std::memcpy(&unit, raw.data(), sizeof unit);
    append_utf8(text, unit);
  }
  if (!raw.empty()) append_utf8(text, 0xfffd);
  return text;
}

}  // namespace

std::uint32_t line_of(std::uint32_t version_hex, std::uint32_t first_line, std::span<const std::byte> table,
                      std::uint32_t offset) {
  if (version_hex < version(3, 8) || version_hex >= version(4, 0)) return 0;
  if (static_cast<std::int32_t>(offset) < 0) return first_line;
  if (version_hex < version(3, 10)) return line_in_lnotab(first_line, table, offset);
  if (version_hex < version(3, 11)) return line_in_linetable(first_line, table, offset);
  return line_in_locations(first_line, table, offset);
}

std::string text_of(std::uint32_t kind, std::span<const std::byte> raw) {
  switch (kind) {
    case 0:
    case 1:
      return text_of_units<std::uint8_t>(raw);
    case 2:
      return text_of_units<std::uint16_t>(raw);
    case 4:
      return text_of_units<std::uint32_t>(raw);
    default:
      return {};
  }
}

}  // namespace heapledger::symbol
