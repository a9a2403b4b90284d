// The proxy that stands for the metaclass while a listed class is made.
#include "runtime.h"
#include "slots.h"
#include "slots_class.h"

namespace heapledger::python {

namespace {

/// What the proxy of one class statement knows; lives on the stack of build_listed().
struct Statement {
  void* given;     ///< the argument metaclass=, borrowed; nullptr: none
  void* real;      ///< the metaclass that makes the class, owned; found by __prepare__
  bool own_names;  ///< it has a __prepare__ of its own
  bool give_up;    ///< what is wrong is the original's to say
};

constinit void* g_proxy_type = nullptr;
constinit std::size_t g_head_bytes = 0;  ///< of an object without attributes

Statement*& statement_of(void* proxy) noexcept {
  return *reinterpret_cast<Statement**>(static_cast<std::byte*>(proxy) + g_head_bytes);
}

// ------------------------------------------------------------------------------------ the real metaclass

/// Of this type and the types of all bases the most derived one, as an owned reference; nullptr: there is none, or
/// something that is no type stands among them.
void* most_derived(void* start, void* bases) noexcept {
  const Functions& f = g_runtime.functions;
  void* winner = start;
  f.inc_ref(winner);
  for (long i = 0; i < g_class.tuple_size(bases); ++i) {
    void* type = g_class.type_of(f.tuple_item(bases, i));
    if (g_class.is_subtype(winner, type) != 0) {
      drop(type);
    } else if (g_class.is_subtype(type, winner) != 0) {
      drop(winner);
      winner = type;
    } else {
      drop(type, winner);
      return nullptr;
    }
  }
  return winner;
}

/// As __build_class__ finds it: a metaclass that is no type is taken as it is.
void* real_metaclass(void* given, void* bases) noexcept {
  const Functions& f = g_runtime.functions;
  if (given == nullptr && g_class.tuple_size(bases) == 0) return f.inc_ref(g_builtins.type), g_builtins.type;
  void* start = given;
  if (given == nullptr) start = g_class.type_of(f.tuple_item(bases, 0));
  else f.inc_ref(start);
  void* type = g_class.type_of(start);
  const bool is_type = given == nullptr || g_class.is_subtype(type, g_builtins.type) != 0;
  drop(type);
  if (!is_type) return start;
  void* winner = most_derived(start, bases);
  drop(start);
  return winner;
}

/// proxy.__prepare__(name, bases, **keywords)
void* prepare(void* proxy, void* arguments, void* keywords) noexcept {
  const Functions& f = g_runtime.functions;
  Statement& s = *statement_of(proxy);
  s.real = real_metaclass(s.given, f.tuple_item(arguments, 1));
  if (s.real == nullptr) {
    s.give_up = true;
    return g_class.error_set(g_builtins.type_error, "metaclass conflict"), nullptr;
  }
  void* method = f.get_attribute(s.real, "__prepare__");
  if (method == nullptr) {  // a metaclass that is no type may have none
    if (g_class.error_is(g_builtins.attribute_error) == 0) return nullptr;
    f.clear_error();
    return g_class.dict_new();
  }
  s.own_names = g_class.method_of(method) != g_builtins.plain_prepare;
  f.clear_error();
  void* names = g_class.call(method, arguments, keywords);
  drop(method);
  s.give_up = names != nullptr && g_class.is_mapping(names) == 0;
  return names;
}

// --------------------------------------------------------------------------------- the class itself

/// A str of the namespace, nullptr when it is none.
const char* name_in(void* names, const char* key) noexcept {
  const Functions& f = g_runtime.functions;
  void* value = f.dict_item(names, key);  // borrowed
  const char* text = value != nullptr ? f.text(value) : nullptr;
  if (text == nullptr) f.clear_error();
  return text;
}

/// proxy(name, bases, namespace, **keywords)
void* make_class(void* proxy, void* arguments, void* keywords) noexcept {
  const Functions& f = g_runtime.functions;
  const Statement& s = *statement_of(proxy);
  void* names = f.tuple_item(arguments, 2);
  const char* module = name_in(names, "__module__");
  const char* qualname = name_in(names, "__qualname__");
  const SlotsEntry entry = module != nullptr && qualname != nullptr ? find_slots(module, qualname) : SlotsEntry{};
  if (entry.control.subject.empty()) return g_class.call(s.real, arguments, keywords);
  Reason reason;
  if (s.own_names)
    reason.add("its metaclass ").add_class(s.real).add(" makes the namespace itself (__prepare__)");
  else if (!find_reason(arguments, entry.control.names, reason))
    return make_slotted(s.real, entry, arguments, keywords);
  tell_slots(entry, trace::ControlOutcome::refused, reason.view());
  return g_class.call(s.real, arguments, keywords);
}

// -------------------------------------------------------------------------------------------- the proxy

struct TypeSlot {  // PyType_Slot
  int number;
  void* function;
};
struct TypeSpec {  // PyType_Spec
  const char* name;
  int basic_bytes;
  int item_bytes;
  unsigned flags;
  TypeSlot* slots;
};
constexpr int kCallSlot = 50, kMethodsSlot = 64;
constexpr unsigned kDefaultFlags = 1u << 18;  // Py_TPFLAGS_DEFAULT

constinit KeywordMethod g_methods[] = {{"__prepare__", prepare, kKeywordArguments, nullptr}, {}};

}  // namespace

bool make_proxy_type() noexcept {
  const Functions& f = g_runtime.functions;
  void* object = f.import("builtins");
  void* plain = object != nullptr ? f.get_attribute(object, "object") : nullptr;
  if (plain != nullptr) g_head_bytes = static_cast<std::size_t>(number_attribute(plain, "__basicsize__", 0));
  drop(object, plain);
  if (g_head_bytes == 0) return false;
  TypeSlot slots[] = {
      {kCallSlot, reinterpret_cast<void*>(make_class)}, {kMethodsSlot, g_methods}, {0, nullptr}};
  TypeSpec spec{"heapledger.metaclass", static_cast<int>(g_head_bytes + sizeof(void*)), 0, kDefaultFlags, slots};
  g_proxy_type = g_class.type_from_spec(&spec);
  return g_proxy_type != nullptr;
}

void* build_listed(void* original, void* arguments, void* keywords) noexcept {
  const Functions& f = g_runtime.functions;
  Statement statement{};
  if (keywords != nullptr) statement.given = f.dict_item(keywords, "metaclass");
  void* proxy = g_class.instance(g_proxy_type, 0);
  void* changed = proxy == nullptr ? nullptr : keywords != nullptr ? g_class.dict_copy(keywords) : g_class.dict_new();
  void* made = nullptr;
  if (changed != nullptr && g_class.dict_set(changed, "metaclass", proxy) == 0) {
    statement_of(proxy) = &statement;
    made = g_class.call(original, arguments, changed);
  } else {
    statement.give_up = true;
  }
  drop(changed, proxy, statement.real);
  if (!statement.give_up) return made;
  drop(made);
  f.clear_error();
  return g_class.call(original, arguments, keywords);
}

}  // namespace heapledger::python
