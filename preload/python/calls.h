// What every caller of the interpreter's API does: give references back, read a number. With the GIL, in a pending call.
#pragma once

#include "runtime.h"

namespace heapledger::python {

/// PyMethodDef. `Function` is what `flags` promise.
template <class Function>
struct Method {
  const char* name;
  Function function;
  int flags;
  const char* doc;
};

/// Gives references back, where they are some.
template <class... Reference>
inline void drop(Reference... references) noexcept {
  (void)((references != nullptr ? g_runtime.functions.dec_ref(references) : void()), ...);
}

/// An attribute's number; `missing` when there is none, or None. Leaves no exception.
inline long number_attribute(void* object, const char* name, long missing) noexcept {
  const Functions& f = g_runtime.functions;
  void* value = f.get_attribute(object, name);
  if (value == nullptr) return f.clear_error(), missing;
  const long number = value == g_runtime.none ? missing : f.long_as_long(value);
  f.dec_ref(value);
  if (number == -1) f.clear_error();
  return number;
}

}  // namespace heapledger::python
