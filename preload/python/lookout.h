// Looking for further interpreters where the hot path reads no frames (HEAPLEDGER_STACKS=none, HEAPLEDGER_EVENTS=none, a layout
// that is not what it is taken for).
//
// The state of an interpreter is a large zeroed block of RAW. The thread that asked for such a block looks at its allocations
// whether it runs another interpreter by now; nobody else does, and nobody at any other time.
#pragma once

#include <cstddef>

namespace heapledger::python {

/// No state of an interpreter is smaller, from 3.9 on.
inline constexpr std::size_t kLeastInterpreter = 4096;

/// Interpreters are to be found from here on.
void start_lookout() noexcept;

/// The calling thread asks for a zeroed block of this size, which is not smaller than that.
[[gnu::cold, gnu::noinline]] void expect_interpreter(std::size_t size) noexcept;

/// attend_interpreters() is to be called: by the domains, or by libc's malloc where they are not hooked.
void call_attention() noexcept;

/// Whether some thread looks.
[[nodiscard]] bool is_looking() noexcept;
/// Where that cannot be seen soon enough: RAW is never libc's malloc, and the domains are not hooked.
[[nodiscard]] bool looks_late() noexcept;
/// Looks. It is an allocation less to look at.
void look_out() noexcept;
/// The calling thread has found one.
void stop_looking() noexcept;

}  // namespace heapledger::python
