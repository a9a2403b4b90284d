// The exported dlopen: notices that an interpreter may have been loaded.
//
// The loader derives the search path of a name without a slash from the object that the call comes from, by its return
// address. So this must be a jump and not a call: nothing may happen behind the real function. tests/artifact looks at
// the built code.
#include "python/runtime.h"
#include "real.h"

extern "C" [[gnu::visibility("default"), gnu::optimize("O2", "optimize-sibling-calls")]] void* dlopen(
    const char* name, int flags) noexcept {
  heapledger::python::note_dlopen();
  return heapledger::g_real.dlopen(name, flags);
}
