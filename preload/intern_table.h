// Numbers for keys seen for the first time: the tables behind stack nodes, sites and code objects.
// One thread at a time uses a table; it grows by mapping a larger one and never shrinks.
#pragma once

#include <cstdint>
#include <sys/mman.h>

#include "sys.h"

namespace heapledger {

struct InternKey {
  std::uint64_t high = 0, low = 0;
  bool operator==(const InternKey&) const = default;
};

/// Open addressing with linear probing; numbers run from 1 in the order of insertion. All-zero bytes are an empty table.
class InternTable {
 public:
  struct Entry {
    InternKey key;
    std::uint64_t number;  ///< 0: free
  };

  /// Number of the key, or 0 when it is not there.
  [[nodiscard]] std::uint32_t find(const InternKey& key) const noexcept {
    if (entries_ == nullptr) return 0;
    for (std::uint64_t i = hash(key) & mask_;; i = (i + 1) & mask_) {
      if (entries_[i].number == 0) return 0;
      if (entries_[i].key == key) return static_cast<std::uint32_t>(entries_[i].number);
    }
  }

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

  /// Gives a key that find() did not know the next number; 0 when there is no memory.
  std::uint32_t add(const InternKey& key) noexcept {
    if ((entries_ == nullptr || 4 * (count_ + 1) > 3 * (mask_ + 1)) && !grow()) return 0;
    insert(key, ++count_);
    return static_cast<std::uint32_t>(count_);
  }

 private:
  static std::uint64_t hash(const InternKey& key) noexcept {
    std::uint64_t h = (key.high ^ (key.low * 0x9e3779b97f4a7c15ull)) * 0xff51afd7ed558ccdull;
    return h ^ (h >> 32);
  }
  void insert(const InternKey& key, std::uint64_t number) noexcept {
    std::uint64_t i = hash(key) & mask_;
    while (entries_[i].number != 0) i = (i + 1) & mask_;
    entries_[i] = {key, number};
  }
  [[gnu::cold, gnu::noinline]] bool grow() noexcept {
    const std::uint64_t old_capacity = entries_ == nullptr ? 0 : mask_ + 1;
    const std::uint64_t capacity = old_capacity == 0 ? 1024 : 2 * old_capacity;
    auto* larger = static_cast<Entry*>(sys::map_memory(capacity * sizeof(Entry)));
    if (larger == nullptr) return false;
    Entry* const old = entries_;
    entries_ = larger;
    mask_ = capacity - 1;
    for (std::uint64_t i = 0; i < old_capacity; ++i)
      if (old[i].number != 0) insert(old[i].key, old[i].number);
    if (old != nullptr) sys::unmap_memory(old, old_capacity * sizeof(Entry));
    return true;
  }

  Entry* entries_;
  std::uint64_t mask_;
  std::uint64_t count_;
};

/// An array that grows by doubling, one thread at a time; new elements are all-zero. All-zero bytes are an empty one.
template <class T>
class GrowingArray {
 public:
  [[nodiscard]] T* data() noexcept { return data_; }
  [[nodiscard]] std::uint64_t capacity() const noexcept { return capacity_; }
  /// Makes index valid; false when there is no memory.
  bool reserve(std::uint64_t index) noexcept { return index < capacity_ || grow(index); }

 private:
  [[gnu::cold, gnu::noinline]] bool grow(std::uint64_t index) noexcept {
    std::uint64_t capacity = capacity_ == 0 ? 4096 / sizeof(T) : capacity_;
    while (capacity <= index) capacity *= 2;
    auto* larger = static_cast<T*>(sys::map_memory(capacity * sizeof(T)));
    if (larger == nullptr) return false;
    for (std::uint64_t i = 0; i < capacity_; ++i) larger[i] = data_[i];
    if (data_ != nullptr) sys::unmap_memory(data_, capacity_ * sizeof(T));
    data_ = larger;
    capacity_ = capacity;
    return true;
  }

  T* data_;
  std::uint64_t capacity_;
};

}  // namespace heapledger
