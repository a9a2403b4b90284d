// The exported dlopen and dlclose: an interpreter may come late, and stays.
#include <atomic>
#include <dlfcn.h>

#include "hook.h"
#include "python/runtime.h"
#include "real.h"
#include "sys.h"

namespace {

using heapledger::g_real;

/// Pointers into the interpreter are everywhere in the shim by now, and the interpreter has functions of the shim in its own
/// memory; so a plugin's is not unloaded with it. Its next Py_Initialize finds the same runtime, as without dlclose.
void keep_interpreter() noexcept {
  constinit static std::atomic<bool> is_kept = false;
  const char* file = heapledger::python::interpreter_file();
  if (file == nullptr || file[0] == '\0' || is_kept.load(std::memory_order_relaxed)) return;
  const heapledger::sys::ErrnoKeeper keep;
  const heapledger::hook::Guard guard;
  if (g_real.dlopen(file, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE) != nullptr) is_kept.store(true, std::memory_order_relaxed);
}

}  // namespace

// The loader derives the search path of a name without a slash from the object that the call comes from, by its return
// address. So this must be a jump and not a call: nothing may happen behind the real function. tests/artifact looks at
// the built code.
extern "C" [[gnu::visibility("default"), gnu::optimize("O2", "optimize-sibling-calls")]] void* dlopen(
    const char* name, int flags) noexcept {
  heapledger::python::note_dlopen();
  return g_real.dlopen(name, flags);
}

extern "C" [[gnu::visibility("default")]] int dlclose(void* handle) noexcept {
  keep_interpreter();
  return g_real.dlclose(handle);
}
