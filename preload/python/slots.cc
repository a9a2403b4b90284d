// The list of classes, what became of each, and the function in the place of builtins.__build_class__.
#include "slots.h"

#include <atomic>
#include <cstring>

#include "../lane.h"
#include "../settings.h"
#include "controls.h"
#include "finder.h"
#include "runtime.h"

namespace heapledger::python {

constinit ClassFunctions g_class = {};
constinit ClassObjects g_builtins = {};

namespace {

using trace::ControlOutcome;

/// Outcomes that were told, as bits, by position in the list; children inherit them.
constexpr std::size_t kMostClasses = kMaxText / trace::kShortestSlots + 1;
constinit std::atomic<std::uint8_t> g_told[kMostClasses] = {};
constinit void* g_original = nullptr;

constexpr std::uint8_t bit_of(ControlOutcome outcome) noexcept {
  return static_cast<std::uint8_t>(1u << static_cast<unsigned>(outcome));
}

/// Calls visit(entry) for each class of the list until it returns true.
template <class Visit>
void for_each_entry(Visit visit) noexcept {
  std::string_view rest = g_settings.slots;
  for (unsigned number = 0; !rest.empty() && number < kMostClasses; ++number) {
    const SlotsEntry entry{trace::take_slots(rest), number};
    if (visit(entry)) return;
  }
}

/// The last part of a qualified name is the only one that __build_class__ is told.
bool is_listed(std::string_view name) noexcept {
  bool found = false;
  for_each_entry([&](const SlotsEntry& e) {
    const std::string_view q = e.control.qualname;
    found = q.ends_with(name) && (q.size() == name.size() || q[q.size() - name.size() - 1] == '.');
    return found;
  });
  return found;
}

/// In the place of the original. One C function calls another: no Python frame, no event of a profiler.
void* build_class(void* /*module*/, void* arguments, void* keywords) noexcept {
  const Functions& f = g_runtime.functions;
  if (g_class.tuple_size(arguments) >= 2) {
    const char* name = f.text(f.tuple_item(arguments, 1));
    if (name == nullptr) f.clear_error();  // the original says what is wrong
    if (name != nullptr && is_listed(name)) return build_listed(g_original, arguments, keywords);
  }
  return g_class.call(g_original, arguments, keywords);
}

constinit KeywordMethod g_method = {"__build_class__", build_class, kKeywordArguments, nullptr};

bool find_functions(const link_map& o, ClassFunctions& c) noexcept {
  const Functions& f = g_runtime.functions;
  return find_function(o, c.call, "PyObject_Call") && find_function(o, c.type_of, "PyObject_Type") &&
         find_function(o, c.is_subtype, "PyType_IsSubtype") &&
         find_function(o, c.type_from_spec, "PyType_FromSpec") &&
         find_function(o, c.instance, "PyType_GenericAlloc") &&
         find_function(o, c.is_mapping, "PyMapping_Check") && find_function(o, c.dict_new, "PyDict_New") &&
         find_function(o, c.dict_copy, "PyDict_Copy") && find_function(o, c.dict_set, "PyDict_SetItemString") &&
         find_function(o, c.tuple_new, "PyTuple_New") && find_function(o, c.tuple_set, "PyTuple_SetItem") &&
         find_function(o, c.tuple_size, "PyTuple_Size") &&
         find_function(o, c.text_new, "PyUnicode_FromStringAndSize") &&
         find_function(o, c.set_attribute, "PyObject_SetAttrString") &&
         find_function(o, c.text_of, "PyObject_Str") &&
         find_function(o, c.method_of, "PyCFunction_GetFunction") &&
         find_function(o, c.error_occurred, "PyErr_Occurred") &&
         find_function(o, c.error_is, "PyErr_ExceptionMatches") &&
         find_function(o, c.error_take, "PyErr_Fetch") && find_function(o, c.error_put, "PyErr_Restore") &&
         find_function(o, c.error_set, "PyErr_SetString") && f.add_pending_call != nullptr &&
         f.import != nullptr && f.get_attribute != nullptr && f.function_new != nullptr &&
         f.tuple_item != nullptr && f.dict_item != nullptr && f.text != nullptr && f.inc_ref != nullptr &&
         f.dec_ref != nullptr && f.clear_error != nullptr && f.long_as_long != nullptr;
}

/// Takes what is needed from module builtins. The objects themselves and not symbols of the interpreter's file: a program
/// that embeds the interpreter may have copies of those.
bool take_builtins(void* builtins) noexcept {
  const Functions& f = g_runtime.functions;
  g_builtins.type = f.get_attribute(builtins, "type");
  g_builtins.attribute_error = f.get_attribute(builtins, "AttributeError");
  g_builtins.type_error = f.get_attribute(builtins, "TypeError");
  g_builtins.value_error = f.get_attribute(builtins, "ValueError");
  void* prepare = g_builtins.type != nullptr ? f.get_attribute(g_builtins.type, "__prepare__") : nullptr;
  if (prepare == nullptr) return false;
  g_builtins.plain_prepare = g_class.method_of(prepare);
  f.dec_ref(prepare);
  return g_builtins.plain_prepare != nullptr && g_builtins.attribute_error != nullptr &&
         g_builtins.type_error != nullptr && g_builtins.value_error != nullptr && g_original != nullptr;
}

/// The new function looks like the original: name, documentation, module, owner.
bool put_in_place(void* builtins) noexcept {
  const Functions& f = g_runtime.functions;
  if (void* doc = f.get_attribute(g_original, "__doc__"); doc != nullptr) g_method.doc = f.text(doc);  // kept for good
  f.clear_error();
  void* module = f.get_attribute(g_original, "__module__");
  void* owner = f.get_attribute(g_original, "__self__");
  void* function = module != nullptr && owner != nullptr ? f.function_new(&g_method, owner, module) : nullptr;
  const bool done = function != nullptr && g_class.set_attribute(builtins, "__build_class__", function) == 0;
  drop(module, owner, function);
  return done;
}

constinit bool g_is_possible = true;

void refuse_all(std::string_view why) noexcept {
  for_each_entry([&](const SlotsEntry& e) { return tell_slots(e, ControlOutcome::refused, why), false; });
}

constexpr std::string_view kLacking = "this interpreter lacks a function that is needed";
constexpr std::string_view kNotUnderstood = "HEAPLEDGER_SLOTS names no class here: MODULE:CLASS=NAME+NAME is wanted";

}  // namespace

/// In workers that multiprocessing spawns, the program's file is __mp_main__; who lists that name, too, means it.
SlotsEntry find_slots(std::string_view module, std::string_view qualname) noexcept {
  const bool is_worker = module == "__mp_main__";
  SlotsEntry found{};
  for_each_entry([&](const SlotsEntry& e) {
    if (!e.control.is_whole() || e.control.qualname != qualname) return false;
    const bool is_named = e.control.module == module;
    const bool is_first = found.control.subject.empty();
    if (is_named || (is_first && is_worker && e.control.module == "__main__")) found = e;
    return is_named;
  });
  return found;
}

void tell_slots(const SlotsEntry& entry, ControlOutcome outcome, std::string_view text) noexcept {
  const std::uint8_t bit = bit_of(outcome);
  if ((g_told[entry.number].fetch_or(bit, std::memory_order_relaxed) & bit) != 0) return;
  tell_control(trace::kControlSlots, entry.control.subject, outcome, text);
}

bool install_slots(const link_map& object) noexcept {
  if (g_settings.slots[0] == '\0') return false;
  g_is_possible = find_functions(object, g_class);
  return g_is_possible;
}

void replace_build_class() noexcept {
  const Functions& f = g_runtime.functions;
  if (g_settings.slots[0] == '\0' || !g_is_possible) return;
  void* builtins = f.import("builtins");
  void* original = builtins != nullptr ? f.get_attribute(builtins, "__build_class__") : nullptr;
  if (original != nullptr && g_class.method_of(original) == reinterpret_cast<void*>(build_class))  // it would call itself
    return drop(builtins, original);
  f.clear_error();
  g_original = original;  // kept for good
  const bool done = original != nullptr && take_builtins(builtins) && make_proxy_type() && put_in_place(builtins);
  if (!done) refuse_all("the interpreter did not let builtins.__build_class__ be replaced");
  f.clear_error();
  drop(builtins);
}

void describe_slots(Lane& lane) noexcept {
  const auto put = [&](const SlotsEntry& e, ControlOutcome outcome, std::string_view text) {
    lane.append(control_record(trace::kControlSlots, e.control.subject, outcome, text));
  };
  for_each_entry([&](const SlotsEntry& e) {
    const std::uint8_t told = g_told[e.number].load(std::memory_order_relaxed);
    put(e, ControlOutcome::asked, {});
    if (!e.control.is_whole()) put(e, ControlOutcome::refused, kNotUnderstood);
    if (!g_is_possible) put(e, ControlOutcome::refused, kLacking);
    if ((told & bit_of(ControlOutcome::applied)) != 0) put(e, ControlOutcome::applied, {});
    if ((told & bit_of(ControlOutcome::refused)) != 0)
      put(e, ControlOutcome::refused, "as in the process it was forked from");
    return false;
  });
}

/// The function in the place of the original, and what it needs, are objects of the main interpreter.
constexpr std::string_view kElsewhere = "classes of interpreters beside the main one are made as they stand";

void end_slots() noexcept {
  if (g_original == nullptr) return;  // no interpreter: nothing was possible
  const bool has_further = g_recording->further_interpreters.load(std::memory_order_relaxed);
  for_each_entry([=](const SlotsEntry& e) {
    if (has_further && e.control.is_whole())
      tell_control(trace::kControlSlots, e.control.subject, ControlOutcome::refused, kElsewhere);
    if (g_told[e.number].load(std::memory_order_relaxed) == 0 && e.control.is_whole())
      tell_slots(e, ControlOutcome::missing, "no class of this name was created");
    return false;
  });
}

}  // namespace heapledger::python
