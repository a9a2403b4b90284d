// Bytes of a payload being built: numbers are appended as LEB128, texts as they are.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "../../trace/codec.h"

namespace heapledger::ledger {

/// Keeps its memory when cleared: one buffer serves many payloads.
class ByteBuffer {
 public:
  void clear() noexcept { bytes_.clear(); }
  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }

  void number(std::uint64_t v) {
    const std::size_t at = bytes_.size();
    bytes_.resize(at + kLongestNumber);
    bytes_.resize(static_cast<std::size_t>(trace::put_varint(&bytes_[at], v) - bytes_.data()));
  }
  void difference(std::uint64_t v, std::uint64_t from) {
    number(trace::zigzag(static_cast<std::int64_t>(v - from)));
  }
  void byte(unsigned v) { bytes_.push_back(static_cast<std::byte>(v)); }
  void append(std::string_view s) {
    const std::size_t at = bytes_.size();
    bytes_.resize(at + s.size());
    std::ranges::copy(std::as_bytes(std::span(s)), bytes_.begin() + static_cast<std::ptrdiff_t>(at));
  }

 private:
  static constexpr std::size_t kLongestNumber = 10;

  std::vector<std::byte> bytes_;
};

/// Reads what difference() wrote.
[[nodiscard]] inline std::uint64_t get_difference(trace::Cursor& in, std::uint64_t from) noexcept {
  return from + static_cast<std::uint64_t>(trace::unzigzag(in.varint()));
}

}  // namespace heapledger::ledger
