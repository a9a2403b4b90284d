// Numbers as the raw trace has them, and the reading of bytes that anybody may have written.
//
// put_*: called by the shim, any context, with room for what they write.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>

namespace heapledger::trace {

[[nodiscard]] constexpr std::uint64_t zigzag(std::int64_t v) noexcept {
  return (static_cast<std::uint64_t>(v) << 1) ^ static_cast<std::uint64_t>(v >> 63);
}
[[nodiscard]] constexpr std::int64_t unzigzag(std::uint64_t v) noexcept {
  return static_cast<std::int64_t>(v >> 1) ^ -static_cast<std::int64_t>(v & 1);
}

/// Bytes that hold v in little-endian order without leading zeros; 0 for 0.
[[nodiscard]] constexpr unsigned byte_width(std::uint64_t v) noexcept {
  return (static_cast<unsigned>(std::bit_width(v | 1)) + 7) / 8 - (v == 0);  // no branch: half of all moves are 0
}

/// Bytes of v as LEB128 (seven bits a byte, low ones first).
[[nodiscard]] constexpr unsigned varint_size(std::uint64_t v) noexcept {
  return v == 0 ? 1 : (static_cast<unsigned>(std::bit_width(v)) + 6) / 7;
}

inline std::byte* put_varint(std::byte* at, std::uint64_t v) noexcept {
  while (v >= 0x80) {
    *at++ = static_cast<std::byte>(v | 0x80);
    v >>= 7;
  }
  *at++ = static_cast<std::byte>(v);
  return at;
}

/// Stores all eight bytes of v (little endian); the caller advances by as many as count.
inline void put_word(std::byte* at, std::uint64_t v) noexcept {
  if constexpr (std::endian::native == std::endian::big) v = __builtin_bswap64(v);
  std::memcpy(at, &v, sizeof v);
}

/// A read position in hostile bytes. After the first failure every get returns 0 and ok() is false.
class Cursor {
 public:
  explicit Cursor(std::span<const std::byte> bytes) noexcept
      : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}
  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] bool at_end() const noexcept { return at_ == end_; }
  [[nodiscard]] std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - at_); }
  [[nodiscard]] const std::byte* position() const noexcept { return at_; }

  std::uint8_t byte() noexcept {
    if (at_ == end_) return fail(), std::uint8_t{0};
    return static_cast<std::uint8_t>(*at_++);
  }
  /// Little-endian number of `width` bytes (0..8).
  std::uint64_t number(unsigned width) noexcept {
    if (left() < width) return fail(), 0;
    std::uint64_t v = 0;
    if (left() >= 8 && std::endian::native == std::endian::little) {
      std::memcpy(&v, at_, 8);
      if (width < 8) v &= (std::uint64_t{1} << (8 * width)) - 1;
    } else {
      for (unsigned i = 0; i < width; ++i) v |= static_cast<std::uint64_t>(at_[i]) << (8 * i);
    }
    at_ += width;
    return v;
  }
  std::uint64_t varint() noexcept {
    std::uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (at_ == end_) return fail(), 0;
      const auto b = static_cast<std::uint8_t>(*at_++);
      v |= static_cast<std::uint64_t>(b & 0x7f) << shift;
      if (b < 0x80) return v;
    }
    return fail(), 0;  // longer than any 64-bit number
  }
  std::span<const std::byte> bytes(std::uint64_t count) noexcept {
    if (left() < count) return fail(), std::span<const std::byte>{};
    const std::span<const std::byte> s{at_, static_cast<std::size_t>(count)};
    at_ += count;
    return s;
  }

 private:
  void fail() noexcept {
    ok_ = false;
    at_ = end_;
  }
  const std::byte* at_;
  const std::byte* end_;
  bool ok_ = true;
};

}  // namespace heapledger::trace
