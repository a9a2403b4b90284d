// What a lane remembers of frames under their callers: which node or site they are. A cache of what sites.cc finds the long
// way, and exact: a key says all of what makes a name, and what does not fit into one is not remembered.
#pragma once

#include "frame_reader.h"
#include "frames.h"

namespace heapledger::python {

/// A frame's code object, position and role, in one word; kNowhere where an address has more than 47 bits. Where positions
/// are addresses no two code objects have one in common, as long as none ends (g_code_epoch); copies of bytecode that belong
/// to threads end without notice, so there, and where positions are indices, it is the code object and the index.
inline std::uint64_t place_of(const SeenFrame& frame, std::uint32_t role) noexcept {
  const std::uint64_t high = std::uint64_t{role} << 59;
  if (g_reader.kind == Position::pointer) return high ^ frame.position;
  auto next = static_cast<std::uint32_t>(frame.position) + 1;  // before the first one it is -1
  if (g_reader.by_position) [[unlikely]] next = instruction_offset(*g_runtime.layout, frame);
  const std::uint64_t code = reinterpret_cast<std::uintptr_t>(frame.code);
  if ((next >> 16 | code >> 47) != 0) [[unlikely]] return kNowhere;
  return high | std::uint64_t{next} << 43 | code >> 4;
}

/// Where the number of a frame in a role is remembered, if it is.
inline NameSet& set_of(StackCache& stack, NameKey key) noexcept {
  const std::uint64_t where = key.place ^ std::uint64_t{key.parent} << 32;
  return stack.names[where * 0x9e3779b97f4a7c15u >> 56 & (kNameSets - 1)];
}
/// nullptr: it is not remembered.
[[gnu::always_inline]] inline const Name* find_name(const NameSet& set, NameKey key) noexcept {
#pragma GCC unroll 4
  for (const Name& name : set.names)
    if (name.is_of(key)) return &name;
  return nullptr;
}

}  // namespace heapledger::python
