// Sizes of what instances consist of, version by version.
#include "instance_layout.h"

#include <algorithm>

namespace heapledger::advise {

namespace {

constexpr std::uint64_t kObject = 16;     // reference count and type
constexpr std::uint64_t kGcHeader = 16;
constexpr std::uint64_t kPreHeader = 16;  // 3.12+: pointers to the dict and the weak references, in front
constexpr std::uint64_t kPointer = 8;
constexpr std::uint64_t kDict = 64;

/// Entries that a table of so many attributes has room for: two thirds of a power of two (CPython's
/// USABLE_FRACTION).
std::uint64_t usable_entries(std::uint64_t attributes) noexcept {
  std::uint64_t size = 8;
  while (size * 2 / 3 < attributes) size *= 2;
  return size * 2 / 3;
}

std::uint64_t to_eight(std::uint64_t n) noexcept { return (n + 7) / 8 * 8; }

}  // namespace

bool knows_layout(std::uint32_t python_hex) noexcept {
  return python_hex >> 24 == 3 && minor_of(python_hex) >= 8 && minor_of(python_hex) <= 15;
}

std::vector<std::uint64_t> dict_blocks(std::uint64_t attributes) {
  if (attributes == 0) return {};
  return {kDict, kPointer * usable_entries(attributes)};
}

/// From 3.11 on: an array, and bytes that say in which order its entries were set.
std::uint64_t room_size(std::uint32_t python_hex, std::uint64_t entries) noexcept {
  const unsigned minor = minor_of(python_hex);
  if (minor >= 13) return kGcHeader + kPreHeader + kObject + to_eight(entries) + kPointer * (entries + 1);
  if (minor >= 11) return to_eight(entries + 2) + kPointer * entries;
  return kPointer * usable_entries(entries);
}

std::uint64_t slotted_size(std::uint32_t python_hex, const SlotsBase& base,
                           std::uint64_t attributes) noexcept {
  const std::uint64_t size = base.gc_header + base.basic_size + kPointer * attributes;
  const bool managed = minor_of(python_hex) >= 12;
  if (base.weak == SlotsBase::Weak::inside) return size;
  if (base.weak == SlotsBase::Weak::none && !managed) return size + kPointer;
  return size + kPreHeader;
}

}  // namespace heapledger::advise
