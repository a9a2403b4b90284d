// What was seen of the collections of one interpreter, and what was not.
//
// The interpreter counts its collections by itself. Whenever the callback is called, and in the end, its counts are compared
// with those that the callback knows of: a program may take the callback away, for good or for a while.
#pragma once

#include <cstdint>

#include "collector_memory.h"

#pragma GCC visibility push(hidden)  // see meson.build
namespace heapledger::python {

struct Interpreter;

/// Part of an Interpreter. Changed with its lock only, or where nobody collects.
struct CollectionAccount {
  const void* callback;    ///< in gc.callbacks; not owned. nullptr: this interpreter's collections are not watched
  CollectionCounts seen;   ///< by the interpreter's own count, with the one that is under way
};

/// The callback is in its list from here on; in the interpreter that the thread runs, which has just told its counts.
void open_account(const void* callback, const CollectionCounts& told) noexcept;

/// Of the callback, in the thread that collects.
void begin_collection(std::uint32_t generation) noexcept;
/// False: nobody saw its begin.
[[nodiscard]] bool end_collection(std::uint32_t generation, std::uint64_t collected, std::uint64_t uncollectable) noexcept;

/// The interpreter takes itself apart; inside of it.
void close_account(Interpreter& own, const void* interpreter) noexcept;
/// The process leaves: a look at every interpreter that is left, and at the collections that this thread is in.
void close_accounts_at_exit() noexcept;

}  // namespace heapledger::python
#pragma GCC visibility pop
