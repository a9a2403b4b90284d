// What collector_control.cc (any context) and collector_inside.cc (with the GIL) share.
#pragma once

#include <atomic>

#include "../../trace/controls.h"
#include "../../trace/format.h"

#pragma GCC visibility push(hidden)  // see meson.build
namespace heapledger::python {

/// Functions that only these controls need; see Functions.
struct CollectorFunctions {
  int (*disable)();     ///< PyGC_Disable (3.10+); needs no more than a thread state, allocates nothing
  int (*is_enabled)();  ///< the same
  void* runtime;        ///< _PyRuntime, for 3.8
  void* (*build_value)(const char*, ...);
  int (*add_audit_hook)(int (*)(const char*, void*, void*), void*);
};
extern constinit CollectorFunctions g_collector;

/// What HEAPLEDGER_GC says.
extern constinit trace::GcControl g_gc_asked;
/// What is known so far; children inherit it.
extern constinit std::atomic<trace::ControlOutcome> g_gc_outcome;

[[nodiscard]] inline bool is_asked(trace::GcControl::What what) noexcept { return g_gc_asked.what == what; }

/// A new outcome and its record. `text` is a constant.
void tell_collector(trace::ControlOutcome outcome, const char* text) noexcept;

}  // namespace heapledger::python
#pragma GCC visibility pop
