// The table of further interpreters, and the ways to run something inside of one.
#include "interpreters.h"

#include "../hook.h"
#include "../settings.h"
#include "../sys.h"
#include "calls.h"
#include "collections.h"
#include "collector_control.h"
#include "controls.h"
#include "finder.h"
#include "frame_reader.h"
#include "frames.h"
#include "interpreter_table.h"
#include "parts.h"
#include "lookout.h"
#include "runtime.h"
#include "worlds.h"

namespace heapledger::python {

constinit Interpreter g_main = {};

namespace {

using Evaluate = void* (*)(void* thread, void* frame, int throwing);
/// Functions that only this needs. None of the first block allocates.
struct InterpreterFunctions {
  void* (*main)();
  std::int64_t (*id)(void*);
  Evaluate (*evaluation)(void*);           ///< _PyInterpreterState_GetEvalFrameFunc
  void (*set_evaluation)(void*, Evaluate);
  int (*add_pending_call)(void*, int (*)(void*), void*, int flags);  ///< _PyEval_AddPendingCall, as it is from 3.12 on

  const std::uint8_t* list_lock;  ///< 3.13+
  Evaluate evaluate;                       ///< _PyEval_EvalFrameDefault
};
constinit InterpreterFunctions g_functions = {};

constinit std::atomic<bool> g_busy = false;             ///< somebody takes a place
constinit std::atomic<bool> g_looks = false;            ///< somebody wants to know of further interpreters
constinit std::atomic<bool> g_is_on = false;            ///< they have collectors of their own, and can be reached

/// Of the calling thread, which is attached; nullptr: it is not.
void* running() noexcept {
  if (g_runtime.layout == nullptr) return nullptr;
  const auto* thread = static_cast<const std::byte*>(g_runtime.functions.current_thread());
  return thread != nullptr && holds_lock() ? load<void*>(thread, kThreadStateInterpreter) : nullptr;
}

// ------------------------------------------------------------------------------ inside of an interpreter

/// Whether modules can be imported: importlib's first finder is in place. That is far before `site`.
bool can_import() noexcept {
  const Functions& f = g_runtime.functions;
  void* finders = f.system_object("meta_path");
  const bool some = finders != nullptr && f.list_item(finders, 0) != nullptr;
  f.clear_error();
  return some;
}

bool can_see_collections() noexcept {
  return g_settings.wanted_events() == Events::none || (can_watch_collections() && watch_collections());
}

/// With its lock and without an exception. True: everything is done.
bool work_in(Interpreter& own) noexcept {
  if (own.state.load() < Interpreter::watched) {
    if (!can_import()) return false;
    if (!can_see_collections()) count_missed();
    control_collector_inside(own);
    watch_end(own);
    own.state.store(Interpreter::watched);
  }
  if (!freeze_further()) return false;
  own.state.store(Interpreter::done);
  return true;
}

/// In the place of the function that evaluates frames: the first frame that is about to run waits for the work.
void* evaluate(void* thread, void* frame, int throwing) noexcept {
  void* const address = running();
  Interpreter* const own = find_interpreter_at(address);
  if (address != nullptr && throwing == 0 && g_runtime.functions.error_occurred() == nullptr) {
    g_functions.set_evaluation(address, g_functions.evaluate);  // the work runs frames, too
    const bool finished = own == nullptr || own->state.load() >= Interpreter::done || work_in(*own);
    if (!finished) g_functions.set_evaluation(address, evaluate);
  }
  return g_functions.evaluate(thread, frame, throwing);
}

int work_pending(void*) noexcept {
  Interpreter* const own = find_interpreter_at(running());
  if (own != nullptr && own->state.load() < Interpreter::done && !work_in(*own)) ask(*own);
  return 0;
}

/// From 3.13 on a pending call takes the lock of the list of interpreters in some builds, and who calls an allocator may have
/// it: free-threaded collections do. While nobody has it, the caller does not; others give it back soon.
bool is_list_free() noexcept {
  constexpr int kPatience = 200;
  if (g_functions.list_lock == nullptr) return true;
  for (int i = 0; i < kPatience; ++i, sys::call(SYS_sched_yield))
    if ((__atomic_load_n(g_functions.list_lock, __ATOMIC_RELAXED) & 1) == 0) return true;
  return false;
}

bool hand_over(void* address) noexcept {
  if (!is_list_free()) return false;
  if (g_functions.add_pending_call != nullptr) return g_functions.add_pending_call(address, work_pending, nullptr, 0) == 0;
  if (g_functions.evaluation(address) != g_functions.evaluate) return false;  // the program has one of its own
  g_functions.set_evaluation(address, evaluate);
  return true;
}

constexpr const char* kCapsuleName = "heapledger.end";

/// Its last owner is the interpreter's own dict: this runs while the interpreter takes itself apart, when no code of the
/// program can run any more and objects can still be made. No program can see it. Whose it is, the capsule says: who ends an
/// interpreter that another thread made uses that thread's state, and seems to run none.
void on_interpreter_end(void* capsule) noexcept {
  auto* const place = static_cast<Interpreter*>(g_runtime.functions.capsule_pointer(capsule, kCapsuleName));
  if (place == nullptr) return g_runtime.functions.clear_error();
  Interpreter& own = *place;
  const void* ending = address_of(own);
  look_at_control_at_end(own, ending);
  close_account(own, ending);
  forget_instances();
  if (place != &g_main) end_world(ending);
  else expect_next_interpreter();
  if (own.state.exchange(Interpreter::ended, std::memory_order_acq_rel) == Interpreter::watched)
    tell_missed(Missed::never_reached);  // its start-up was never over
}

bool can_watch_end() noexcept {
  const Functions& f = g_runtime.functions;
  return f.dict_of_interpreter != nullptr && f.capsule_new != nullptr && f.capsule_pointer != nullptr && f.dict_set != nullptr &&
         f.dict_item != nullptr && f.dec_ref != nullptr && f.clear_error != nullptr;
}

}  // namespace

void enter_interpreter(const void* interpreter) noexcept {
  t_state.interpreter = interpreter;
  if (Lane* lane = t_state.lane; interpreter != t_state.entered && lane != nullptr && lane->stack.innermost != nullptr)
    lane->stack.forget();  // a forked child has the lane of its parent, wiped
  t_state.entered = interpreter;
  if (interpreter != nullptr) note_world(interpreter);
  if (!g_looks.load(std::memory_order_relaxed) || interpreter == nullptr) return;
  const void* main = g_functions.main();
  if (interpreter == main || main == nullptr) return;
  g_recording->further_interpreters.store(true, std::memory_order_relaxed);
  stop_looking();
  if (!g_is_on.load(std::memory_order_relaxed)) return;
  void* const address = const_cast<void*>(interpreter);
  const std::int64_t id = g_functions.id(address);
  if (!is_new(find_interpreter_at(address), id)) return;  // as the program has made it
  if (g_busy.exchange(true, std::memory_order_acquire)) return void(t_state.interpreter = nullptr);  // next time
  switch_off_further();
  take_place(address, id);
  g_busy.store(false, std::memory_order_release);
}

std::int64_t id_of(const void* interpreter) noexcept {
  return g_functions.id != nullptr ? g_functions.id(const_cast<void*>(interpreter)) : 0;
}

const void* main_interpreter() noexcept { return g_functions.main != nullptr ? g_functions.main() : nullptr; }

const void* address_of(const Interpreter& own) noexcept {
  return &own == &g_main ? main_interpreter() : own.address.load(std::memory_order_relaxed);
}

bool is_main_interpreter() noexcept { return g_functions.main == nullptr || running() == main_interpreter(); }

bool attend_interpreters() noexcept {
  if (is_looking()) look_out();
  if (!is_any_asked()) return is_looking();
  void* const address = running();
  Interpreter* const own = find_interpreter_at(address);
  if (own != nullptr && stop_asking(*own) && !hand_over(address)) ask(*own);
  return awaits_interpreters();
}

bool awaits_interpreters() noexcept { return is_looking() || is_any_asked(); }

void watch_end(Interpreter& own) noexcept {
  const Functions& f = g_runtime.functions;
  void* const address = running();
  if (address == nullptr || !can_watch_end()) return;
  void* dict = f.dict_of_interpreter(address);  // borrowed
  const bool is_wanted = dict != nullptr && f.dict_item(dict, kCapsuleName) == nullptr;  // one that goes would mean the end
  void* capsule = is_wanted ? f.capsule_new(&own, kCapsuleName, on_interpreter_end) : nullptr;
  if (capsule != nullptr) f.dict_set(dict, kCapsuleName, capsule);
  f.clear_error();
  drop(capsule);
}

void end_interpreters() noexcept {
  if (count_unreached()) tell_missed(Missed::never_reached);
  if (looks_late() && g_recording->further_interpreters.load(std::memory_order_relaxed)) tell_missed(Missed::maybe_late);
}

void install_interpreters(const link_map& object) noexcept {
  const Functions& f = g_runtime.functions;
  InterpreterFunctions& own = g_functions;
  const bool is_layout_known = g_runtime.layout != nullptr && find_function(object, own.main, "PyInterpreterState_Main");
  const bool wanted = g_settings.wanted_events() == Events::all || is_collector_controlled();
  g_looks.store(is_layout_known && (wanted || g_settings.slots[0] != '\0'), std::memory_order_relaxed);
  if (g_looks.load()) start_lookout();
  const bool found = find_function(object, own.id, "PyInterpreterState_GetID") &&
                     find_function(object, own.evaluation, "_PyInterpreterState_GetEvalFrameFunc") &&
                     find_function(object, own.set_evaluation, "_PyInterpreterState_SetEvalFrameFunc") &&
                     find_function(object, own.evaluate, "_PyEval_EvalFrameDefault");
  if (g_runtime.version_hex >= 0x030c0000) find_function(object, own.add_pending_call, "_PyEval_AddPendingCall");
  if (g_runtime.version_hex >= 0x030d0000) own.list_lock = find_list_lock(find_variable(object, "_PyRuntime"));
  const bool reachable = g_runtime.version_hex < 0x030c0000 ||
                         (own.add_pending_call != nullptr && (g_runtime.version_hex < 0x030d0000 || own.list_lock != nullptr));
  if (!found || !reachable || !is_layout_known || g_runtime.version_hex < 0x03090000) return;
  if (f.system_object == nullptr || f.list_item == nullptr || f.clear_error == nullptr || f.error_occurred == nullptr ||
      !can_watch_end())
    return;
  g_is_on.store(wanted, std::memory_order_relaxed);
}

}  // namespace heapledger::python
