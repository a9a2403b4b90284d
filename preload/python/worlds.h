// Which objects a thread may look at: those under the lock that it holds.
//
// Up to 3.11 one lock serves all interpreters. From 3.12 on an interpreter may have one of its own, and the objects that
// were made under each are a world. While only one was seen, its last lane stands in one word (object_lane) that settle()
// compares. When a second shows up, that word is cleared for good, so that every event of the domains comes to take_over(),
// and the last lane of each world stands in a table.
//
// A thread that goes from one world to another may not look at what it has pending any more. It leaves it behind under a
// claim of that world: whoever comes next there looks at it, and the thread writes what was found when it is back.
#pragma once

#include <atomic>
#include <cstdint>

#include "../lane.h"

#pragma GCC visibility push(hidden)  // see meson.build
namespace heapledger::python {

/// The interpreter whose objects were expected last, while there is one world. Others have to be looked at first.
extern constinit std::atomic<const void*> g_adopted;

/// Calls work(lane) unless there are several worlds, and lets none begin meanwhile: whoever holds the interpreter's lock may
/// look at the types of all lanes. Inside any hook, with that lock.
bool while_one_world(Lane& lane, void (*work)(Lane&) noexcept) noexcept;

/// The interpreter that the calling thread runs is another one than before: its lock may be new. Inside any hook.
void note_world(const void* interpreter) noexcept;

/// An event of the domains on a lane that was not the last one: what was pending before, there and here, is settled.
[[gnu::cold, gnu::noinline]] void take_over(Lane& lane) noexcept;

/// Whether a new object of the interpreter that the thread runs can be expected; take_over() has been called.
[[gnu::cold, gnu::noinline]] bool adopt_interpreter(const Lane& lane) noexcept;

/// The interpreter takes itself apart: nothing in its world will be looked at.
void end_world(const void* interpreter) noexcept;

}  // namespace heapledger::python
#pragma GCC visibility pop
