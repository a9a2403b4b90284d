// Looks up symbols of one loaded object, without the loader's lock and without its allocations.
//
// dlsym would do for the objects that are there at the start, but not for a libpython that a plugin host opens with
// RTLD_LOCAL, and it may not be called inside malloc: another thread can hold the loader's lock while it waits for us.
#pragma once

#include <link.h>

namespace heapledger {

/// Address of a symbol that this very object defines, nullptr when it does not. Reads only the object's own tables.
void* find_symbol(const link_map& object, const char* name) noexcept;

/// Of a variable that the object defines, the place that the object itself uses: a program that is linked with the object and
/// names the variable has taken it over (a copy relocation).
void* find_variable(const link_map& object, const char* name) noexcept;

/// The same as a function; false: it is not there.
template <class Function>
bool find_function(const link_map& object, Function& function, const char* name) noexcept {
  function = reinterpret_cast<Function>(find_symbol(object, name));
  return function != nullptr;
}

}  // namespace heapledger
