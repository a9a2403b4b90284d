// The table of further interpreters, and the ways to run something inside of one.
#include "interpreters.h"

#include "../hook.h"
#include "../settings.h"
#include "calls.h"
#include "collections.h"
#include "collector_control.h"
#include "finder.h"
#include "frame_reader.h"
#include "frames.h"
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

  Evaluate evaluate;                       ///< _PyEval_EvalFrameDefault
};
constinit InterpreterFunctions g_functions = {};

constexpr std::uint32_t kMostInterpreters = 1024;
constinit Interpreter g_interpreters[kMostInterpreters] = {};
constinit std::atomic<std::uint32_t> g_used = 0;        ///< places in front that were ever taken
constinit std::atomic<std::uint32_t> g_waiting = 0;     ///< places of which `waits` is set
constinit std::atomic<bool> g_busy = false;             ///< somebody takes a place
constinit std::atomic<bool> g_looks = false;            ///< somebody wants to know of further interpreters
constinit std::atomic<bool> g_is_on = false;            ///< they have collectors of their own, and can be reached

/// Of the calling thread, which is attached; nullptr: it is not.
void* running() noexcept {
  const auto* thread = static_cast<const std::byte*>(g_runtime.functions.current_thread());
  return thread != nullptr && holds_lock() ? load<void*>(thread, kThreadStateInterpreter) : nullptr;
}

Interpreter* find(const void* address) noexcept {
  const std::uint32_t used = g_used.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < used; ++i)
    if (g_interpreters[i].address.load(std::memory_order_relaxed) == address) return &g_interpreters[i];
  return nullptr;
}

constinit std::atomic<std::int64_t> g_last_missed = 0;  ///< 0, the number of the main one: none was

/// It was not reached, and what it collected is not in the trace. Interpreters are numbered in the order of their births.
void count_missed(std::int64_t id) noexcept {
  if (g_last_missed.exchange(id, std::memory_order_relaxed) == id) return;
  if (trace::FileHeader* h = g_recording->header.load(std::memory_order_acquire); h != nullptr)
    h->missed_interpreters.fetch_add(1, std::memory_order_relaxed);
}

/// A place for an interpreter whose address has none: of one that has ended, or behind the others.
Interpreter* free_place() noexcept {
  constexpr std::uint32_t kSome = 64;         // places that are not used again at once
  constinit static std::uint32_t next = 0;    // one after the other: an interpreter that is just ending keeps its place
  const std::uint32_t used = g_used.load(std::memory_order_relaxed);
  for (std::uint32_t i = 0; used >= kSome && i < used; ++i) {
    Interpreter& one = g_interpreters[next++ % used];
    if (one.state.load(std::memory_order_relaxed) == Interpreter::ended) return &one;
  }
  if (used == kMostInterpreters) return nullptr;
  g_used.store(used + 1, std::memory_order_release);
  return &g_interpreters[used];
}

void ask(Interpreter& one) noexcept {
  if (!one.waits.exchange(true)) g_waiting.fetch_add(1);
  call_attention();
}
bool stop_asking(Interpreter& one) noexcept { return one.waits.exchange(false) && g_waiting.fetch_sub(1) != 0; }

/// It is new: its address is, or its number at an old address.
void take_place(void* address) noexcept {
  Interpreter* place = find(address);
  const std::int64_t id = g_functions.id(address);
  if (place != nullptr && place->id == id) return;
  if (place != nullptr && place->state.load() == Interpreter::begun) count_missed(place->id);
  if (place == nullptr) place = free_place();
  if (place == nullptr) return count_missed(id);
  place->id = id;
  place->get_threshold = nullptr;  // what was kept went with its interpreter
  place->state.store(Interpreter::begun, std::memory_order_relaxed);
  place->address.store(address, std::memory_order_release);
  ask(*place);
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
    if (!can_see_collections()) count_missed(own.id);
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
  Interpreter* const own = find(address);
  if (address != nullptr && throwing == 0 && g_runtime.functions.error_occurred() == nullptr) {
    g_functions.set_evaluation(address, g_functions.evaluate);  // the work runs frames, too
    const bool finished = own == nullptr || own->state.load() >= Interpreter::done || work_in(*own);
    if (!finished) g_functions.set_evaluation(address, evaluate);
  }
  return g_functions.evaluate(thread, frame, throwing);
}

