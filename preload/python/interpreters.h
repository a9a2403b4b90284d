// Interpreters beside the main one. Each has modules and classes of its own, and from 3.9 on a collector with callbacks,
// thresholds and a switch; so what is done to the main interpreter has to be done to each.
//
//   a thread runs it for the first time   current_frame() finds another interpreter in the thread's state
//   HEAPLEDGER_GC=off                     at once, inside the allocator: before anything could be collected
//   everything else                       in its own start-up, long before its first line: by the function that evaluates
//                                         its frames (3.9 to 3.11, where pending calls are only made in the main thread),
//                                         by a pending call of its own (3.12+)
//   its end                               a capsule in its dict dies; the address may be the next one's
//
// Up to 3.8 one collector serves all interpreters, and there is nothing to do.
#pragma once

#include <link.h>

#include <atomic>
#include <cstdint>

#include "collection_account.h"

#pragma GCC visibility push(hidden)  // see meson.build
namespace heapledger::python {

/// What is kept for one interpreter.
struct Interpreter {
  enum State : std::uint32_t { none, begun, watched, done, ended };
  std::atomic<const void*> address;
  std::atomic<State> state;  ///< watched: only freezing is left to do
  std::atomic<bool> waits;   ///< for a thread that runs it, to hand the work over
  std::atomic<std::int64_t> id;  ///< never used again while the runtime lasts
  CollectionAccount collections;
  CollectorThresholds thresholds;  ///< that HEAPLEDGER_GC=threshold made
  bool has_thresholds;
};
extern constinit Interpreter g_main;

void install_interpreters(const link_map& object) noexcept;

/// The calling thread, which is attached to it, runs this interpreter from here on. Inside any hook.
[[gnu::cold, gnu::noinline]] void enter_interpreter(const void* interpreter) noexcept;

/// Never used again while the runtime lasts.
[[nodiscard]] std::int64_t id_of(const void* interpreter) noexcept;
/// nullptr: there is none.
[[nodiscard]] const void* main_interpreter() noexcept;
/// Of the main one, too, which has no place in the table.
[[nodiscard]] const void* address_of(const Interpreter& own) noexcept;
/// Whether the calling thread runs it.
[[nodiscard]] bool is_main_interpreter() noexcept;

/// Hands the work over to the interpreter that the calling thread runs, if it still has to be. True: it has to be called
/// again. Outside of every hook, or with a guard.
bool attend_interpreters() noexcept;

/// Whether it has to be called by libc's malloc, where nothing else does: HEAPLEDGER_EVENTS=none.
[[nodiscard]] bool awaits_interpreters() noexcept;

/// Inside of an interpreter: when it ends, the collector is looked at (look_at_control_at_end), and its place becomes free.
void watch_end(Interpreter& own) noexcept;

/// The process leaves: counts those that were never reached, and tells what that means for the controls.
void end_interpreters() noexcept;

}  // namespace heapledger::python
#pragma GCC visibility pop
