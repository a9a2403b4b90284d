// Reading of Python objects by plain loads: strings, and the keys of dicts.
//
// The caller knows that the object is alive and is not being changed; where that is only likely, readable() keeps the
// process from harm.
#pragma once

#include <csignal>
#include <cstdint>

#include "../../trace/codec.h"
#include "../sys.h"
#include "code.h"
#include "offsets.h"

namespace heapledger::python {

struct Text {
  trace::Bytes bytes;
  std::uint32_t kind = 0;  ///< as in trace::Code
};

/// A program may put anything where a name is expected: class C: __module__ = 42.
inline bool is_str(const Layout& layout, const void* object) noexcept {
  const auto* type = load<const std::byte*>(object, layout.object_type);
  return (load<std::uint32_t>(type, layout.type_name + tp::flags) & trace::kStringSubclass) != 0;
}

/// A str as it lies in memory. Only compact strings occur as names; anything else becomes empty.
inline Text read_text(const Layout& layout, const void* str) noexcept {
  if (str == nullptr || !is_str(layout, str)) return {};
  const auto state = load<std::uint32_t>(str, layout.str_state) >> layout.str_kind_shift;
  const std::uint32_t kind = state & 7;
  const bool compact = (state & 8) != 0, ascii = (state & 16) != 0;
  if (!compact) return {};
  const auto length = load<std::uint64_t>(str, layout.str_length);
  const auto* data = static_cast<const std::byte*>(str) + (ascii ? layout.str_ascii : layout.str_compact);
  return {{data, length * kind}, ascii ? 0 : kind};
}

inline bool is_ascii_text(const Layout& layout, const void* str, std::string_view wanted) noexcept {
  const Text text = read_text(layout, str);
  return text.kind == 0 && text.bytes.text() == wanted;
}

using sys::readable;
/// The same of all words from the one at an address to the one at `last` bytes further on, which is on the next page at most.
/// A call takes 0.1 us, and there are a thousand looks at addresses that may be types before a program's first line.
inline bool readable(const std::byte* address, std::size_t last) noexcept {
  const auto from = reinterpret_cast<std::uintptr_t>(address), to = from + last;
  return readable(address) && (from / sys::kPage == to / sys::kPage || readable(address + last));
}

/// The keys of a dict, in the order of insertion. Deleted ones are nullptr.
class DictKeys {
 public:
  DictKeys(const Layout& layout, const std::byte* keys) noexcept : keys_(keys) {
    if (layout.keys_have_log) {
      count_ = load<std::uint64_t>(keys, 24);
      entry_size_ = load<std::uint8_t>(keys, 10) == 0 ? 24 : 16;  // dk_kind 0: any keys, with their hashes
      entries_ = 32 + (std::size_t{1} << load<std::uint8_t>(keys, 9));
    } else {
      count_ = load<std::uint64_t>(keys, 32);
      const auto size = load<std::uint64_t>(keys, 8);
      entries_ = 40 + size * (size <= 0xff ? 1 : size <= 0xffff ? 2 : size <= 0xffffffff ? 4 : 8);
    }
  }
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] const void* key(std::uint64_t i) const noexcept { return field(i, entry_size_ == 24 ? 8 : 0); }
  [[nodiscard]] const void* value(std::uint64_t i) const noexcept { return field(i, entry_size_ == 24 ? 16 : 8); }

 private:
  [[nodiscard]] const void* field(std::uint64_t i, std::size_t offset) const noexcept {
    return load<const void*>(keys_, entries_ + i * entry_size_ + offset);
  }
  const std::byte* keys_;
  std::uint64_t count_ = 0;
  std::size_t entries_ = 0;
  std::size_t entry_size_ = 24;
};

}  // namespace heapledger::python
