// Slots for one class: the reasons against them, and the namespace with them.
#include <cstring>

#include "runtime.h"
#include "slots_class.h"

namespace heapledger::python {

using trace::ControlOutcome;

Reason& Reason::add(const char* more) noexcept {
  if (more == nullptr) return g_runtime.functions.clear_error(), *this;
  std::size_t count = std::strlen(more);
  if (count > sizeof text_ - size_) count = sizeof text_ - size_;
  std::memcpy(text_ + size_, more, count);
  size_ += count;
  return *this;
}

Reason& Reason::add_class(void* type) noexcept {
  const Functions& f = g_runtime.functions;
  void* module = f.get_attribute(type, "__module__");
  void* name = f.get_attribute(type, "__qualname__");
  const char* text_of_module = module != nullptr ? f.text(module) : nullptr;
  if (text_of_module != nullptr && std::strcmp(text_of_module, "builtins") != 0) add(text_of_module).add(":");
  add(name != nullptr ? f.text(name) : "?");
  f.clear_error();
  drop(module, name);
  return *this;
}

namespace {

/// The name of an attribute as a C string, private ones as the class has them (__x of class _C is _C__x); cut where its room
/// ends: no name of an attribute that long can be looked up anyway.
struct Name {
  char text[256];
  Name(std::string_view name, std::string_view class_name) noexcept {
    while (class_name.starts_with('_')) class_name.remove_prefix(1);
    const bool is_private = name.starts_with("__") && !name.ends_with("__") && !class_name.empty();
    if (is_private) add("_"), add(class_name);
    add(name);
    text[size_] = '\0';
  }

 private:
  void add(std::string_view more) noexcept {
    const std::size_t room = sizeof text - 1 - size_;
    if (more.size() > room) more.remove_suffix(more.size() - room);
    std::memcpy(text + size_, more.data(), more.size());
    size_ += more.size();
  }
  std::size_t size_ = 0;
};

}  // namespace

bool find_reason(void* arguments, std::string_view slots, Reason& reason) noexcept {
  const Functions& f = g_runtime.functions;
  const char* class_name = f.text(f.tuple_item(arguments, 0));
  if (class_name == nullptr) f.clear_error(), class_name = "";
  void* bases = f.tuple_item(arguments, 1);
  void* names = f.tuple_item(arguments, 2);
  if (f.dict_item(names, "__slots__") != nullptr) return reason.add("it has __slots__ already"), true;
  while (!slots.empty()) {
    const Name name(trace::take_part(slots, '+'), class_name);
    if (f.dict_item(names, name.text) != nullptr)
      return reason.add("'").add(name.text).add("' is also an attribute of the class: a default or a method"), true;
  }
  for (long i = 0; i < g_class.tuple_size(bases); ++i) {
    void* base = f.tuple_item(bases, i);
    if (number_attribute(base, "__itemsize__", 0) != 0)
      return reason.add("objects of its base ").add_class(base).add(" vary in size"), true;
    if (number_attribute(base, "__dictoffset__", 0) != 0)
      return reason.add("objects of its base ").add_class(base).add(" have a __dict__: nothing would be saved"), true;
  }
  return false;
}

namespace {

bool has_weak_references(void* bases, std::string_view slots) noexcept {
  while (!slots.empty())
    if (trace::take_part(slots, '+') == "__weakref__") return true;
  for (long i = 0; i < g_class.tuple_size(bases); ++i)
    if (number_attribute(g_runtime.functions.tuple_item(bases, i), "__weakrefoffset__", 0) != 0) return true;
  return false;
}

/// The value of __slots__; nullptr with an exception.
void* slots_tuple(void* bases, std::string_view slots) noexcept {
  const bool add_weak = !has_weak_references(bases, slots);
  long count = add_weak ? 1 : 0;
  for (std::string_view rest = slots; !rest.empty(); ++count) trace::take_part(rest, '+');
  void* tuple = g_class.tuple_new(count);
  for (long i = 0; tuple != nullptr && i < count; ++i) {
    const std::string_view name = slots.empty() ? "__weakref__" : trace::take_part(slots, '+');
    void* text = g_class.text_new(name.data(), static_cast<long>(name.size()));
    if (text != nullptr && g_class.tuple_set(tuple, i, text) == 0) continue;
    drop(tuple);
    return nullptr;
  }
  return tuple;
}

/// The arguments of the real metaclass, with __slots__ in a copy of the namespace; nullptr with an exception.
void* with_slots(void* arguments, std::string_view slots) noexcept {
  const Functions& f = g_runtime.functions;
  void* tuple = slots_tuple(f.tuple_item(arguments, 1), slots);
  void* names = tuple != nullptr ? g_class.dict_copy(f.tuple_item(arguments, 2)) : nullptr;
  const bool ready = names != nullptr && g_class.dict_set(names, "__slots__", tuple) == 0;
  void* changed = ready ? g_class.tuple_new(3) : nullptr;
  drop(tuple);
  if (changed == nullptr) return drop(names), nullptr;
  for (long i = 0; i < 2; ++i) {
    void* same = f.tuple_item(arguments, i);
    f.inc_ref(same);
    g_class.tuple_set(changed, i, same);
  }
  g_class.tuple_set(changed, 2, names);
  return changed;
}

/// The exception that is set, as "TypeError: text"; takes it away.
void take_error(Reason& reason) noexcept {
  const Functions& f = g_runtime.functions;
  void *type = nullptr, *value = nullptr, *place = nullptr;
  g_class.error_take(&type, &value, &place);
  void* text = value != nullptr ? g_class.text_of(value) : nullptr;
  reason.add("Python says: ").add(text != nullptr ? f.text(text) : "?");
  f.clear_error();
  drop(text, type, value, place);
}

/// False: the metaclass made its own thing of the namespace, or none of a class.
bool has_slots(void* made) noexcept { return number_attribute(made, "__dictoffset__", 1) == 0; }

}  // namespace

void* make_slotted(void* metaclass, const SlotsEntry& entry, void* arguments, void* keywords) noexcept {
  void* changed = with_slots(arguments, entry.control.names);
  void* made = changed != nullptr ? g_class.call(metaclass, changed, keywords) : nullptr;
  drop(changed);
  if (made != nullptr && has_slots(made)) return tell_slots(entry, ControlOutcome::applied), made;
  if (made != nullptr)
    return tell_slots(entry, ControlOutcome::refused, "its metaclass did not take the __slots__ over"), made;
  if (g_class.error_is(g_builtins.type_error) == 0 && g_class.error_is(g_builtins.value_error) == 0) return nullptr;
  Reason reason;
  take_error(reason);
  made = g_class.call(metaclass, arguments, keywords);
  if (made != nullptr) tell_slots(entry, ControlOutcome::refused, reason.view());
  return made;
}

}  // namespace heapledger::python
