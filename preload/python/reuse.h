// Objects that the interpreter makes from dead ones of its free lists, without an allocator: their blocks get
// the line that made them.
//
// CPython 3.13 and later have one tracer of references a process: a function that is called whenever an
// object begins, also one of a free list. It is left to whoever has it: a tracer that is there already stays,
// and a program that sets its own (so does tracemalloc) ends the following. What is an allocator's block is
// told from the address that the thread's last allocation had.
//
// A record says no more than the trace has already when the block's site is the present one. A table with a
// word for each of the last blocks knows that: it is written by every allocation and reuse, so nothing in it
// can be older than the block. Free-threaded builds have none, for lack of a lock that orders its writers.
#pragma once

#include <atomic>
#include <cstdint>

#include <link.h>

#include "../../trace/format.h"
#include "../lane.h"
#include "runtime.h"

#pragma GCC visibility push(hidden)  // see meson.build
namespace heapledger::python {

extern constinit std::atomic<trace::ReuseState> g_reuse_state;
/// The tracer is in place, or was once.
extern constinit std::atomic<bool> g_follows_reuse;

/// Looks for the types that have free lists. Called when the interpreter was found.
void find_reusable_types(const link_map& object) noexcept;

/// With the GIL, as in a pending call, once stacks are known to be right. Does nothing where nothing can be
/// followed, or nobody asked for it.
[[gnu::cold]] void follow_reuse() noexcept;

/// With the GIL: notices and records that the tracer is another one by now.
[[gnu::cold]] void check_reuse() noexcept;

/// The site that a block is attributed to in the trace, and since when nobody else could have changed it.
inline std::uint64_t place_key(const Lane& lane, std::uint32_t site) noexcept {
  return std::uint64_t{lane.tenure} << 32 | site;
}
inline Recording::Place& place_of(const void* block) noexcept {
  return g_recording->places[(reinterpret_cast<std::uintptr_t>(block) >> 4) % Recording::kPlaces];
}
/// Two words without a lock between them: interpreters with locks of their own have different blocks, and
/// what one of their threads reads is a match only where that thread wrote both.
inline void note_place(const void* block, std::uint64_t key) noexcept {
  if (g_runtime.free_threaded) [[unlikely]] return;
  Recording::Place& place = place_of(block);
  place.block.store(block, std::memory_order_relaxed);
  place.key.store(key, std::memory_order_relaxed);
}

/// The lane's last record is the allocation of this block, which is about to become an object.
inline void note_birth(Lane& lane, const void* block, std::size_t size, std::uint32_t site) noexcept {
  lane.newborn = static_cast<const std::byte*>(block);
  lane.newborn_size = size;
  note_place(block, place_key(lane, site));
}

}  // namespace heapledger::python
#pragma GCC visibility pop
