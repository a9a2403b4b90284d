// The exported functions that start programs: those get the shim's variables, which this one does not see (environment.h).
//
// Nothing is recorded here and nothing allocated: all but the last three are called in signal handlers and between vfork and exec.
#include <alloca.h>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <pthread.h>
#include <spawn.h>
#include <unistd.h>
#include <wordexp.h>

#include "environment.h"
#include "real.h"
#include "sys.h"

extern char** environ;

#define EXPORT extern "C" [[gnu::visibility("default")]]

namespace {

namespace environment = heapledger::environment;
namespace sys = heapledger::sys;
using Strings = char* const*;

/// Larger ones are mapped; after vfork and an exec that succeeds the parent keeps the mapping.
constexpr std::size_t kMostOnStack = 64 * 1024;

/// By a constructor that ran before ours.
const heapledger::Real& real() noexcept {
  heapledger::resolve_real();
  return heapledger::g_real;
}

/// Calls start(environment), and gives what it gives.
template <class Start>
int with_ours(Strings given, Start start) noexcept {
  const environment::Addition addition = environment::what_is_missing(given);
  if (addition.bytes == 0) return start(given);
  if (addition.bytes <= kMostOnStack) return start(environment::add_ours(addition, alloca(addition.bytes)));
  void* const memory = sys::map_memory(addition.bytes);
  if (memory == nullptr) return start(given);
  const int status = start(environment::add_ours(addition, memory));
  sys::unmap_memory(memory, addition.bytes);
  return status;
}

int exec_path(const char* path, Strings arguments, Strings given) noexcept {
  return with_ours(given, [&](Strings whole) { return real().execve(path, arguments, whole); });
}

int exec_found(const char* file, Strings arguments, Strings given) noexcept {
  return with_ours(given, [&](Strings whole) { return real().execvpe(file, arguments, whole); });
}

/// The arguments of execl and its like as an array, and the environment that stands behind them or is the process's own.
template <class Start>
int with_list(const char* first, va_list list, bool has_environment, Start start) noexcept {
  std::size_t count = 1;
  va_list ahead;
  va_copy(ahead, list);
  while (first != nullptr && va_arg(ahead, char*) != nullptr) ++count;
  va_end(ahead);
  auto** const arguments = static_cast<char**>(alloca((count + 1) * sizeof(char*)));
  arguments[0] = const_cast<char*>(first);
  for (std::size_t i = 1; first != nullptr && i <= count; ++i) arguments[i] = va_arg(list, char*);
  return start(arguments, has_environment ? va_arg(list, Strings) : environ);
}

/// A thread may be cancelled in these calls, which ends them without a return.
template <class Result, class Call>
Result while_shown(Call call) {
  Result result{};
  environment::show();
  pthread_cleanup_push(environment::hide_again, nullptr);
  result = call();
  pthread_cleanup_pop(1);
  return result;
}

}  // namespace

EXPORT int execve(const char* path, Strings arguments, Strings given) noexcept { return exec_path(path, arguments, given); }
EXPORT int execv(const char* path, Strings arguments) noexcept { return exec_path(path, arguments, environ); }
EXPORT int execvp(const char* file, Strings arguments) noexcept { return exec_found(file, arguments, environ); }
EXPORT int execvpe(const char* file, Strings arguments, Strings given) noexcept { return exec_found(file, arguments, given); }

EXPORT int execl(const char* path, const char* first, ...) noexcept {
  va_list list;
  va_start(list, first);
  const int status = with_list(first, list, false, [&](Strings a, Strings given) { return exec_path(path, a, given); });
  va_end(list);
  return status;
}

EXPORT int execle(const char* path, const char* first, ...) noexcept {
  va_list list;
  va_start(list, first);
  const int status = with_list(first, list, true, [&](Strings a, Strings given) { return exec_path(path, a, given); });
  va_end(list);
  return status;
}

EXPORT int execlp(const char* file, const char* first, ...) noexcept {
  va_list list;
  va_start(list, first);
  const int status = with_list(first, list, false, [&](Strings a, Strings given) { return exec_found(file, a, given); });
  va_end(list);
  return status;
}

EXPORT int fexecve(int file, Strings arguments, Strings given) noexcept {
  return with_ours(given, [&](Strings whole) { return real().fexecve(file, arguments, whole); });
}

EXPORT int execveat(int folder, const char* path, Strings arguments, Strings given, int flags) noexcept {
  return with_ours(given, [&](Strings whole) { return real().execveat(folder, path, arguments, whole, flags); });
}

EXPORT int posix_spawn(pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
                       const posix_spawnattr_t* attributes, Strings arguments, Strings given) {
  return with_ours(given,
                   [&](Strings whole) { return real().posix_spawn(pid, path, actions, attributes, arguments, whole); });
}

EXPORT int posix_spawnp(pid_t* pid, const char* file, const posix_spawn_file_actions_t* actions,
                        const posix_spawnattr_t* attributes, Strings arguments, Strings given) {
  return with_ours(given,
                   [&](Strings whole) { return real().posix_spawnp(pid, file, actions, attributes, arguments, whole); });
}

EXPORT int system(const char* command) {
  return while_shown<int>([=] { return real().system(command); });
}

EXPORT FILE* popen(const char* command, const char* mode) {
  return while_shown<FILE*>([=] { return real().popen(command, mode); });
}

EXPORT int wordexp(const char* words, wordexp_t* into, int flags) {
  return while_shown<int>([=] { return real().wordexp(words, into, flags); });
}
