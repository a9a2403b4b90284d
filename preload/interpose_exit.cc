// The exported ways out of a process that run no destructors. Nothing has to be saved here, what was committed is in the
// file; the trace is only told that its end is one.
#include <cstdlib>
#include <unistd.h>

#include "lifecycle.h"
#include "real.h"

#define EXPORT extern "C" [[gnu::visibility("default")]]

namespace {

// Looked up beforehand: these functions are called in signal handlers and between fork and exec.
[[noreturn]] void leave(void (*next)(int), int status) noexcept {
  heapledger::lifecycle::end_process();
  next(status);
  __builtin_unreachable();
}

}  // namespace

EXPORT [[noreturn]] void _exit(int status) { leave(heapledger::g_real.exit_now, status); }
EXPORT [[noreturn]] void _Exit(int status) noexcept { leave(heapledger::g_real.exit_now, status); }
EXPORT [[noreturn]] void quick_exit(int status) noexcept { leave(heapledger::g_real.quick_exit, status); }
