// Switching Python's collector off, what became of each HEAPLEDGER_GC, and what the program made of it.
#include "collector_control.h"

#include "../hook.h"
#include "../settings.h"
#include "collector_state.h"
#include "controls.h"
#include "finder.h"
#include "frame_reader.h"
#include "frames.h"
#include "runtime.h"

namespace heapledger::python {

using trace::ControlOutcome;
using What = trace::GcControl::What;

constinit CollectorFunctions g_collector = {};
constinit trace::GcControl g_gc_asked = {};
constinit std::atomic<ControlOutcome> g_gc_outcome = ControlOutcome::asked;

namespace {

constinit const char* g_text = "";  ///< of the outcome; written before it
/// Switching off is told once, outside of every hook, though it may be done inside one.
constinit std::atomic<bool> g_is_told = false;

/// Whether the collector runs by itself, in the interpreter of the current thread state; nullptr: not kept so.
int* collector_switch() noexcept {
  const CollectorSwitch* place = find_collector_switch(g_runtime.version_hex);
  if (place == nullptr) return nullptr;
  auto* base = static_cast<std::byte*>(g_collector.runtime);
  if (!place->in_runtime) {
    const void* thread = g_runtime.functions.current_thread();
    base = thread != nullptr ? load<std::byte*>(thread, kThreadStateInterpreter) : nullptr;
  }
  return base != nullptr ? reinterpret_cast<int*>(base + place->offset) : nullptr;
}

bool can_switch() noexcept {
  return (g_collector.disable != nullptr && g_collector.is_enabled != nullptr) ||
         (find_collector_switch(g_runtime.version_hex) != nullptr && g_collector.runtime != nullptr);
}

/// Off in the interpreter that the calling thread is in. False: there is none yet.
bool switch_off() noexcept {
  const void* thread = g_runtime.functions.current_thread();
  if (thread == nullptr || load<const void*>(thread, kThreadStateInterpreter) == nullptr) return false;
  if (g_collector.disable != nullptr) return g_collector.disable(), true;
  int* on = collector_switch();
  if (on == nullptr || *on != 1) return false;  // not initialised yet
  *on = 0;
  return true;
}

/// Whether the calling thread itself is in the interpreter. Up to 3.11 the current thread state may be another's.
bool is_inside() noexcept {
  return g_runtime.layout != nullptr && g_runtime.functions.is_initialized() != 0 && holds_lock();
}

bool find_functions(const link_map& o, CollectorFunctions& c) noexcept {
  const Functions& f = g_runtime.functions;
  find_function(o, c.disable, "PyGC_Disable");
  find_function(o, c.is_enabled, "PyGC_IsEnabled");
  find_function(o, c.runtime, "_PyRuntime");
  return find_function(o, c.build_value, "Py_BuildValue") &&
         find_function(o, c.add_audit_hook, "PySys_AddAuditHook") && f.dict_of_interpreter != nullptr &&
         f.capsule_new != nullptr && f.capsule_pointer != nullptr && f.dict_set != nullptr && f.system_object != nullptr &&
         f.error_occurred != nullptr && f.current_thread != nullptr &&
         f.add_pending_call != nullptr && f.import != nullptr && f.get_attribute != nullptr &&
         f.call != nullptr && f.tuple_item != nullptr && f.long_as_long != nullptr && f.dict_item != nullptr &&
         f.dec_ref != nullptr && f.clear_error != nullptr;
}

}  // namespace

void tell_collector(ControlOutcome outcome, const char* text) noexcept {
  g_text = text;
  g_gc_outcome.store(outcome, std::memory_order_release);
  tell_control(trace::kControlGc, g_settings.gc, outcome, text);
}

bool is_collector_controlled() noexcept {
  return !is_asked(What::none) && !is_asked(What::unknown) &&
         g_gc_outcome.load(std::memory_order_relaxed) != ControlOutcome::refused;
}

void switch_off_further() noexcept {
  if (is_asked(What::off) && is_collector_controlled()) (void)switch_off();
}

void tell_missed(Missed how) noexcept {
  if (g_gc_outcome.load(std::memory_order_acquire) != ControlOutcome::applied) return;
  if (how == Missed::maybe_late)
    return tell_collector(ControlOutcome::refused, "an interpreter beside the main one may have begun before it was done there");
  if (!is_asked(What::off))
    tell_collector(ControlOutcome::refused, "an interpreter beside the main one could not be reached");
}

bool install_collector_control(const link_map& object) noexcept {
  g_gc_asked = trace::parse_gc(g_settings.gc);
  if (is_asked(What::none) || is_asked(What::unknown)) return false;
  if (find_functions(object, g_collector) && (!is_asked(What::off) || can_switch())) return true;
  g_text = "this interpreter lacks a function that is needed";
  g_gc_outcome.store(ControlOutcome::refused, std::memory_order_release);
  return false;
}

bool step_collector() noexcept {
  if (!is_asked(What::off) || g_is_told.load(std::memory_order_relaxed)) return false;
  if (g_gc_outcome.load(std::memory_order_relaxed) == ControlOutcome::asked) {
    if (!switch_off()) return true;
    g_gc_outcome.store(ControlOutcome::applied, std::memory_order_release);
  }
  if (t_state.depth != hook::kIdle) return true;
  if (!g_is_told.exchange(true, std::memory_order_relaxed)) tell_collector(ControlOutcome::applied, "");
  return false;
}

void describe_collector_control(Lane& lane) noexcept {
  if (g_settings.gc[0] == '\0') return;
  const bool is_unknown = trace::parse_gc(g_settings.gc).what == What::unknown;
  const std::string_view text =
      is_unknown ? "HEAPLEDGER_GC says none of off, threshold=G0[,G1[,G2]] and freeze" : g_text;
  const auto outcome = is_unknown ? ControlOutcome::refused : g_gc_outcome.load(std::memory_order_acquire);
  lane.append(control_record(trace::kControlGc, g_settings.gc, outcome, text));
}

void end_collector_control() noexcept {
  if (g_collector.disable == nullptr && g_collector.runtime == nullptr) return;
  if (is_asked(What::freeze) && g_gc_outcome.load(std::memory_order_relaxed) == ControlOutcome::asked)
    tell_collector(ControlOutcome::missing, "the interpreter never began to run a program");
  else if (is_inside())
    look_at_control_at_exit();
}

}  // namespace heapledger::python
