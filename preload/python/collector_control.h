// HEAPLEDGER_GC: the collector off, with other thresholds, or its objects frozen.
#pragma once

#include <link.h>

namespace heapledger {
struct Lane;
}

namespace heapledger::python {

/// Reads the variable and looks up what it needs. True: step_collector() has something to do.
bool install_collector_control(const link_map& object) noexcept;

/// Off as soon as the calling thread's interpreter exists; any depth of hooks. True while it has to be called again.
bool step_collector() noexcept;

struct Interpreter;

/// Something was asked for, and can be done.
[[nodiscard]] bool is_collector_controlled() noexcept;

/// Inside of an interpreter, with its lock and no exception set: thresholds, and freezing in the main one.
void control_collector_inside(Interpreter& own) noexcept;

/// In the main interpreter, in a pending call: the same. One that comes after another has its collector switched off there.
void control_collector_of_main() noexcept;

/// The collector of an interpreter that the calling thread begins to run, and is not the first one. Any depth of hooks.
void switch_off_further() noexcept;
/// The same for freezing, inside of it: it is done when its start-up is over. False: it is not. Further interpreters have
/// no event of a program that begins to run.
[[nodiscard]] bool freeze_further() noexcept;
/// An interpreter was never reached; or, where its RAW is not libc's malloc and the domains are not hooked, maybe late.
enum class Missed : bool { never_reached, maybe_late };
void tell_missed(Missed how) noexcept;

/// The collector as the program has it: a record when it is not as was asked. Reads memory only.
void look_at_control(const Interpreter& own, const void* interpreter) noexcept;
/// The same as the program left it, in the end of an interpreter; of every one that is left, when the process leaves.
void look_at_control_at_end(const Interpreter& own, const void* interpreter) noexcept;
void look_at_control_at_exit() noexcept;

void describe_collector_control(Lane& lane) noexcept;
void end_collector_control() noexcept;

}  // namespace heapledger::python
