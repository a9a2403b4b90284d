// Reading one frame from memory: which fields, where they lie, and whether the frame is the interpreter's own.
#pragma once

#include "../lane.h"
#include "code.h"
#include "runtime.h"

#pragma GCC visibility push(hidden)  // see meson.build
namespace heapledger::python {

inline constexpr std::uint64_t kTagMask = ~std::uint64_t{3};

/// What is read of a frame each time.
struct View {
  const std::byte* previous;
  const std::byte* code;
  std::uint64_t position;
};

/// Field readers of one layout.
struct FrameReader {
  constexpr FrameReader() noexcept = default;
  explicit FrameReader(const Layout& l) noexcept
      : previous(l.frame_previous), code(l.frame_code), position(l.frame_position),
        position_mask(l.position_kind >= Position::pointer ? ~std::uint64_t{0} : 0xffffffffu),
        by_position(l.position_kind >= Position::pointer), kind(l.position_kind) {}
  [[nodiscard]] View read(const std::byte* frame) const noexcept {
    return {load<const std::byte*>(frame, previous),
            reinterpret_cast<const std::byte*>(load<std::uint64_t>(frame, code) & kTagMask),
            load<std::uint64_t>(frame, position) & position_mask};
  }
  /// True when the frame runs something else than remembered, or its link does not lead to `expected`. One branch for all
  /// of it; and the next frame to be looked at is the remembered one, which is known early, so that loads need not wait
  /// for the links. `only_position`: positions are addresses, and no two code objects have one in common, as long as none
  /// ends (g_code_epoch).
  template <bool only_position>
  [[nodiscard]] bool differs(const std::byte* frame, const SeenFrame& seen, const std::byte* expected) const noexcept {
    const std::uint64_t link = load<std::uint64_t>(frame, previous) ^ reinterpret_cast<std::uintptr_t>(expected);
    const std::uint64_t stands = load<std::uint64_t>(frame, position) ^ seen.position;
    if (only_position) return (link | stands) != 0;
    const std::uint64_t runs = load<std::uint64_t>(frame, code) ^ reinterpret_cast<std::uintptr_t>(seen.code);
    return (link | (runs & kTagMask) | (stands & position_mask)) != 0;
  }
  std::size_t previous = 0, code = 0, position = 0;
  std::uint64_t position_mask = 0;
  bool by_position = false;
  Position kind = Position::bytes;
};

/// Of the interpreter in this process; constant once frames are walked.
extern constinit FrameReader g_reader;

/// A frame of the interpreter's own: an entry from C, or the trampoline that specialised class calls push. Its code may
/// be None or NULL. From 3.13 on the trampoline is code like any other, of file and function __init__ and line 0: compiled
/// code begins on line 1.
inline bool is_hidden(const Layout& layout, const std::byte* frame, const std::byte* code) noexcept {
  if (code == nullptr || code == g_runtime.none) return true;
  if (layout.owner_hidden_from == 0) return false;
  if (load<std::uint8_t>(frame, layout.frame_owner) >= layout.owner_hidden_from) return true;
  return layout.minor >= 13 &&
         load<const void*>(code, layout.code_filename) == load<const void*>(code, layout.code_name) &&
         load<std::uint32_t>(code, layout.code_first_line) == 0;
}

}  // namespace heapledger::python
#pragma GCC visibility pop
