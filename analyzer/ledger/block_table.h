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
    if (const Slot* slot = slot_of(address); slot != nullptr) return block(*slot);
    const auto found = odd_.find(address);
    return found != odd_.end() ? std::optional(found->second) : std::nullopt;
  }

  /// Enters a block; returns the one that was at its address.
  std::optional<Block> put(const Block& entered) {
    std::optional<Block> before;
    if (Slot* slot = slot_of(entered.address); slot != nullptr) [[unlikely]] before = remove(slot);
    if (!odd_.empty() && !before) before = remove_odd(entered.address);
    if (!fits(entered)) [[unlikely]] {
      odd_.emplace(entered.address, entered);
    } else {
      if (3 * ++count_ > 2 * mask_) resize(2 * (mask_ + 1));
      place(slot(entered));
    }
    return before;
  }

  /// Removes and returns the block at an address.
  std::optional<Block> take(std::uint64_t address) {
    if (Slot* slot = slot_of(address); slot != nullptr) [[likely]] return remove(slot);
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
  [[nodiscard]] Slot* slot_of(std::uint64_t address) const {
    for (std::uint64_t i = home(address);; i = (i + 1) & mask_) {
      if (slots_[i].address() == address) return &slots_[i];
      if (slots_[i].address() == 0) return nullptr;
    }
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
  void place(const Slot& entered) {
    std::uint64_t i = home(entered.address());
    while (slots_[i].address() != 0) i = (i + 1) & mask_;
    slots_[i] = entered;
  }
  void resize(std::uint64_t capacity) {
    const std::unique_ptr<Slot[]> old = std::move(slots_);
    const std::uint64_t old_capacity = old ? mask_ + 1 : 0;
    slots_ = std::make_unique<Slot[]>(capacity);
    mask_ = capacity - 1;
    shift_ = 64 - static_cast<unsigned>(std::countr_zero(capacity));
    for (std::uint64_t i = 0; i < old_capacity; ++i)
      if (old[i].address() != 0) place(old[i]);
  }

  std::unique_ptr<Slot[]> slots_;
  std::unordered_map<std::uint64_t, Block> odd_;  ///< that no slot can hold: 2 GiB and more, tagged pointers
  std::uint64_t mask_ = 0;
  std::uint64_t count_ = 0;
  unsigned shift_ = 0;
};

}  // namespace heapledger::ledger
