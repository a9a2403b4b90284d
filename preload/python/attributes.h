// Names of the attributes that instances of a class have, from the table of keys that their dicts share.
#pragma once

namespace heapledger::python {

/// Writes what is not yet in the trace. The caller holds the interpreter's lock; called when the collector has looked at
/// everything - also at the end of the interpreter - and when the process leaves without one.
[[gnu::cold, gnu::noinline]] void write_attributes() noexcept;

/// The process is about to leave by _exit: the same, if this thread holds the lock and has a lane.
[[gnu::cold, gnu::noinline]] void write_attributes_at_exit() noexcept;

}  // namespace heapledger::python
