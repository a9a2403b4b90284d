// The shim's own variables: LD_PRELOAD's part that names it, and HEAPLEDGER_*. The program sees the environment that it would
// have without the shim, and the programs that it starts get them back, whatever environment it gives to them.
//
// What it cannot reach: /proc/PID/environ, which is what the kernel handed over, and programs that are started by a bare
// system call. Constructors of libraries that run before the shim's see the variables as they came.
#pragma once

#include <cstddef>

#pragma GCC visibility push(hidden)  // see meson.build
namespace heapledger::environment {

/// Takes them out of `environ`, and of `at_start`, the array that main() will see, in place: the order of all others stays.
/// Once, by the shim's constructor, after the settings were read. The strings are copied: programs write over the stack
/// that they came on (to change what ps shows). Without memory for that everything stays as it is, and so it does where another
/// library stands in front of the functions of interpose_exec.cc.
void hide(char** at_start) noexcept;

/// What an environment for another program needs to have ours in it. Made and used in signal handlers and between vfork and exec.
struct Addition {
  char* const* given = nullptr;    ///< as the program gave it, may be nullptr
  std::size_t entries = 0;         ///< of those
  const char* preload = nullptr;   ///< the one that is LD_PRELOAD
  std::size_t bytes = 0;           ///< of memory for add_ours(); 0: the environment is to be used as given
};

/// The same names win if the program has set them itself: an empty HEAPLEDGER_OUT leaves a program out. Nothing is added where the
/// shim cannot be loaded from, as after chroot(2) - the loader would complain - nor to what is no readable environment.
Addition what_is_missing(char* const* given) noexcept;

/// The environment, made in `room` for `bytes`; valid as long as both that and `given` are.
char** add_ours(const Addition& addition, void* room) noexcept;

/// Whether an entry of an environment was written by hide(), for children.
bool is_kept(const char* entry) noexcept;

/// Around calls in which libc starts a program from `environ` without any function that we could stand in front of. They nest, also
/// across threads: until the last one has ended the whole process sees our variables. What it sets or unsets meanwhile stays.
/// The arrays that `environ` points to meanwhile are never unmapped: some thread might still be in one.
void show() noexcept;
void hide_again(void*) noexcept;

/// In a forked child: threads that were between show() and hide_again() are gone.
void forked() noexcept;

}  // namespace heapledger::environment
#pragma GCC visibility pop
