// Live blocks by address: which row of the ledger a block is. The hottest structure of packing.
#pragma once

#include <bit>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

namespace heapledger::ledger {

/// Open addressing with linear probing and backward-shift deletion (Knuth, TAOCP 3, 6.4, Algorithm R): no tombstones,
/// so that churn does not slow it down. Neighbours in memory are neighbours in the table, because allocators hand them out
/// one after the other: most look-ups find their cache line warm. 16 bytes a slot, at most two of three in use.
/// Addresses are never 0.
class BlockTable {
 public:
  struct Block {
    std::uint64_t address = 0;
    std::uint64_t row = 0;
    std::uint64_t size = 0;
  };

  BlockTable() { resize(1u << 12); }

  [[nodiscard]] std::uint64_t size() const { return count_ + odd_.size(); }

  /// Brings the slot of an address nearer; a batch of events is prefetched before it is applied.
  void prefetch(std::uint64_t address) const { __builtin_prefetch(&slots_[home(address)], 1); }

  [[nodiscard]] std::optional<Block> find(std::uint64_t address) const {
    if (const Slot* slot = place_of(address); slot->address() != 0) return block(*slot);
    const auto found = odd_.find(address);
    return found != odd_.end() ? std::optional(found->second) : std::nullopt;
  }

  /// Enters a block; returns the one that was at its address.
  std::optional<Block> put(const Block& entered) {
    if (3 * (count_ + 1) > 2 * mask_) resize(2 * (mask_ + 1));
    Slot* const place = place_of(entered.address);
    if (place->address() == 0 && odd_.empty() && fits(entered)) [[likely]] {
      ++count_;
      *place = slot(entered);
      return std::nullopt;
    }
    const std::optional<Block> before = take(entered.address);
    if (fits(entered)) {
      ++count_;
      *place_of(entered.address) = slot(entered);
    } else {
      odd_.emplace(entered.address, entered);
    }
    return before;
  }

  /// Removes and returns the block at an address.
  std::optional<Block> take(std::uint64_t address) {
    if (Slot* slot = place_of(address); slot->address() != 0) [[likely]] return remove(slot);
    return odd_.empty() ? std::nullopt : remove_odd(address);
  }

 private:
  static constexpr unsigned kAddressBits = 57;  // of user space on x86-64; pointers with tags in them are odd ones
  static constexpr unsigned kSizeBits = 31;
  static constexpr unsigned kRowBits = 128 - kAddressBits - kSizeBits;
  static constexpr unsigned kLowRowBits = 64 - kAddressBits;
  static constexpr std::uint64_t kAddressMask = (std::uint64_t{1} << kAddressBits) - 1;

  /// A block in 16 bytes: address and low bits of the row; high bits of the row and size. Address 0: empty.
  struct Slot {
    std::uint64_t low, high;
    [[nodiscard]] std::uint64_t address() const { return low & kAddressMask; }
  };
  static bool fits(const Block& b) {
    return (b.address >> kAddressBits | b.row >> kRowBits | b.size >> kSizeBits) == 0;
  }
  static Slot slot(const Block& b) {
    return {b.address | b.row << kAddressBits, b.row >> kLowRowBits << kSizeBits | b.size};
  }
  static Block block(const Slot& s) {
    const std::uint64_t row = s.high >> kSizeBits << kLowRowBits | s.low >> kAddressBits;
    return {s.address(), row, s.high & ((std::uint64_t{1} << kSizeBits) - 1)};
  }

  /// Regions of 4 KiB are scattered, blocks of one stand as they do in memory.
  [[nodiscard]] std::uint64_t home(std::uint64_t address) const {
    return ((((address >> 12) * 0x9e3779b97f4a7c15ull) >> shift_) + (address >> 4 & 255)) & mask_;
  }
  /// The slot of an address, or the empty one that it would get.
  [[nodiscard]] Slot* place_of(std::uint64_t address) const {
    std::uint64_t i = home(address);
    while (slots_[i].address() != 0 && slots_[i].address() != address) i = (i + 1) & mask_;
    return &slots_[i];
  }
  Block remove(Slot* found) {
    const Block removed = block(*found);
    --count_;
    auto hole = static_cast<std::uint64_t>(found - slots_.get());
    for (std::uint64_t i = (hole + 1) & mask_; slots_[i].address() != 0; i = (i + 1) & mask_) {
      if (((i - home(slots_[i].address())) & mask_) < ((i - hole) & mask_)) continue;  // not before its home
      slots_[hole] = slots_[i];
      hole = i;
    }
    slots_[hole] = {};
    return removed;
  }
  std::optional<Block> remove_odd(std::uint64_t address) {
    const auto found = odd_.find(address);
    if (found == odd_.end()) return std::nullopt;
    const Block removed = found->second;
    odd_.erase(found);
    return removed;
  }
  void resize(std::uint64_t capacity) {
    const std::unique_ptr<Slot[]> old = std::move(slots_);
    const std::uint64_t old_capacity = old ? mask_ + 1 : 0;
    slots_ = std::make_unique<Slot[]>(capacity);
    mask_ = capacity - 1;
    shift_ = 64 - static_cast<unsigned>(std::countr_zero(capacity));
    for (std::uint64_t i = 0; i < old_capacity; ++i)
      if (old[i].address() != 0) *place_of(old[i].address()) = old[i];
  }

  std::unique_ptr<Slot[]> slots_;
  std::unordered_map<std::uint64_t, Block> odd_;  ///< that no slot can hold: 2 GiB and more, tagged pointers
  std::uint64_t mask_ = 0;
  std::uint64_t count_ = 0;
  unsigned shift_ = 0;
};

}  // namespace heapledger::ledger
