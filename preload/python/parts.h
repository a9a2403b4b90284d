// What instances have beside their own blocks: a __dict__, its table, values; read from the instances themselves.
//
// Plain instances of CPython 3.11 and later have values in or next to them, which readers of the trace tell by themselves
// (../../analyzer/read/parts.h), as they do on 3.8 to 3.10 with what a constructor makes. Instances of subclasses of int or
// list, exceptions, and those of classes with more attributes than a shared table of names has room for get a __dict__, some
// time, and tables for it, again and again; those of subclasses of dict have a table of their own as well, and on 3.11 and 3.12
// those of subclasses of slotted classes have values that no reader can tell from another buffer. So they wait here
// until others take their places, when they mostly have all they will ever have. Everything that is alive, classes and modules
// as well, is looked at after full collections: only there does it show what was added later, as by vars().
//
// What is said is what was seen: the pointer in the instance. Nothing waits in free-threaded builds or while interpreters have
// locks of their own; there collections alone tell.
#pragma once

#include <link.h>

#include <atomic>
#include <cstdint>

#include "types.h"

#pragma GCC visibility push(hidden)  // see meson.build
namespace heapledger::python {

/// Finds PyDict_Type, and what walks through the objects of free-threaded builds.
void find_parts(const link_map& object) noexcept;

/// Whether instances of a type wait. `attributes`: names of theirs that are known.
[[nodiscard]] bool has_parts_later(const std::byte* type, std::uint32_t attributes) noexcept;

/// KnownType::waits. Until one was seen with anything, that many instances of a type wait, and those to come do not: few lists
/// of a class of its own have attributes, and few exceptions live long enough.
inline constexpr std::uint8_t kPatience = 128, kForGood = 255;
/// KnownType::epoch: instances of types that wait do not match what settle() compares with.
inline std::uint32_t settled_epoch(std::uint8_t waits) noexcept {
  return g_type_epoch.load(std::memory_order_relaxed) - (waits != 0 ? 1 : 0);
}
inline void wait_for_good(KnownType& known) noexcept {
  known.waits = kForGood;
  known.epoch = settled_epoch(kForGood);
}

/// A new instance of a type that waits, in a block that is not about to end. Like all below, with the interpreter's lock.
[[gnu::cold, gnu::noinline]] void wait_for_parts(Lane& lane, const PendingObject& object, std::uint32_t number) noexcept;

/// The blocks that wait, each at a place that its address gives it.
inline constexpr unsigned kWaitingBits = 6;
extern constinit std::atomic<const std::byte*> g_waiting_blocks[1 << kWaitingBits];
inline std::size_t waiting_place(const void* block) noexcept {
  return (reinterpret_cast<std::uintptr_t>(block) >> 4) * 0x9e3779b97f4a7c15u >> (64 - kWaitingBits);
}
/// An OBJ block is about to be freed or moved. Others write to its place only with the lock that it is under.
inline void forget_instance(const void* block) noexcept {
  std::atomic<const std::byte*>& place = g_waiting_blocks[waiting_place(block)];
  if (place.load(std::memory_order_relaxed) == block) [[unlikely]] place.store(nullptr, std::memory_order_relaxed);
}
/// An interpreter ends, and maybe the memory of what it leaves behind.
void forget_instances() noexcept;

/// After a full collection: tells the parts of everything that this interpreter's collector knows of, which takes a tenth of
/// the time that the collection itself did. Not before the program has had twice as many events as there were objects the last
/// time, and four times as many as parts, except at the interpreter's end: time and trace stay in proportion to what it
/// allocates.
[[gnu::cold, gnu::noinline]] void write_parts() noexcept;
/// The process leaves, maybe in the midst of anything.
[[gnu::cold, gnu::noinline]] void write_parts_at_exit() noexcept;

}  // namespace heapledger::python
#pragma GCC visibility pop
