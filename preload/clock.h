// The clock of events, and how to know without asking that it has not moved.
#pragma once

#include <atomic>
#include <cstdint>
#include <ctime>

#pragma GCC visibility push(hidden)  // see meson.build
namespace heapledger {

using ClockFunction = int (*)(clockid_t, timespec*);

/// clock_gettime() of the code page that the kernel gives every process (vdso(7)): of the 5 ns that a coarse clock takes,
/// libc's wrapper is half. libc's own where there is no such page, under valgrind for instance. Any thread, any context.
/// Returns 0 or a negative error number; leaves errno alone.
extern constinit ClockFunction g_clock;

/// Looks for it, and for the tick. Before the first event is recorded.
void find_clock() noexcept;

/// That page has a page of data beside it, in which the kernel keeps CLOCK_MONOTONIC_COARSE (it moves every 1 to 4 ms) as it
/// is given out, seconds and nanoseconds. This is the word of the nanoseconds; where none was found, one that stands for
/// kNoTick. The place is no promise of the kernel's, so it is found by what it says, and whenever it does not say what the
/// clock says - after setns(2) into a time namespace, say - it is never asked again.
extern constinit std::atomic<const std::int64_t*> g_tick;
inline constexpr std::int64_t kNoTick = -1;

/// Each event asks, so it must cost nothing: 1 of 4 ns that the clock takes, and no call.
inline std::int64_t tick() noexcept { return __atomic_load_n(g_tick.load(std::memory_order_relaxed), __ATOMIC_RELAXED); }

/// The coarse clock, and the tick that stands for it: as long as tick() gives the same, so does the clock. `kNeverTick`:
/// there is none. Finds out when the word does not follow the clock; call it now and then even if it does not change.
inline constexpr std::int64_t kNeverTick = -2;
std::int64_t read_clock(timespec& now) noexcept;

}  // namespace heapledger
#pragma GCC visibility pop
