// Start, fork, thread end and exit of the recording. Nothing here is on the hot path.
#pragma once

#include <atomic>

#pragma GCC visibility push(hidden)  // see meson.build
namespace heapledger {

struct Lane;

namespace lifecycle {

enum class Mode : unsigned char {
  unknown,  ///< no hook has run yet
  off,      ///< nothing is recorded: HEAPLEDGER_OUT is not set, or there is no memory for the recorder
  on,
  rare,     ///< HEAPLEDGER_EVENTS=none: processes, interpreters and controls are described, no event is recorded
};

/// Read by every hook. unknown -> off or on at the first call, never back.
extern constinit std::atomic<Mode> g_mode;

/// Reads the settings and decides the mode, once, whoever comes first: an early allocation of the loader or of another
/// library's constructor, or our own constructor. True when the mode is on; false also when it is rare.
bool initialise() noexcept;

/// Creates the trace of this process if it has none yet (first event, or first event after fork).
bool ensure_started() noexcept;

/// Writes executable, arguments and directory; the first records of a trace.
void describe_process(Lane& lane) noexcept;

/// Begins the trace: it is there also when the program never allocates.
void say_hello() noexcept;

/// The process leaves by exit or _exit: its last words, and the mark that the trace is whole. Also in signal handlers.
void end_process() noexcept;

/// Arranges for release_lane() when the calling thread ends.
void watch_thread_end() noexcept;

}  // namespace lifecycle
}  // namespace heapledger
#pragma GCC visibility pop
