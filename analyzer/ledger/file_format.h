// The ledger file's fixed parts: header, section headers, trailer, limits. Normative text: README.md in this
// folder.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

#include "../../trace/codec.h"

namespace heapledger::ledger {

/// First eight bytes of every ledger. The line endings catch transfers in text mode.
inline constexpr char kMagic[8] = {'H', 'L', 'L', 'D', 'G', '\r', '\n', '\x1a'};
/// Last eight bytes of every whole ledger.
inline constexpr char kEndMagic[8] = {'H', 'L', 'E', 'N', 'D', '\r', '\n', '\x1a'};

/// Raised when an older reader would misread a newer ledger. Readers refuse a greater number; unknown tags
/// and unknown keys of the metadata need no new version, readers skip them.
inline constexpr std::uint32_t kVersion = 1;

/// Rows in every group of a process but the last one.
inline constexpr std::uint32_t kRowsPerGroup = 65536;

/// What a section holds. Numbers are part of the format: append, never renumber.
enum class Tag : std::uint32_t {
  strings = 1,
  frames = 2,
  nodes = 3,
  sites = 4,
  process = 5,  ///< metadata of one process; a process without it is left out
  marks = 6,
  rss = 7,
  births = 8,  ///< site, thread and size of one group of rows
  lives = 9,   ///< life of the same rows
  session = 10,
  contents = 11,  ///< where all other sections are; the last section
  types = 12,
  amendments = 13,  ///< sites of rows that were known too late
  continued = 14,   ///< rows whose blocks went on as other rows
};

/// Sections are numbered inside their tag (and process): `group` counts from 0. `process` is 0 where it has
/// no meaning.
struct SectionHeader {
  Tag tag{};
  std::uint32_t process = 0;
  std::uint32_t group = 0;
  std::uint64_t raw_bytes = 0;     ///< of the payload
  std::uint64_t stored_bytes = 0;  ///< of the zstd frame that follows the header
  bool operator==(const SectionHeader&) const = default;
};

inline constexpr std::size_t kFileHeaderBytes = 16;
inline constexpr std::size_t kSectionHeaderBytes = 40;
inline constexpr std::size_t kTrailerBytes = 24;
inline constexpr std::uint32_t kSectionMagic = 0x43534c48;  // "HLSC"

/// No payload is larger; the metadata of a process must fit into one.
inline constexpr std::uint64_t kMaxPayload = 128 * 1024 * 1024;
/// No payload of births or lives is larger.
inline constexpr std::uint64_t kMaxRowsPayload = 4 * 1024 * 1024;
/// No dictionary string is longer.
inline constexpr std::uint64_t kMaxString = 4 * 1024 * 1024;

/// FNV-1a, 64 bits (Fowler, Noll, Vo): every change of a single byte changes it. Guards headers; payloads are
/// guarded by the content checksum of their zstd frame.
[[nodiscard]] constexpr std::uint64_t header_checksum(std::span<const std::byte> bytes) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325ull;
  for (const std::byte b : bytes) hash = (hash ^ static_cast<std::uint64_t>(b)) * 0x100000001b3ull;
  return hash;
}

inline std::byte* put_u32(std::byte* at, std::uint32_t v) noexcept {
  for (unsigned i = 0; i < 4; ++i) at[i] = static_cast<std::byte>(v >> (8 * i));
  return at + 4;
}
inline std::byte* put_u64(std::byte* at, std::uint64_t v) noexcept {
  trace::put_word(at, v);
  return at + 8;
}

[[nodiscard]] inline std::array<std::byte, kFileHeaderBytes> file_header(
    std::uint32_t version = kVersion) noexcept {
  std::array<std::byte, kFileHeaderBytes> bytes{};
  std::memcpy(bytes.data(), kMagic, sizeof kMagic);
  std::byte* at = put_u32(bytes.data() + sizeof kMagic, version);
  put_u32(at, static_cast<std::uint32_t>(header_checksum(std::span(bytes).first<12>())));
  return bytes;
}

[[nodiscard]] inline std::array<std::byte, kSectionHeaderBytes> section_header(
    const SectionHeader& h) noexcept {
  std::array<std::byte, kSectionHeaderBytes> bytes{};
  std::byte* at = put_u32(bytes.data(), kSectionMagic);
  at = put_u32(at, static_cast<std::uint32_t>(h.tag));
  at = put_u32(at, h.process);
  at = put_u32(at, h.group);
  at = put_u64(at, h.raw_bytes);
  at = put_u64(at, h.stored_bytes);
  put_u64(at, header_checksum(std::span(bytes).first<32>()));
  return bytes;
}

/// Nothing when the bytes are no whole, undamaged header.
[[nodiscard]] inline std::optional<SectionHeader> parse_section_header(
    std::span<const std::byte> bytes) noexcept {
  if (bytes.size() < kSectionHeaderBytes) return {};
  trace::Cursor in(bytes.first(kSectionHeaderBytes));
  if (in.number(4) != kSectionMagic) return {};
  SectionHeader h;
  h.tag = static_cast<Tag>(in.number(4));
  h.process = static_cast<std::uint32_t>(in.number(4));
  h.group = static_cast<std::uint32_t>(in.number(4));
  h.raw_bytes = in.number(8);
  h.stored_bytes = in.number(8);
  if (in.number(8) != header_checksum(bytes.first<32>())) return {};
  return h;
}

/// Where the header of the contents section is.
[[nodiscard]] inline std::array<std::byte, kTrailerBytes> trailer(std::uint64_t contents_offset) noexcept {
  std::array<std::byte, kTrailerBytes> bytes{};
  std::byte* at = put_u64(bytes.data(), contents_offset);
  at = put_u64(at, header_checksum(std::span(bytes).first<8>()));
  std::memcpy(at, kEndMagic, sizeof kEndMagic);
  return bytes;
}

[[nodiscard]] inline std::optional<std::uint64_t> parse_trailer(std::span<const std::byte> bytes) noexcept {
  if (bytes.size() < kTrailerBytes) return {};
  trace::Cursor in(bytes.first(kTrailerBytes));
  const std::uint64_t offset = in.number(8);
  if (in.number(8) != header_checksum(bytes.first<8>())) return {};
  if (std::memcmp(in.position(), kEndMagic, sizeof kEndMagic) != 0) return {};
  return offset;
}

/// Whether a frame of so many bytes can hold such a payload at all: a zstd block takes at least 4 bytes and
/// gives at most 128 KiB. Checked before memory is asked for.
[[nodiscard]] constexpr bool plausible(const SectionHeader& h) noexcept {
  const bool rows = h.tag == Tag::births || h.tag == Tag::lives;
  return h.raw_bytes <= (rows ? kMaxRowsPayload : kMaxPayload) &&
         h.raw_bytes / (128 * 1024) <= h.stored_bytes / 4;
}

}  // namespace heapledger::ledger
