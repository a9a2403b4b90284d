// Live blocks by address: which row of the ledger a block is. The hottest structure of packing.
#pragma once

#include <bit>
#include <cstdint>
#include <memory>

namespace heapledger::ledger {

/// Open addressing with linear probing and backward-shift deletion (Knuth, TAOCP 3, 6.4, Algorithm R): no tombstones,
/// so that churn does not slow it down. Addresses are never 0.
class BlockTable {
 public:
  struct Block {
    std::uint64_t address = 0;
    std::uint64_t row = 0;
    std::uint64_t size = 0;
  };

  BlockTable() { resize(1u << 12); }

  [[nodiscard]] std::uint64_t size() const { return count_; }

  /// Brings the slot of an address nearer; a batch of events is prefetched before it is applied.
  void prefetch(std::uint64_t address) const { __builtin_prefetch(&slots_[home(address)], 1); }

  /// The block at this address, nullptr when none lives there. Valid until the next insert or erase.
  [[nodiscard]] Block* find(std::uint64_t address) {
    for (std::uint64_t i = home(address);; i = (i + 1) & mask_) {
      if (slots_[i].address == address) return &slots_[i];
      if (slots_[i].address == 0) return nullptr;
    }
  }

  /// The address must not be there.
  void insert(const Block& block) {
    if (2 * ++count_ > mask_) resize(2 * (mask_ + 1));
    place(block);
  }

  void erase(Block* block) {
    --count_;
    auto hole = static_cast<std::uint64_t>(block - slots_.get());
    for (std::uint64_t i = (hole + 1) & mask_; slots_[i].address != 0; i = (i + 1) & mask_) {
      if (((i - home(slots_[i].address)) & mask_) < ((i - hole) & mask_)) continue;  // it must not move before its home
      slots_[hole] = slots_[i];
      hole = i;
    }
    slots_[hole].address = 0;
  }

 private:
  [[nodiscard]] std::uint64_t home(std::uint64_t address) const {
    return ((address >> 3) * 0x9e3779b97f4a7c15ull) >> shift_;
  }
  void place(const Block& block) {
    std::uint64_t i = home(block.address);
    while (slots_[i].address != 0) i = (i + 1) & mask_;
    slots_[i] = block;
  }
  void resize(std::uint64_t capacity) {
    const std::unique_ptr<Block[]> old = std::move(slots_);
    const std::uint64_t old_capacity = old ? mask_ + 1 : 0;
    slots_ = std::make_unique<Block[]>(capacity);
    mask_ = capacity - 1;
    shift_ = 64 - static_cast<unsigned>(std::countr_zero(capacity));
    for (std::uint64_t i = 0; i < old_capacity; ++i)
      if (old[i].address != 0) place(old[i]);
  }

  std::unique_ptr<Block[]> slots_;
  std::uint64_t mask_ = 0;
  std::uint64_t count_ = 0;
  unsigned shift_ = 0;
};

}  // namespace heapledger::ledger
