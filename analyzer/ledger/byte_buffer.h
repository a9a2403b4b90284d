// Bytes of a payload being built: numbers are appended as LEB128, texts as they are.
#pragma once

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
    std::byte room[10];
    bytes_.insert(bytes_.end(), room, trace::put_varint(room, v));
  }
  void difference(std::uint64_t v, std::uint64_t from) {
    number(trace::zigzag(static_cast<std::int64_t>(v - from)));
  }
  void byte(unsigned v) { bytes_.push_back(static_cast<std::byte>(v)); }
  void append(std::span<const std::byte> s) { bytes_.insert(bytes_.end(), s.begin(), s.end()); }
  void append(std::string_view s) { append(std::as_bytes(std::span(s))); }

 private:
  std::vector<std::byte> bytes_;
};

/// Reads what difference() wrote.
[[nodiscard]] inline std::uint64_t get_difference(trace::Cursor& in, std::uint64_t from) noexcept {
  return from + static_cast<std::uint64_t>(trace::unzigzag(in.varint()));
}

}  // namespace heapledger::ledger
