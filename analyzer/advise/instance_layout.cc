// Sizes of what instances consist of, version by version.
#include "instance_layout.h"

#include <algorithm>

namespace heapledger::advise {

namespace {

constexpr std::uint64_t kObject = 16;     // reference count and type
constexpr std::uint64_t kGcHeader = 16;   // 3.13+ without the GIL: the object is that much larger instead
constexpr std::uint64_t kPreHeader = 16;  // 3.12+: pointers to the dict and the weak references, in front
constexpr std::uint64_t kPointer = 8;
constexpr std::uint64_t kDict = 64;

unsigned minor_of(std::uint32_t python_hex) noexcept { return python_hex >> 16 & 0xff; }

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

std::vector<std::uint64_t> blocks_beside(std::uint32_t python_hex, std::uint64_t attributes) {
  const unsigned minor = minor_of(python_hex);
  if (minor >= 13) return {};
  if (minor >= 11) {  // an array with one entry to spare, and bytes that say in which order they were set
    const std::uint64_t entries = std::min(attributes + 1, kMostSharedAttributes);
    return {to_eight(entries + 2) + kPointer * entries};
  }
  if (attributes == 0) return {};
  return {kDict, kPointer * usable_entries(attributes)};
}

std::uint64_t slotted_size(std::uint32_t python_hex, std::uint64_t attributes, bool weakref) noexcept {
  const std::uint64_t size = kGcHeader + kObject + kPointer * attributes;
  if (!weakref) return size;
  return size + (minor_of(python_hex) >= 12 ? kPreHeader : kPointer);
}

}  // namespace heapledger::advise
