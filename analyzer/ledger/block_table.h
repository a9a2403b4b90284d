// Live blocks by address: which row of the ledger a block is. The hottest structure of packing.
#pragma once

#include <bit>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

namespace heapledger::ledger {

/// A hash table of the regions of 4 KiB in which blocks begin (open addressing, linear probing; Knuth, TAOCP
/// 3, 6.4), and for each of them its blocks, one after the other. Allocators hand out neighbours one after
/// the other, so that a region is mostly the one that was looked at last. A table of all blocks has to
/// choose: scattered, each of them is a cache miss; kept beside its neighbours, regions run into one another
/// (90 probes a look-up were measured). A block takes 16 to 32 bytes, or 110 where it has the region for
/// itself.
class BlockTable {
 public:
  struct Block {
    std::uint64_t address = 0;
    std::uint64_t row = 0;
    std::uint64_t size = 0;
    std::uint32_t site = 0;
  };

  BlockTable() { rebuild(1u << 8); }

  [[nodiscard]] std::uint64_t size() const { return count_ + odd_.size(); }

  /// Brings what blocks at `count` addresses need nearer, step by step, when there is more than the caches
  /// hold.
  template <class Address>
  void prefetch(std::size_t count, Address address) const {
    if (mask_ < kLarge) return;
    for (std::size_t i = 0; i < count; ++i) __builtin_prefetch(&regions_[home(key_of(address(i)))]);
    for (std::size_t i = 0; i < count; ++i) prefetch_number(address(i));
    for (std::size_t i = 0; i < count; ++i) prefetch_block(address(i));
  }

  [[nodiscard]] std::optional<Block> find(std::uint64_t address) const {
    const Region& region = regions_[place_of(key_of(address))];
    if (const std::uint32_t number = number_of(region, unit_of(address)); number != 0 && is_even(address))
      return block(address, region.blocks[number - 1]);
    const auto found = odd_.find(address);
    return found != odd_.end() ? std::optional(found->second) : std::nullopt;
  }

  /// Enters a block; returns the one that was at its address.
  std::optional<Block> put(const Block& entered) {
    const std::optional<Block> before = odd_.empty() ? std::nullopt : take(entered.address);
    Region* region = fits(entered) ? &region_of(key_of(entered.address)) : nullptr;
    if (region == nullptr || region->blocks.size() == kMostBlocks) [[unlikely]]
      return put_odd(entered, before);
    const std::uint8_t unit = unit_of(entered.address);
    const Entry entry(entered, unit);
    if (const std::uint32_t number = number_of(*region, unit); number != 0) [[unlikely]]
      return block(entered.address, std::exchange(region->blocks[number - 1], entry));
    add(*region, entry);
    ++count_;
    return before;
  }

  /// Removes and returns the block at an address.
  std::optional<Block> take(std::uint64_t address) {
    Region& region = regions_[place_of(key_of(address))];
    const std::uint32_t number = number_of(region, unit_of(address));
    if (number == 0 || !is_even(address)) [[unlikely]]
      return odd_.empty() ? std::nullopt : take_odd(address);
    const Block taken = block(address, region.blocks[number - 1]);
    remove(region, number);
    --count_;
    return taken;
  }

 private:
  static constexpr unsigned kRegionBits = 12;
  static constexpr unsigned kUnitBits = 8;         ///< units have 16 bytes
  static constexpr unsigned kSiteShift = 48;
  static constexpr std::uint64_t kBelowSite = (std::uint64_t{1} << kSiteShift) - 1;
  static constexpr std::size_t kMostBlocks = 255;  ///< of a region: their numbers have 8 bits, and 0 is none
  static constexpr std::size_t kFewBlocks = 8;     ///< that are searched one by one
  static constexpr std::uint64_t kLarge = 1u
                                          << 13;  ///< regions; with their blocks they fill a cache of a MiB

  /// A block: its row, in the lowest bits its unit; and its size. The highest bits of each are halves of its site.
  struct Entry {
    std::uint64_t row_and_unit, size_and_site;
    Entry(const Block& b, std::uint8_t unit)
        : row_and_unit(std::uint64_t{b.site & 0xffff} << kSiteShift | b.row << kUnitBits | unit),
          size_and_site(std::uint64_t{b.site >> 16} << kSiteShift | b.size) {}
    [[nodiscard]] std::uint8_t unit() const { return static_cast<std::uint8_t>(row_and_unit); }
    [[nodiscard]] std::uint64_t row() const { return (row_and_unit & kBelowSite) >> kUnitBits; }
    [[nodiscard]] std::uint64_t size() const { return size_and_site & kBelowSite; }
    [[nodiscard]] std::uint32_t site() const {
      return static_cast<std::uint32_t>(size_and_site >> kSiteShift << 16 | row_and_unit >> kSiteShift);
    }
  };
  struct Region {
    std::uint64_t key = 0;  ///< 0: none
    std::vector<Entry> blocks;
    std::unique_ptr<std::uint8_t[]> numbers;  ///< of blocks, from 1 on, by unit; nullptr while they are few
  };

