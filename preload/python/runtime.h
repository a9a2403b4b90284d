// The interpreter in this process: found, hooked, and asked the few things that are safe inside an allocator.
#pragma once

#include <atomic>
#include <cstdint>

#include "../../trace/format.h"
#include "offsets.h"

#pragma GCC visibility push(hidden)  // see meson.build
namespace heapledger {
struct Lane;
}

namespace heapledger::python {

/// Functions of the interpreter. The first block may be called from any hook (none allocates, none needs the GIL); the
/// second only from a pending call, with the GIL.
struct Functions {
  void* (*current_thread)();      ///< PyThreadState_GetUnchecked or its older name
  void* (*this_thread)();         ///< PyGILState_GetThisThreadState
  int (*is_initialized)();
  int (*add_pending_call)(int (*)(void*), void*);
  const char* (*get_version)();
  void (*get_allocator)(int, struct Allocator*);
  void (*set_allocator)(int, struct Allocator*);

  void* (*eval_get_frame)();
  void* (*get_attribute)(void*, const char*);
  long (*long_as_long)(void*);
  int (*code_line)(void*, int);
  void (*dec_ref)(void*);
  void (*inc_ref)(void*);
  void (*clear_error)();
  void* (*import)(const char*);
  void* (*function_new)(void*, void*, void*);
  void* (*call)(void*, void*);
  int (*list_append)(void*, void*);
  void* (*list_item)(void*, long);
  void* (*list_new)(long);
  void* (*tuple_item)(void*, long);
  void* (*dict_item)(void*, const char*);
  const char* (*text)(void*);  ///< of a str, UTF-8
  int (*set_tracer)(int (*)(void*, int, void*), void*);  ///< of references; 3.13+
  void* (*get_tracer)(void**);
  int (*dict_set)(void*, const char*, void*);
  void* (*system_object)(const char*);  ///< of module sys, borrowed
  void* (*error_occurred)();
  void* (*dict_of_interpreter)(void*);  ///< a dict that no program sees, borrowed
  void* (*capsule_new)(void*, const char*, void (*)(void*));
  void* (*capsule_pointer)(void*, const char*);
};

struct Runtime {
  const Layout* layout;   ///< nullptr: stacks cannot be read
  const void* none;       ///< Py_None
  const void* code_type;  ///< PyCode_Type
  std::uint32_t version_hex;
  bool free_threaded;
  const char* file;  ///< that it was loaded from; empty: the program's own
  Functions functions;
};

/// Constant once interpreter_file() names one.
extern constinit Runtime g_runtime;

/// Whether the hot path walks frames. `verified` and `untested` do; see trace::StackState.
extern constinit std::atomic<trace::StackState> g_stack_state;
extern constinit std::atomic<bool> g_walk_frames;

/// Looks for an interpreter among the loaded objects and wraps its allocators. Called by the constructor.
void install_at_start() noexcept;

/// Things that libc's malloc has to look after while they are set.
enum Watch : unsigned char {
  /// The domains may be replaced without wrapping ours: from the first wrapping until the first call (PYTHONMALLOC and
  /// -X dev replace them at pre-initialisation), and after Py_Finalize (a second Py_Initialize of 3.12+ starts from a
  /// fresh copy of the runtime).
  kWatchDomains = 1,
  /// An object was opened that may be an interpreter: it is noticed by its first malloc.
  kWatchCallers = 2,
  /// A control waits for the interpreter to come far enough (controls.h).
  kWatchControls = 4,
};
extern constinit std::atomic<unsigned char> g_watch;
[[gnu::cold, gnu::noinline]] void watch(const void* caller) noexcept;
void note_dlopen() noexcept;

/// Writes what is known about the interpreter; first records of a lane 0, and again when it changes.
void describe(Lane& lane) noexcept;

/// True until the work that needs an interpreter has been handed to it; looked at by every domain hook.
extern constinit std::atomic<bool> g_attention;
/// Asks the interpreter, once it is ready, to do it at its next safe point (a pending call): the self-test of the stack
/// reader, the watching of the collector. The same for further interpreters (interpreters.h).
[[gnu::cold, gnu::noinline]] void attend() noexcept;
/// The file of the interpreter that was found, nullptr: none, so far.
[[nodiscard]] const char* interpreter_file() noexcept;
/// There is work for the main interpreter: for the first time, or for the next one after Py_Finalize.
void ask_main_interpreter() noexcept;

}  // namespace heapledger::python
#pragma GCC visibility pop
