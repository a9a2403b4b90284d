// Garbage collections: an entry in gc.callbacks, put there by a pending call before the program's first line.
//
// The program can see it: gc.callbacks has one element more, and a program that clears the list ends the watching.
#pragma once

#include <atomic>

#pragma GCC visibility push(hidden)  // see meson.build
namespace heapledger::python {

/// Forked children go on watching.
extern constinit std::atomic<bool> g_collections_watched;

/// Functions of the interpreter that this needs were all found.
[[nodiscard]] bool can_watch_collections() noexcept;

/// With the GIL and without an exception set, as in a pending call; for the interpreter that it runs in. Records how
/// often each generation was collected before. False: it cannot be watched.
bool watch_collections() noexcept;

}  // namespace heapledger::python
#pragma GCC visibility pop