int work_pending(void*) noexcept {
  Interpreter* const own = find(running());
  if (own != nullptr && own->state.load() < Interpreter::done && !work_in(*own)) ask(*own);
  return 0;
}

bool hand_over(void* address) noexcept {
  if (g_functions.add_pending_call != nullptr) return g_functions.add_pending_call(address, work_pending, nullptr, 0) == 0;
  if (g_functions.evaluation(address) != g_functions.evaluate) return false;  // the program has one of its own
  g_functions.set_evaluation(address, evaluate);
  return true;
}

constexpr const char* kCapsuleName = "heapledger.end";

/// Its last owner is the interpreter's own dict: this runs while the interpreter takes itself apart, when no code of the
/// program can run any more and objects can still be made. No program can see it.
void on_interpreter_end(void* /*capsule*/) noexcept {
  void* const address = running();
  Interpreter* const further = address != g_functions.main() ? find(address) : nullptr;
  Interpreter& own = further != nullptr ? *further : g_main;
  if (g_runtime.functions.error_occurred() == nullptr) look_at_end(own.get_threshold);
  if (further != nullptr) end_world(address);
  own.state.store(Interpreter::ended, std::memory_order_release);
}

}  // namespace

void enter_interpreter(const void* interpreter) noexcept {
  t_state.interpreter = interpreter;
  if (interpreter != nullptr) note_world(interpreter);
  if (!g_looks.load(std::memory_order_relaxed) || interpreter == nullptr) return;
  const void* main = g_functions.main();
  if (interpreter == main || main == nullptr) return;
  g_recording->further_interpreters.store(true, std::memory_order_relaxed);
  stop_looking();
  if (!g_is_on.load(std::memory_order_relaxed)) return;
  if (g_busy.exchange(true, std::memory_order_acquire)) return void(t_state.interpreter = nullptr);  // next time
  switch_off_further();
  take_place(const_cast<void*>(interpreter));
  g_busy.store(false, std::memory_order_release);
}

std::int64_t id_of(const void* interpreter) noexcept {
  return g_functions.id != nullptr ? g_functions.id(const_cast<void*>(interpreter)) : 0;
}

const void* main_interpreter() noexcept { return g_functions.main != nullptr ? g_functions.main() : nullptr; }

bool is_main_interpreter() noexcept { return g_functions.main == nullptr || running() == main_interpreter(); }

bool attend_interpreters() noexcept {
  if (is_looking()) look_out();
  if (g_waiting.load() == 0) return is_looking();
  void* const address = running();
  Interpreter* const own = address != nullptr ? find(address) : nullptr;
  if (own != nullptr && stop_asking(*own) && !hand_over(address)) ask(*own);
  return awaits_interpreters();
}

bool awaits_interpreters() noexcept { return is_looking() || g_waiting.load() != 0; }

void watch_end(Interpreter& own) noexcept {
  const Functions& f = g_runtime.functions;
  void* dict = f.dict_of_interpreter(running());  // borrowed
  void* capsule = dict != nullptr ? f.capsule_new(&own, kCapsuleName, on_interpreter_end) : nullptr;
  if (capsule != nullptr) f.dict_set(dict, kCapsuleName, capsule);
  f.clear_error();
  drop(capsule);
}

void end_interpreters() noexcept {
  const std::uint32_t used = g_used.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < used; ++i)
    if (g_interpreters[i].state.load() == Interpreter::begun) count_missed(g_interpreters[i].id);
  if (g_last_missed.load(std::memory_order_relaxed) != 0) tell_missed();
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
  const bool reachable = g_runtime.version_hex < 0x030c0000 || own.add_pending_call != nullptr;
  if (!found || !reachable || !is_layout_known || g_runtime.version_hex < 0x03090000) return;
  if (f.system_object == nullptr || f.list_item == nullptr || f.clear_error == nullptr || f.error_occurred == nullptr ||
      f.dict_of_interpreter == nullptr || f.capsule_new == nullptr || f.dict_set == nullptr || f.dec_ref == nullptr)
    return;
  g_is_on.store(wanted, std::memory_order_relaxed);
}

}  // namespace heapledger::python
