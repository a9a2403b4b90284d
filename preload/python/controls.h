// Controls: the program runs as if it had said something in its first line (HEAPLEDGER_GC, HEAPLEDGER_SLOTS).
//
// What becomes of each is told in records of its own (trace::Control): asked, then whatever happened. Switching the
// collector off needs no more than a thread state and is done inside malloc; everything else needs the interpreter and
// is done by a pending call, before the program's first line.
#pragma once

#include <link.h>

#include <cstdint>
#include <string_view>

#include "../../trace/codec.h"
#include "../../trace/format.h"

namespace heapledger {
struct Lane;
}

namespace heapledger::python {

/// An interpreter was found. From now on libc's malloc looks whether it is far enough (kWatchControls).
void install_controls(const link_map& object) noexcept;

/// Does what can be done by now. Called by libc's malloc while there is something left to do, whatever the interpreter
/// is about to do there.
[[gnu::cold]] void step_controls() noexcept;

/// The main interpreter is ending, and another one may come (Py_Initialize after Py_Finalize): what was done inside is to be
/// done there, too.
void expect_next_interpreter() noexcept;

/// Writes what became of every control so far: in the first records of a process, forked or not.
void describe_controls(Lane& lane) noexcept;

/// The process leaves: writes what never came to be, and what the program undid. Any context, with or without the GIL;
/// only reads the interpreter's memory.
void end_controls() noexcept;

/// A record of what became of a control. Not inside of another hook.
void tell_control(std::string_view name, std::string_view subject, trace::ControlOutcome outcome,
                  std::string_view text = {}) noexcept;

/// The record itself.
inline trace::Control control_record(std::string_view name, std::string_view subject, trace::ControlOutcome outcome,
                                     std::string_view text) noexcept {
  const auto bytes = [](std::string_view t) { return trace::Bytes{t.data(), t.size()}; };
  return {bytes(name), bytes(subject), static_cast<std::uint32_t>(outcome), bytes(text)};
}

}  // namespace heapledger::python
