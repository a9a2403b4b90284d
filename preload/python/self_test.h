// The self-test of the frame walk.
//
// Runs once, as a pending call with the GIL: the frames as the C API shows them must be those of the memory walk, in code
// object and line. What it allocates is recorded like anything else: some of it (names in the interpreter's caches) outlives
// the test, and its free must find its allocation.
#pragma once

#include "../../trace/format.h"

#pragma GCC visibility push(hidden)  // see meson.build
namespace heapledger::python {

/// What is known of the stack reader, and with it whether frames are walked. Any thread.
void set_stack_state(trace::StackState state) noexcept;

/// Frames are walked, and the interpreter has what the test asks of it.
[[nodiscard]] bool can_self_test() noexcept;

/// Compares, and records the outcome. When the walk is wrong, stacks and types end here. False: there was nothing to compare.
bool self_test() noexcept;

}  // namespace heapledger::python
#pragma GCC visibility pop
