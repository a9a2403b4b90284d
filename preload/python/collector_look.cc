// What the program made of HEAPLEDGER_GC: looked at when a collection begins and in every end.
#include "../hook.h"
#include "collector_control.h"
#include "collector_memory.h"
#include "collector_state.h"
#include "interpreter_table.h"
#include "interpreters.h"

namespace heapledger::python {

using trace::ControlOutcome;
using What = trace::GcControl::What;

namespace {

bool is_applied() noexcept { return g_gc_outcome.load(std::memory_order_acquire) == ControlOutcome::applied; }

void tell_undone(const char* text) noexcept { tell_collector(ControlOutcome::undone, text); }

}  // namespace

void look_at_control(const Interpreter& own, const void* interpreter) noexcept {
  const CollectorMemory memory(interpreter);
  if (!is_applied()) return;
  if (!memory) {  // of a version that is not known
    const bool is_on = g_collector.is_enabled != nullptr && g_collector.is_enabled() != 0;
    if (is_asked(What::off) && is_on) tell_undone("enabled by the program");
    return;
  }
  if (is_asked(What::off) && memory.is_enabled()) return tell_undone("enabled by the program");
  if (is_asked(What::threshold) && own.has_thresholds && memory.thresholds() != own.thresholds)
    return tell_undone("the program set other thresholds");
  const bool is_frozen = &own == &g_main || own.state.load(std::memory_order_relaxed) >= Interpreter::done;
  if (is_asked(What::freeze) && is_frozen && !memory.has_frozen()) tell_undone("the program called gc.unfreeze()");
}

void look_at_control_at_end(const Interpreter& own, const void* interpreter) noexcept {
  look_at_control(own, interpreter);
  const CollectorMemory memory(interpreter);
  if (!is_applied() || !memory) return;
  if (is_asked(What::threshold) && own.has_thresholds && own.thresholds.of[0] != 0 && !memory.is_enabled())
    tell_undone("the program switched the collector off");
}

void look_at_control_at_exit() noexcept {
  if (g_main.state.load() != Interpreter::ended) look_at_control_at_end(g_main, main_interpreter());
  for_each_left([](Interpreter& one, const void* address) {
    if (one.state.load() != Interpreter::begun) look_at_control_at_end(one, address);
  });
}

}  // namespace heapledger::python
