// Thresholds, freezing, and the look at the collector when the interpreter ends: everything that needs the GIL.
#include <cstring>

#include "calls.h"
#include "collector_control.h"
#include "collector_memory.h"
#include "collector_state.h"
#include "interpreters.h"
#include "runtime.h"

namespace heapledger::python {

using trace::ControlOutcome;
using What = trace::GcControl::What;

namespace {

constinit void* g_freeze = nullptr;  ///< gc.freeze of the main interpreter, kept for the audit hook

/// A function of module gc, as a new reference.
void* gc_function(const char* name) noexcept {
  const Functions& f = g_runtime.functions;
  void* gc = f.import("gc");
  void* function = gc != nullptr ? f.get_attribute(gc, name) : nullptr;
  drop(gc);
  if (function == nullptr) f.clear_error();
  return function;
}

/// gc.get_threshold() begins with them.
bool thresholds_are_as_asked(void* get_threshold) noexcept {
  const Functions& f = g_runtime.functions;
  void* got = f.call(get_threshold, nullptr);
  bool same = got != nullptr;
  for (unsigned i = 0; same && i < g_gc_asked.count; ++i) {
    void* number = f.tuple_item(got, static_cast<long>(i));  // borrowed
    same = number != nullptr && f.long_as_long(number) == g_gc_asked.thresholds[i];
  }
  drop(got);
  f.clear_error();
  return same;
}

/// What went wrong; nullptr: nothing.
const char* set_thresholds() noexcept {
  constexpr const char* kForms[] = {"(i)", "(ii)", "(iii)"};
  const Functions& f = g_runtime.functions;
  const int* wanted = g_gc_asked.thresholds;
  void* set = gc_function("set_threshold");
  void* get_threshold = gc_function("get_threshold");
  void* arguments = g_collector.build_value(kForms[g_gc_asked.count - 1], wanted[0], wanted[1], wanted[2]);
  void* done = set != nullptr && arguments != nullptr ? f.call(set, arguments) : nullptr;
  f.clear_error();
  drop(done, arguments, set);
  const bool same = get_threshold != nullptr && thresholds_are_as_asked(get_threshold);
  drop(get_threshold);
  if (done == nullptr || get_threshold == nullptr) return "gc.set_threshold failed";
  return same ? nullptr : "gc.get_threshold() does not give back what was set";
}

/// gc.freeze(), once.
void freeze() noexcept {
  const Functions& f = g_runtime.functions;
  void* const function = g_freeze;
  if (function == nullptr) return;
  g_freeze = nullptr;
  void* done = f.call(function, nullptr);
  f.dec_ref(function);
  f.clear_error();
  if (done == nullptr) return tell_collector(ControlOutcome::refused, "gc.freeze failed");
  f.dec_ref(done);
  tell_collector(ControlOutcome::applied, "");
}

/// The interpreter is about to run the program: `python3 -c`, a script, -m, or standard input.
int on_audit(const char* event, void* /*arguments*/, void* /*data*/) noexcept {
  constexpr const char kRun[] = "cpython.run_";
  if (g_freeze == nullptr || std::strncmp(event, kRun, sizeof kRun - 1) != 0) return 0;
  const char* what = event + sizeof kRun - 1;
  for (const char* known : {"command", "file", "module", "stdin"})
    if (std::strcmp(what, known) == 0) freeze();
  return 0;
}

/// Whether `import site` is over, or is not made. The event of the run may have been by then.
bool start_up_is_over() noexcept {
  const Functions& f = g_runtime.functions;
  void* modules = f.system_object("modules");  // borrowed
  void* flags = f.system_object("flags");
  void* no_site = flags != nullptr ? f.get_attribute(flags, "no_site") : nullptr;
  const bool skipped = no_site != nullptr && f.long_as_long(no_site) == 1;
  void* site = modules != nullptr ? f.dict_item(modules, "site") : nullptr;  // borrowed
  void* spec = site != nullptr ? f.get_attribute(site, "__spec__") : nullptr;
  void* running = spec != nullptr ? f.get_attribute(spec, "_initializing") : nullptr;
  const bool done = running != nullptr && f.long_as_long(running) == 0;
  drop(no_site, spec, running);
  f.clear_error();
  return skipped || done;
}

void prepare_freeze() noexcept {
  g_gc_outcome.store(ControlOutcome::asked, std::memory_order_release);  // that of an earlier interpreter is not this one's
  g_freeze = gc_function("freeze");
  if (g_freeze == nullptr) return tell_collector(ControlOutcome::refused, "this interpreter has no gc.freeze");
  if (start_up_is_over()) return freeze();
  if (g_collector.add_audit_hook(on_audit, nullptr) == 0) return;
  g_runtime.functions.clear_error();
  tell_collector(ControlOutcome::refused, "an audit hook of the program refused another one");
}

}  // namespace

bool freeze_further() noexcept {
  const Functions& f = g_runtime.functions;
  if (!is_asked(What::freeze) || !is_collector_controlled()) return true;
  if (!start_up_is_over()) return false;
  void* function = gc_function("freeze");
  void* done = function != nullptr ? f.call(function, nullptr) : nullptr;
  f.clear_error();
  if (done == nullptr) tell_collector(ControlOutcome::refused, "gc.freeze failed");
  drop(done, function);
  return true;
}

void control_collector_inside(Interpreter& own) noexcept {
  if (!is_collector_controlled()) return;
  const bool is_main = &own == &g_main;
  if (is_asked(What::threshold)) {
    const char* wrong = set_thresholds();
    const CollectorMemory memory(address_of(own));
    own.has_thresholds = wrong == nullptr && memory && memory.find_thresholds(g_gc_asked.thresholds, g_gc_asked.count);
    if (own.has_thresholds) own.thresholds = memory.thresholds();
    if (wrong != nullptr) tell_collector(ControlOutcome::refused, wrong);
    else if (is_main) tell_collector(ControlOutcome::applied, "");
  }
  if (is_asked(What::freeze) && is_main) prepare_freeze();
}

void control_collector_of_main() noexcept {
  if (g_main.state.load() == Interpreter::ended) switch_off_further();
  control_collector_inside(g_main);
}

}  // namespace heapledger::python
