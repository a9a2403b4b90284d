// Types of Python as the trace describes them.
#pragma once

#include <cstdint>

#include "../lane.h"
#include "code.h"
#include "offsets.h"
#include "runtime.h"

namespace heapledger::python {

/// PyType_Type, against which others are judged.
void set_type_type(const std::byte* type) noexcept;

/// Whether a type lies at an address that may be anything.
[[nodiscard]] bool is_type(const std::byte* address) noexcept;

template <class T>
T type_field(const std::byte* type, tp::Distance distance) noexcept {
  return load<T>(type, g_runtime.layout->type_name + std::size_t{distance});
}
inline std::uint32_t type_flags(const std::byte* type) noexcept { return type_field<std::uint32_t>(type, tp::flags); }

/// A class that is not ready has no instances, and may be of another layout when it is. Its address gets into objects before:
/// as a key among the subclasses of its bases, for one.
inline bool is_being_made(const std::byte* type) noexcept {
  return (type_flags(type) & (trace::kHeapType | trace::kReady)) == trace::kHeapType;
}

/// Bytes in front of an instance: of the collector, and of pointers to its dict and weak references (3.11+).
inline std::uint32_t header_bytes(const std::byte* type) noexcept {
  const Layout& layout = *g_runtime.layout;
  const std::uint32_t flags = type_flags(type);
  const std::uint32_t gc = (flags & trace::kHasGc) != 0 ? layout.gc_header : 0;
  return gc + ((flags & layout.pre_header_flags) != 0 ? 16 : 0);
}

/// Whether a block of this size can be an instance with ob_type at `word`. Some are smaller than their type says: the shortest
/// strings; and datetimes and times without a time zone, by the pointer to it.
inline bool may_be_instance(const std::byte* type, std::uint32_t word, std::uint64_t size) noexcept {
  const auto basic = type_field<std::uint64_t>(type, tp::basic_size);
  const std::uint32_t flags = type_flags(type);
  const std::uint64_t left_out = basic >= 40 && (flags & trace::kHasGc) == 0 ? sizeof(void*) : 0;
  return size + left_out >= word - g_runtime.layout->object_type + basic || (flags & trace::kStringSubclass) != 0;
}

/// Number of a type in the lane; appends it, and before it its bases, when it is new. 0: it could not be written.
std::uint32_t name_type(Lane& lane, const std::byte* type, unsigned depth) noexcept;
/// The same of what may be known already.
std::uint32_t number_of_base(Lane& lane, const std::byte* type, unsigned depth) noexcept;

}  // namespace heapledger::python
