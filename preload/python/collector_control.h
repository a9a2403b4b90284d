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

/// With the GIL, in a pending call: thresholds and freezing, and a look at the collector when the interpreter ends.
void control_collector_inside() noexcept;

void describe_collector_control(Lane& lane) noexcept;
void end_collector_control() noexcept;

}  // namespace heapledger::python