  /// Blocks that begin in the middle of a unit are in a region of their own kind.
  static std::uint64_t key_of(std::uint64_t address) {
    return address >> kRegionBits << 1 | (address >> 3 & 1);
  }
  static std::uint8_t unit_of(std::uint64_t address) { return static_cast<std::uint8_t>(address >> 4); }
  /// What a region can tell from its neighbours. The first page of memory has no region.
  static bool is_even(std::uint64_t address) { return (address & 7) == 0 && address >> kRegionBits != 0; }
  static bool fits(const Block& b) { return is_even(b.address) && b.row >> (kSiteShift - kUnitBits) == 0 && b.size <= kBelowSite; }
  static Block block(std::uint64_t address, const Entry& e) {
    return {address, e.row(), e.size(), e.site()};
  }

  [[nodiscard]] std::uint64_t home(std::uint64_t key) const { return key * 0x9e3779b97f4a7c15ull >> shift_; }
  /// The place of a region, or the empty one that it would get.
  [[nodiscard]] std::uint64_t place_of(std::uint64_t key) const {
    if (regions_[last_].key == key) [[likely]]
      return last_;
    std::uint64_t i = home(key);
    while (regions_[i].key != 0 && regions_[i].key != key) i = (i + 1) & mask_;
    return last_ = i;
  }
  Region& region_of(std::uint64_t key) {
    std::uint64_t place = place_of(key);
    if (regions_[place].key == key) [[likely]]
      return regions_[place];
    if (3 * (used_ + 1) > 2 * mask_) {
      rebuild();
      place = place_of(key);
    }
    ++used_;
    regions_[place].key = key;
    return regions_[place];
  }
  /// What leads to a block of the region, and the last block: it moves when another one goes.
  void prefetch_number(std::uint64_t address) const {
    const Region& region = regions_[place_of(key_of(address))];
    if (region.numbers)
      __builtin_prefetch(&region.numbers[unit_of(address)], 1);
    else
      __builtin_prefetch(region.blocks.data(), 1);
    __builtin_prefetch(region.blocks.data() + region.blocks.size(), 1);
  }
  void prefetch_block(std::uint64_t address) const {
    const Region& region = regions_[place_of(key_of(address))];
    if (!region.numbers) return;
    const std::size_t number = region.numbers[unit_of(address)];
    __builtin_prefetch(region.blocks.data() + (number != 0 ? number - 1 : 0), 1);
  }

  /// Number of the block that begins at a unit, 0: none does.
  static std::uint32_t number_of(const Region& region, std::uint8_t unit) {
    if (region.numbers) return region.numbers[unit];
    auto number = static_cast<std::uint32_t>(region.blocks.size());
    while (number != 0 && region.blocks[number - 1].unit() != unit) --number;
    return number;
  }
  static void add(Region& region, const Entry& entry) {
    region.blocks.push_back(entry);
    if (region.numbers) {
      region.numbers[entry.unit()] = static_cast<std::uint8_t>(region.blocks.size());
    } else if (region.blocks.size() > kFewBlocks) {
      number_all(region);
    }
  }
  static void number_all(Region& region) {
    region.numbers = std::make_unique<std::uint8_t[]>(std::size_t{1} << kUnitBits);
    std::uint8_t number = 0;
    for (const Entry& entry : region.blocks) region.numbers[entry.unit()] = ++number;
  }
  /// The last block takes the number of the one that goes.
  static void remove(Region& region, std::uint32_t number) {
    Entry& gap = region.blocks[number - 1];
    const Entry& last = region.blocks.back();
    if (region.numbers) {
      region.numbers[last.unit()] = static_cast<std::uint8_t>(number);
      region.numbers[gap.unit()] = 0;
    }
    gap = last;
    region.blocks.pop_back();
  }

  std::optional<Block> put_odd(const Block& entered, std::optional<Block> before) {
    if (!before) before = take(entered.address);
    odd_.emplace(entered.address, entered);
    return before;
  }
  std::optional<Block> take_odd(std::uint64_t address) {
    const auto found = odd_.find(address);
    if (found == odd_.end()) return std::nullopt;
    const Block taken = found->second;
    odd_.erase(found);
    return taken;
  }

  /// Leaves out the regions whose blocks have gone; grows when most have not.
  void rebuild() {
    std::uint64_t occupied = 0;
    for (const Region& region : std::span(regions_.get(), mask_ + 1))
      occupied += region.blocks.empty() ? 0 : 1;
    rebuild(3 * occupied > mask_ ? 2 * (mask_ + 1) : mask_ + 1);
  }
  void rebuild(std::uint64_t capacity) {
    const std::unique_ptr<Region[]> old = std::move(regions_);
    const std::span<Region> before(old.get(), old ? mask_ + 1 : 0);
    regions_ = std::make_unique<Region[]>(capacity);
    mask_ = capacity - 1;
    shift_ = 64 - static_cast<unsigned>(std::countr_zero(capacity));
    used_ = last_ = 0;
    for (Region& region : before) {
      if (region.blocks.empty()) continue;
      regions_[place_of(region.key)] = std::move(region);
      ++used_;
    }
  }

  std::unique_ptr<Region[]> regions_;
  std::unordered_map<std::uint64_t, Block> odd_;  ///< that no region can hold
  std::uint64_t mask_ = 0;
  std::uint64_t used_ = 0;          ///< places with a region
  mutable std::uint64_t last_ = 0;  ///< place that was looked for
  std::uint64_t count_ = 0;
  unsigned shift_ = 0;
};

}  // namespace heapledger::ledger
