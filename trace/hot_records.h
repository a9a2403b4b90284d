// The hot records of the raw trace - allocation, free, reuse -: the put and the get of each, side by side.
//
// They predict: an allocation is written relative to the last one of its site, a free relative to the lane's last event.
// Both sides run the same LaneModel; it is part of the format.
//
// put_*: called by the shim with room for kMaxHotRecord bytes; no checks, no branches that a hot loop would miss. Any
//        context, also signal handlers.
// get_*: called by the analyzer on hostile bytes; every read is bounds-checked and failure is a value.
#pragma once

#include "format.h"
#include "scalars.h"

namespace heapledger::trace {

/// What both sides remember of a site to predict its next allocation.
struct SiteModel {
  std::uint64_t last_address = 0;
  std::uint32_t last_size = 0;
  std::uint32_t last_type = 0;  ///< of a site of objects: their type, until a `typed` record names another one
};

/// What both sides remember of a lane, sites apart.
struct LaneModel {
  std::uint64_t last_address = 0;  ///< of the last event, allocation or free
  std::uint32_t last_site = 0;     ///< of the last allocation in the hot form
};

/// Addresses in hot records are counted in units of the smallest alignment an allocator gives.
inline constexpr unsigned kAddressUnitBits = 3;

inline constexpr std::uint8_t kSizeWidths[4] = {0, 1, 2, 4};  ///< code 0: as the site's last allocation
inline constexpr std::uint8_t kSiteWidths[4] = {0, 1, 2, 4};  ///< code 0: as the lane's last allocation

/// Head byte of a hot reuse, which is a free's otherwise: a site code follows in place of the flags.
inline constexpr std::uint8_t kHotReuse = 0x80;
/// Head byte of a hot free: inside a garbage collection of the interpreter.
inline constexpr std::uint8_t kFreeInCollection = 0x20;
/// Head byte of a hot free, flags of a wide one: on behalf of another call; the block may never have been recorded.
inline constexpr std::uint8_t kFreeInner = 0x40;

/// Site code of a hot record: how many bytes its site takes.
[[nodiscard]] constexpr unsigned site_code(const LaneModel& lane, std::uint32_t site) noexcept {
  return site == lane.last_site ? 0 : 1 + (site > 0xff) + (site > 0xffff);
}

struct Alloc {
  std::uint32_t site;
  std::uint64_t address;
  std::uint64_t size;
};

/// Head byte 1 + 2 * address width + 16 * size code + 64 * site code, then site, address, size.
/// Returns nullptr, having written nothing, when only Kind::alloc_wide can hold the values.
[[gnu::always_inline]] inline std::byte* put_alloc(std::byte* at, LaneModel& lane, SiteModel& site,
                                                    const Alloc& a) noexcept {
  const std::uint64_t base = site.last_address != 0 ? site.last_address : lane.last_address;
  const std::uint64_t difference = a.address - base;
  const std::uint64_t move = zigzag(static_cast<std::int64_t>(difference) >> kAddressUnitBits);
  if ((difference & 7) != 0 || (move >> 48) != 0 || (a.size >> 32) != 0) [[unlikely]]
    return nullptr;
  const auto size = static_cast<std::uint32_t>(a.size);
  const unsigned address_width = byte_width(move);
  const unsigned size_code = size == site.last_size ? 0 : 1 + (size > 0xff) + (size > 0xffff);
  const unsigned code = site_code(lane, a.site);
  *at = static_cast<std::byte>(1u | address_width << 1 | size_code << 4 | code << 6);
  ++at;
  put_word(at, a.site);
  at += kSiteWidths[code];
  put_word(at, move);
  at += address_width;
  put_word(at, size);
  at += kSizeWidths[size_code];
  site.last_address = lane.last_address = a.address;
  site.last_size = size;
  lane.last_site = a.site;
  return at;
}

/// Head byte 2 + 4 * address width (+ kFreeInCollection, kFreeInner), then the address. nullptr: see put_alloc.
[[gnu::always_inline]] inline std::byte* put_free(std::byte* at, LaneModel& lane, std::uint64_t address,
                                                   std::uint8_t flags) noexcept {
  const std::uint64_t difference = address - lane.last_address;
  const std::uint64_t move = zigzag(static_cast<std::int64_t>(difference) >> kAddressUnitBits);
  if ((difference & 7) != 0 || (move >> 48) != 0) [[unlikely]] return nullptr;
  const unsigned address_width = byte_width(move);
  *at = static_cast<std::byte>(2u | address_width << 2 | flags);
  put_word(at + 1, move);
  lane.last_address = address;
  return at + 1 + address_width;
}

/// Head byte 2 + 4 * address width + 32 * site code + kHotReuse, then site and address: a live block became an object of the
/// site's last type. nullptr: see put_alloc.
[[gnu::always_inline]] inline std::byte* put_reuse(std::byte* at, LaneModel& lane, std::uint32_t site,
                                                   std::uint64_t address) noexcept {
  const std::uint64_t difference = address - lane.last_address;
  const std::uint64_t move = zigzag(static_cast<std::int64_t>(difference) >> kAddressUnitBits);
  if ((difference & 7) != 0 || (move >> 48) != 0) [[unlikely]] return nullptr;
  const unsigned address_width = byte_width(move);
  const unsigned code = site_code(lane, site);
  *at = static_cast<std::byte>(2u | address_width << 2 | code << 5 | kHotReuse);
  ++at;
  put_word(at, site);
  at += kSiteWidths[code];
  put_word(at, move);
  lane.last_address = address;
  lane.last_site = site;
  return at + address_width;
}

[[nodiscard]] constexpr bool is_hot_alloc(std::uint8_t head) noexcept { return (head & 1) != 0; }
[[nodiscard]] constexpr bool is_hot_free(std::uint8_t head) noexcept { return (head & (3 | kHotReuse)) == 2; }
[[nodiscard]] constexpr bool is_hot_reuse(std::uint8_t head) noexcept { return (head & (3 | kHotReuse)) == (2 | kHotReuse); }
/// Site codes of the two forms that have one.
[[nodiscard]] constexpr unsigned alloc_site_code(std::uint8_t head) noexcept { return head >> 6; }
[[nodiscard]] constexpr unsigned reuse_site_code(std::uint8_t head) noexcept { return (head >> 5) & 3; }

/// Site of a hot allocation or reuse: first half of its body. The caller checks that the site exists.
inline std::uint32_t get_hot_site(unsigned code, Cursor& in, LaneModel& lane) noexcept {
  if (code != 0) lane.last_site = static_cast<std::uint32_t>(in.number(kSiteWidths[code]));
  return lane.last_site;
}

/// Address and size: second half, with the model of that site.
inline Alloc get_alloc_rest(std::uint8_t head, Cursor& in, LaneModel& lane, SiteModel& site) noexcept {
  const unsigned width = (head >> 1) & 7;
  const unsigned size_code = (head >> 4) & 3;
  const std::uint64_t base = site.last_address != 0 ? site.last_address : lane.last_address;
  const auto move = static_cast<std::uint64_t>(unzigzag(in.number(width)));
  site.last_address = lane.last_address = base + (move << kAddressUnitBits);
  if (size_code != 0) site.last_size = static_cast<std::uint32_t>(in.number(kSizeWidths[size_code]));
  return {lane.last_site, lane.last_address, site.last_size};
}

/// Address of a hot free, or second half of a hot reuse.
inline std::uint64_t get_free(std::uint8_t head, Cursor& in, LaneModel& lane) noexcept {
  const auto move = static_cast<std::uint64_t>(unzigzag(in.number((head >> 2) & 7)));
  return lane.last_address += move << kAddressUnitBits;
}

}  // namespace heapledger::trace
