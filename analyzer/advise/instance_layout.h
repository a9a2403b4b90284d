// What an instance of a Python class takes, by version of CPython: blocks beside its own, and what slots
// would make of it.
//
// The rules were read off the blocks of CPython 3.8 to 3.15 (x86-64, with and without the GIL; classes of 0
// to 40 attributes that have had instances before). Sizes are bytes asked for; an allocator rounds each block
// up.
#pragma once

#include <cstdint>
#include <vector>

namespace heapledger::advise {

/// Whether the class keeps attributes where the rules below know: 3.8 to 3.15.
[[nodiscard]] bool knows_layout(std::uint32_t python_hex) noexcept;

/// Attributes up to here share their names with all instances of the class; one more, and each instance has a
/// dict with a table of its own.
inline constexpr std::uint64_t kMostSharedAttributes = 29;

/// Up to 3.10: sizes of the blocks that an instance with so many attributes has beside its own: a __dict__ and
/// its values; without attributes none.
[[nodiscard]] std::vector<std::uint64_t> dict_blocks(std::uint64_t attributes);

/// Room for attributes: where it lies in a block of its own, the size of that; from 3.13 on the size of an
/// instance that has it inside. `entries`: of the table of names that the instances share, free ones
/// included, when they were made. From 3.11 on there is one free entry as soon as a class has had some dozens
/// of instances, and none after one more name.
[[nodiscard]] std::uint64_t room_size(std::uint32_t python_hex, std::uint64_t entries) noexcept;

/// What a class has below its first slot.
struct SlotsBase {
  enum class Weak : std::uint8_t { none, in_front, inside };  ///< the place of weak references
  std::uint64_t basic_size = 16;                              ///< tp_basicsize
  std::uint64_t gc_header = 16;  ///< 0: 3.13+ without the GIL, where objects are that much larger instead
  Weak weak = Weak::none;
};

/// 11 of 3.11.
[[nodiscard]] constexpr unsigned minor_of(std::uint32_t python_hex) noexcept { return python_hex >> 16 & 0xff; }

/// Size of the one block of an instance whose class has slots for its attributes, and for weak references if
/// its base has no place for them.
[[nodiscard]] std::uint64_t slotted_size(std::uint32_t python_hex, const SlotsBase& base,
                                         std::uint64_t attributes) noexcept;

/// As pymalloc cuts blocks: in steps of 16 bytes.
[[nodiscard]] constexpr std::uint64_t rounded(std::uint64_t size) noexcept { return (size + 15) / 16 * 16; }

}  // namespace heapledger::advise
