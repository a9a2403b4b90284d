// HEAPLEDGER_SLOTS: classes that are named get __slots__, without a change to the program.
//
//   class Book(Item): ...      __build_class__(body, "Book", Item): builtins' function, ours since the pending call
//     not named                the original with the same arguments, no Python frame more
//     a name that is listed    the original with metaclass=<a proxy>:
//                                proxy.__prepare__   the namespace of the real metaclass
//                                proxy(name, bases, namespace)   a copy of the namespace with __slots__ for the real one
//
// The proxy is asked with the bases as the original resolved them, so that the real metaclass is the one that would have
// been chosen. A class that cannot have slots is made as it stands, and the reason goes into the trace.
#pragma once

#include <link.h>

#include <string_view>

#include "../../trace/controls.h"
#include "../../trace/format.h"
#include "calls.h"

#pragma GCC visibility push(hidden)  // see meson.build
namespace heapledger {
struct Lane;
}

namespace heapledger::python {

/// Reads the variable and looks up what it needs. True: replace_build_class() has something to do.
bool install_slots(const link_map& object) noexcept;

/// With the GIL, in a pending call of the main interpreter.
void replace_build_class() noexcept;

void describe_slots(Lane& lane) noexcept;
void end_slots() noexcept;

// ---------------------------------------------------------------- between slots.cc and slots_class.cc

/// Functions of the interpreter that only this needs. All need the GIL.
struct ClassFunctions {
  void* (*call)(void*, void*, void*);    ///< PyObject_Call
  void* (*type_of)(void*);               ///< PyObject_Type
  int (*is_subtype)(void*, void*);
  void* (*type_from_spec)(void*);
  void* (*instance)(void*, long);        ///< PyType_GenericAlloc
  int (*is_mapping)(void*);
  void* (*dict_new)();
  void* (*dict_copy)(void*);
  int (*dict_set)(void*, const char*, void*);
  void* (*tuple_new)(long);
  int (*tuple_set)(void*, long, void*);  ///< steals
  long (*tuple_size)(void*);
  void* (*text_new)(const char*, long);
  int (*set_attribute)(void*, const char*, void*);
  void* (*text_of)(void*);               ///< PyObject_Str
  void* (*method_of)(void*);             ///< PyCFunction_GetFunction
  void* (*error_occurred)();
  int (*error_is)(void*);
  void (*error_take)(void**, void**, void**);
  void (*error_put)(void*, void*, void*);
  void (*error_set)(void*, const char*);
};
extern constinit ClassFunctions g_class;

/// Objects that were taken from module builtins; they live as long as the process.
struct ClassObjects {
  void* type;
  void* attribute_error;
  void* type_error;
  void* value_error;
  void* plain_prepare;  ///< the C function behind type.__prepare__
};
extern constinit ClassObjects g_builtins;

/// METH_VARARGS | METH_KEYWORDS
inline constexpr int kKeywordArguments = 3;
using KeywordMethod = Method<void* (*)(void*, void*, void*)>;

/// A position in HEAPLEDGER_SLOTS.
struct SlotsEntry {
  trace::SlotsControl control;
  unsigned number;
};
/// The entry for a class; control.subject is empty when there is none.
SlotsEntry find_slots(std::string_view module, std::string_view qualname) noexcept;
/// Writes it unless it was told of this class before.
void tell_slots(const SlotsEntry& entry, trace::ControlOutcome outcome, std::string_view text = {}) noexcept;

/// Makes the type of the proxies. False: the interpreter refused.
bool make_proxy_type() noexcept;
/// A class whose name is listed: what __build_class__ of the program would have returned or raised.
void* build_listed(void* original, void* arguments, void* keywords) noexcept;

}  // namespace heapledger::python
#pragma GCC visibility pop
