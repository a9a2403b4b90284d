// Keys for things that are the same when their contents are.
#pragma once

#include <cstring>

#include "../trace/codec.h"
#include "intern_table.h"

namespace heapledger {

/// A 64-bit multiply-xor hash of some bytes, beginning with `h`.
inline std::uint64_t mix(std::uint64_t h, trace::Bytes bytes) noexcept {
  const auto* at = static_cast<const std::byte*>(bytes.data);
  std::uint64_t left = bytes.size;
  for (h ^= left * 0x9e3779b97f4a7c15ull; left != 0;) {
    std::uint64_t word = 0;
    const std::uint64_t n = left < 8 ? left : 8;
    std::memcpy(&word, at, n);
    h = (h ^ word) * 0xff51afd7ed558ccdull;
    h ^= h >> 29;
    at += n;
    left -= n;
  }
  return h;
}

/// Hashes twice with different seeds: two contents that agree in 128 bits are taken as one.
template <class Hash>
InternKey content_key(Hash hash) noexcept {
  const auto fold = [](std::uint64_t h) { return h ^ (h >> 32); };
  return {fold(hash(1)), fold(hash(0x517cc1b727220a95ull))};
}

}  // namespace heapledger
