// What instances have beside their own blocks: a __dict__, its table, values; read from the instances themselves.
//
// Plain instances of CPython 3.11 and later have values in or next to them, which readers of the trace tell by themselves
// (../../analyzer/read/parts.h), as they do on 3.8 to 3.10 with what a constructor makes. Instances of subclasses of int or
// list, exceptions, and those of classes with more attributes than a shared table of names has room for get a __dict__, some
// time, and tables for it, again and again; those of subclasses of dict have a table of their own as well. So they wait here until others take their places, when they mostly have all they
// will ever have. Everything that is alive, classes and modules as well, is looked at after full collections: only there does
// it show what was added later, as by vars().
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

/// KnownType::waits. Until one was seen with a dict, that many instances of a type wait, and those to come do not: few lists
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

/// How many wait.
extern constinit std::atomic<std::uint32_t> g_waiting_instances;
[[gnu::cold, gnu::noinline]] void stop_waiting(const void* block) noexcept;
/// An OBJ block is about to be freed or moved.
inline void forget_instance(const void* block) noexcept {
  if (g_waiting_instances.load(std::memory_order_relaxed) != 0) [[unlikely]] stop_waiting(block);
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
