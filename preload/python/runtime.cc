// Finding the interpreter, and handing it what must be done inside.
#include "runtime.h"

#include <cstring>

#include "../hook.h"
#include "../settings.h"
#include "allocators.h"
#include "code.h"
#include "collections.h"
#include "collector_memory.h"
#include "controls.h"
#include "finder.h"
#include "frame_reader.h"
#include "frames.h"
#include "interpreters.h"
#include "parts.h"
#include "reuse.h"
#include "self_test.h"
#include "types.h"

namespace heapledger::python {

constinit Runtime g_runtime = {};
constinit std::atomic<trace::StackState> g_stack_state = trace::StackState::unsupported;
constinit std::atomic<bool> g_walk_frames = false;
constinit std::atomic<bool> g_attention = false;
constinit std::atomic<unsigned char> g_watch = 0;

namespace {

using trace::StackState;

constinit std::atomic<bool> g_installed = false;  // from here on g_runtime is constant

bool find_functions(const link_map& o, Functions& f) noexcept {
  const bool hookable = find_function(o, f.get_allocator, "PyMem_GetAllocator") &&
                        find_function(o, f.set_allocator, "PyMem_SetAllocator") && find_function(o, f.get_version, "Py_GetVersion") &&
                        find_function(o, f.is_initialized, "Py_IsInitialized");
  if (!hookable) return false;
  if (!find_function(o, f.current_thread, "PyThreadState_GetUnchecked"))
    find_function(o, f.current_thread, "_PyThreadState_UncheckedGet");
  find_function(o, f.this_thread, "PyGILState_GetThisThreadState");
  find_function(o, f.add_pending_call, "Py_AddPendingCall");
  find_function(o, f.eval_get_frame, "PyEval_GetFrame");
  find_function(o, f.get_attribute, "PyObject_GetAttrString");
  find_function(o, f.long_as_long, "PyLong_AsLong");
  find_function(o, f.code_line, "PyCode_Addr2Line");
  find_function(o, f.dec_ref, "Py_DecRef");
  find_function(o, f.inc_ref, "Py_IncRef");
  find_function(o, f.clear_error, "PyErr_Clear");
  find_function(o, f.import, "PyImport_ImportModule");
  if (!find_function(o, f.function_new, "PyCFunction_NewEx")) find_function(o, f.function_new, "PyCFunction_New");
  find_function(o, f.call, "PyObject_CallObject");
  find_function(o, f.list_append, "PyList_Append");
  find_function(o, f.list_item, "PyList_GetItem");
  find_function(o, f.list_new, "PyList_New");
  find_function(o, f.tuple_item, "PyTuple_GetItem");
  find_function(o, f.dict_item, "PyDict_GetItemString");
  find_function(o, f.text, "PyUnicode_AsUTF8");
  find_function(o, f.set_tracer, "PyRefTracer_SetTracer");
  find_function(o, f.get_tracer, "PyRefTracer_GetTracer");
  find_function(o, f.dict_set, "PyDict_SetItemString");
  find_function(o, f.system_object, "PySys_GetObject");
  find_function(o, f.error_occurred, "PyErr_Occurred");
  find_function(o, f.dict_of_interpreter, "PyInterpreterState_GetDict");
  find_function(o, f.capsule_new, "PyCapsule_New");
  find_function(o, f.capsule_pointer, "PyCapsule_GetPointer");
  return true;
}

/// "3.11.7 (main, ...)" as PY_VERSION_HEX of a final release.
std::uint32_t parse_version(const char* text) noexcept {
  std::uint32_t part[3] = {};
  for (std::uint32_t& p : part) {
    for (; *text >= '0' && *text <= '9'; ++text) p = p * 10 + static_cast<std::uint32_t>(*text - '0');
    if (*text == '.') ++text;
  }
  return part[0] << 24 | part[1] << 16 | part[2] << 8 | 0xf0;
}

bool can_walk(const Runtime& r) noexcept {
  const Functions& f = r.functions;
  return r.layout != nullptr && f.current_thread != nullptr && f.this_thread != nullptr && r.none != nullptr &&
         r.code_type != nullptr;
}

/// The pending call. What allocates on behalf of it is recorded like anything else.
int work_inside(void*) noexcept {
  constinit static unsigned in_vain = 0;  // pending calls have the GIL
  if (can_self_test() && !self_test()) return ++in_vain < 64 ? ask_main_interpreter() : void(), 0;
  if (can_watch_collections() && watch_collections()) watch_end(g_main);
  follow_reuse();
  return 0;
}

/// Hands the work of the main interpreter over. False: it is too early. Up to 3.11 a pending call is of the interpreter that
/// the caller runs.
bool hand_over() noexcept {
  const Functions& f = g_runtime.functions;
  if (f.add_pending_call == nullptr || (!can_self_test() && !can_watch_collections())) return true;
  if (f.is_initialized() == 0 || f.current_thread() == nullptr || !is_main_interpreter()) return false;
  if (can_self_test() && !FrameWalk{current_frame()}.next()) return false;  // nothing to compare
  return f.add_pending_call(work_inside, nullptr) == 0;
}

constinit std::atomic<bool> g_work_waits = false;  // for the main interpreter

}  // namespace

void ask_main_interpreter() noexcept {
  g_work_waits.store(true);
  g_attention.store(true);
}

void attend() noexcept {
  if (t_state.depth != hook::kIdle) return;
  if ((g_watch.load(std::memory_order_relaxed) & kWatchControls) != 0) step_controls();  // no malloc may come (mimalloc)
  const hook::Guard guard;
  if (g_runtime.functions.is_initialized() == 0) return;  // thousands of calls come before, and no interpreter but the main one
  g_attention.store(false);  // first: what others ask for meanwhile is not to be forgotten
  if (g_work_waits.exchange(false) && !hand_over()) ask_main_interpreter();
  if (attend_interpreters()) g_attention.store(true);
}

namespace {

void find_stack_reader(const link_map& object, Runtime& r) noexcept {
  r.free_threaded = std::strstr(r.functions.get_version(), "free-threading build") != nullptr;
  r.layout = find_layout(r.version_hex, r.free_threaded);
  if (r.layout != nullptr) g_reader = FrameReader{*r.layout}, g_thread_reader = ThreadReader{*r.layout};
  r.none = find_variable(object, "_Py_NoneStruct");
  r.code_type = find_variable(object, "PyCode_Type");
  if (g_settings.stack_mode() == Stacks::none || g_settings.wanted_events() == Events::none) return set_stack_state(StackState::switched_off);
  set_stack_state(can_walk(r) ? StackState::untested : StackState::unsupported);
  if (can_walk(r)) start_types(find_variable(object, "PyType_Type"));
  find_reusable_types(object);
  find_parts(object);
}

}  // namespace

void install(const link_map& object) noexcept {
  constinit static std::atomic<bool> begun = false;
  if (begun.exchange(true, std::memory_order_acq_rel)) return;
  Runtime& r = g_runtime;
  if (!find_functions(object, r.functions)) return;
  r.version_hex = parse_version(r.functions.get_version());
  if (r.version_hex < 0x03080000) return;
  find_stack_reader(object, r);
  find_collector_memory(object);
  if (g_settings.wanted_events() == Events::all) {
    ask_main_interpreter();
    wrap_domains();
  }
  r.file = object.l_name;
  g_installed = true;
  install_controls(object);
  install_interpreters(object);
  if (g_recording->phase.load(std::memory_order_acquire) != Recording::ready) return;  // described when it begins
  hook::record_apart([](Lane& lane) { describe(lane), describe_controls(lane); });
}

void install_at_start() noexcept {
  if (const link_map* object = find_interpreter(); object != nullptr) install(*object);
}

const char* interpreter_file() noexcept { return g_installed ? g_runtime.file : nullptr; }

void note_dlopen() noexcept {
  if (g_installed || lifecycle::g_mode.load(std::memory_order_relaxed) == lifecycle::Mode::off) return;
  forget_callers();
  g_watch.fetch_or(kWatchCallers, std::memory_order_relaxed);
}

void watch(const void* caller) noexcept {
  const unsigned reasons = g_watch.load(std::memory_order_relaxed);
  if ((reasons & kWatchDomains) != 0) recheck_domains();
  if ((reasons & kWatchControls) != 0) step_controls();
  if ((reasons & kWatchCallers) == 0 || t_state.depth != hook::kIdle) return;
  const link_map* object = interpreter_around(caller);
  if (object == nullptr) return;
  g_watch.fetch_and(static_cast<unsigned char>(~kWatchCallers), std::memory_order_relaxed);
  install(*object);
}

void describe(Lane& lane) noexcept {
  if (!g_installed) return;
  const Runtime& r = g_runtime;
  const char* version = r.functions.get_version();
  trace::Interpreter record;
  record.version_hex = r.version_hex;
  record.free_threaded = r.free_threaded ? 1 : 0;
  record.stack_state = static_cast<std::uint32_t>(g_stack_state.load(std::memory_order_relaxed));
  record.hooked = 1;
  record.version = {version, std::strlen(version)};
  record.reuse = static_cast<std::uint32_t>(g_reuse_state.load(std::memory_order_relaxed));
  lane.append(record);
  if (g_collections_watched.load(std::memory_order_relaxed)) lane.append(trace::CollectionsBefore{});  // a forked child's
}

}  // namespace heapledger::python
