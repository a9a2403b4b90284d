// The clock of events.
#pragma once

#include <ctime>

#pragma GCC visibility push(hidden)  // see meson.build
namespace heapledger {

using ClockFunction = int (*)(clockid_t, timespec*);

/// clock_gettime() of the code page that the kernel gives every process (vdso(7)): of the 5 ns that a coarse clock takes,
/// libc's wrapper is half, and each event asks. libc's own where there is no such page, under valgrind for instance. Any
/// thread, any context. Returns 0 or a negative error number; leaves errno alone.
extern constinit ClockFunction g_clock;

/// Looks for it. Before the first event is recorded.
void find_clock() noexcept;

}  // namespace heapledger
#pragma GCC visibility pop
