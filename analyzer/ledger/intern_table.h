// Numbers equal values equally: an open-addressing hash table from values that are stored elsewhere to their
// numbers.
#pragma once

#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

namespace heapledger::ledger {

/// Values are numbered 0, 1, 2...; the table holds half of each hash beside the number and grows at 2/3 load.
class InternTable {
 public:
  /// Number of the value for which equal(number) holds, or nothing and the caller stores the value under
  /// size(). `hash` must be well mixed in all 64 bits.
  template <class Equal>
  std::pair<std::uint32_t, bool> find_or_add(std::uint64_t hash, Equal&& equal) {
    if (size_ >= slots_.size() / 3 * 2) grow();
    const auto tag = static_cast<std::uint32_t>(hash >> 32);
    for (std::size_t i = tag & mask();; i = (i + 1) & mask()) {
      Slot& slot = slots_[i];
      if (slot.number == kEmpty) {
        slot = {tag, size_};
        return {size_++, true};
      }
      if (slot.tag == tag && equal(slot.number)) return {slot.number, false};
    }
  }
  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }

 private:
  // Eight bytes a slot: tags spare most look-ups of the values, and growing needs no value at all.
  static constexpr std::uint32_t kEmpty = 0xffffffff;
  struct Slot {
    std::uint32_t tag = 0, number = kEmpty;
  };
  [[nodiscard]] std::size_t mask() const noexcept { return slots_.size() - 1; }
  void grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& s : old) {
      if (s.number == kEmpty) continue;
      std::size_t i = s.tag & mask();
      while (slots_[i].number != kEmpty) i = (i + 1) & mask();
      slots_[i] = s;
    }
  }

  std::vector<Slot> slots_ = std::vector<Slot>(64);
  std::uint32_t size_ = 0;
};

/// Mixes all bits (the finalizer of MurmurHash3, Appleby).
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t v) noexcept {
  v = (v ^ (v >> 33)) * 0xff51afd7ed558ccdull;
  v = (v ^ (v >> 33)) * 0xc4ceb9fe1a85ec53ull;
  return v ^ (v >> 33);
}

}  // namespace heapledger::ledger
