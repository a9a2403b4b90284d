// When each control is applied, and the records of what became of them.
#include "controls.h"

#include "../../trace/controls.h"
#include "../hook.h"
#include "../settings.h"
#include "collector_control.h"
#include "interpreters.h"
#include "runtime.h"
#include "slots.h"

namespace heapledger::python {

namespace {

/// Work for the pending call: not yet handed over, handed over, none.
enum class Inside : unsigned char { none, wanted, handed_over };
constinit std::atomic<Inside> g_inside = Inside::none;
constinit std::atomic<bool> g_ended = false;

/// The pending call, with the GIL and no exception set. What it allocates is recorded like anything else.
int apply_inside(void*) noexcept {
  control_collector_of_main();
  replace_build_class();
  watch_end(g_main);
  return 0;
}

/// As soon as the interpreter takes pending calls, whether or not a frame runs: they are made before the first line of
/// the first frame.
void hand_over() noexcept {
  const Functions& f = g_runtime.functions;
  const hook::Guard guard;
  if (f.is_initialized() == 0 || f.current_thread() == nullptr) return;
  Inside wanted = Inside::wanted;
  if (!g_inside.compare_exchange_strong(wanted, Inside::handed_over, std::memory_order_relaxed)) return;
  if (f.add_pending_call(apply_inside, nullptr) != 0) g_inside.store(Inside::wanted, std::memory_order_relaxed);
}

/// The domains do it, where they are hooked.
bool must_attend() noexcept { return g_settings.wanted_events() == Events::none && awaits_interpreters(); }

void step() noexcept {
  const bool again = step_collector() || must_attend();
  if (t_state.depth != hook::kIdle) return;
  if (g_inside.load(std::memory_order_relaxed) == Inside::wanted) hand_over();
  if (must_attend()) {
    const hook::Guard guard;
    attend_interpreters();
  }
  if (again || g_inside.load(std::memory_order_relaxed) == Inside::wanted) return;
  g_watch.fetch_and(static_cast<unsigned char>(~kWatchControls));
  if (must_attend()) g_watch.fetch_or(kWatchControls);  // another thread came between
}

}  // namespace

void tell_control(std::string_view name, std::string_view subject, trace::ControlOutcome outcome,
                  std::string_view text) noexcept {
  hook::record_with_time(control_record(name, subject, outcome, text));
}

void install_controls(const link_map& object) noexcept {
  const bool collector = install_collector_control(object), slots = install_slots(object);
  if (!collector && !slots) return;
  if (g_runtime.functions.add_pending_call != nullptr) g_inside.store(Inside::wanted, std::memory_order_relaxed);
  g_watch.fetch_or(kWatchControls, std::memory_order_release);
}

/// The state of a thread may be thread-local storage that is allocated when it is asked for.
void step_controls() noexcept {
  if (t_state.steps_controls) return;
  t_state.steps_controls = true;
  step();
  t_state.steps_controls = false;
}

void expect_next_interpreter() noexcept {
  Inside done = Inside::handed_over;
  if (!g_inside.compare_exchange_strong(done, Inside::wanted, std::memory_order_relaxed)) return;
  g_watch.fetch_or(kWatchControls, std::memory_order_release);
}

void describe_controls(Lane& lane) noexcept {
  if (g_settings.wanted_events() == Events::none)
    lane.append(control_record(trace::kControlEvents, "none", trace::ControlOutcome::applied, {}));
  describe_collector_control(lane);
  describe_slots(lane);
}

void end_controls() noexcept {
  if (g_ended.exchange(true, std::memory_order_relaxed)) return;
  end_interpreters();
  end_collector_control();
  end_slots();
}

}  // namespace heapledger::python
