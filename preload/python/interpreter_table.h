// The interpreters beside the main one that are known: one place each, found by its address and told apart by its number.
#pragma once

#include "interpreters.h"

namespace heapledger::python {

/// nullptr: it has no place.
Interpreter* find_interpreter_at(const void* address) noexcept;

/// Whether an interpreter of this number has no place yet: its address is new, or is used again.
[[nodiscard]] bool is_new(const Interpreter* place, std::int64_t id) noexcept;
/// Gives it one, and asks for its work. One thread at a time.
void take_place(void* address, std::int64_t id) noexcept;

/// The runtime is not there (any more): the next one numbers its interpreters from the beginning.
void forget_ended_interpreters() noexcept;

/// A thread that runs it shall hand its work over.
void ask(Interpreter& one) noexcept;
/// The calling thread does it. False: nobody has asked, or another thread does.
[[nodiscard]] bool stop_asking(Interpreter& one) noexcept;
[[nodiscard]] bool is_any_asked() noexcept;

/// Those that have not ended, as far as their memory is there: the process may be leaving while they do.
void for_each_left(void (*look)(Interpreter&, const void* address)) noexcept;

/// What an interpreter collects is not in the trace.
void count_missed() noexcept;
/// Counts those that were never reached. True: some were not, or not wholly.
[[nodiscard]] bool count_unreached() noexcept;

}  // namespace heapledger::python
