// System calls of the shim's own: never through an interposable libc function, never touching errno.
//
// Anything here may be called from any hook, before constructors, in signal handlers and between vfork and exec.
// Results follow the kernel: negative values are -errno.
#pragma once

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <fcntl.h>
#include <initializer_list>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"

namespace heapledger::sys {

/// syscall(2) with errno kept and the result in the kernel's own form.
template <class... Args>
inline long call(long number, Args... args) noexcept {
  const int saved = errno;
  long result = ::syscall(number, args...);
  if (result == -1) result = -static_cast<long>(errno);
  errno = saved;
  return result;
}

/// Restores errno at the end of a slow path that calls into libc.
class ErrnoKeeper {
 public:
  ErrnoKeeper() noexcept : saved_(errno) {}
  ~ErrnoKeeper() { errno = saved_; }
  ErrnoKeeper(const ErrnoKeeper&) = delete;
  ErrnoKeeper& operator=(const ErrnoKeeper&) = delete;

 private:
  int saved_;
};

/// Signals wait while one lives: no handler runs, and none forks, in the midst of something that must not be done twice. All but
/// those that an instruction raises: they cannot wait, and a sandbox may answer system calls by SIGSYS. They stay as they are.
class SignalsHeld {
 public:
  SignalsHeld() noexcept {
    std::uint64_t waiting = ~std::uint64_t{0};  // the kernel leaves SIGKILL and SIGSTOP out
    for (const int raised : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS}) waiting &= ~(std::uint64_t{1} << (raised - 1));
    held_ = call(SYS_rt_sigprocmask, SIG_BLOCK, &waiting, &before_, sizeof before_) == 0;
  }
  ~SignalsHeld() {
    if (held_) call(SYS_rt_sigprocmask, SIG_SETMASK, &before_, nullptr, sizeof before_);
  }
  SignalsHeld(const SignalsHeld&) = delete;
  SignalsHeld& operator=(const SignalsHeld&) = delete;

 private:
  std::uint64_t before_ = 0;
  bool held_ = false;
};

inline int open(const char* path, int flags, int mode = 0) noexcept {
  return static_cast<int>(call(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, mode));
}
inline void close(int fd) noexcept { call(SYS_close, fd); }

inline std::uint64_t nanoseconds(const timespec& t) noexcept {
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000u + static_cast<std::uint64_t>(t.tv_nsec);
}
inline std::uint64_t now_ns(clockid_t clock) noexcept {
  timespec t{};
  g_clock(clock, &t);  // all times of a trace from one source
  return nanoseconds(t);
}

inline bool is_map_error(const void* p) noexcept {
  return reinterpret_cast<std::uintptr_t>(p) >= static_cast<std::uintptr_t>(-4095);
}

/// Private anonymous memory, zeroed; nullptr when there is none. `advice` is a MADV_* value or -1.
inline void* map_memory(std::size_t bytes, int advice = -1) noexcept {
  void* p = reinterpret_cast<void*>(
      call(SYS_mmap, nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0L));
  if (is_map_error(p)) return nullptr;
  if (advice >= 0 && call(SYS_madvise, p, bytes, advice) < 0) {
    call(SYS_munmap, p, bytes);
    return nullptr;
  }
  return p;
}
inline void unmap_memory(void* p, std::size_t bytes) noexcept { call(SYS_munmap, p, bytes); }

/// Reads a small file of /proc as far as it fits; returns its bytes, 0 when it cannot be read.
inline std::size_t read_file(const char* path, char* to, std::size_t room) noexcept {
  const int fd = open(path, O_RDONLY);
  if (fd < 0) return 0;
  std::size_t size = 0;
  while (size < room) {
    const long n = call(SYS_read, fd, to + size, room - size);
    if (n == -EINTR) continue;
    if (n <= 0) break;
    size += static_cast<std::size_t>(n);
  }
  close(fd);
  return size;
}

/// The smallest page there is.
inline constexpr std::uintptr_t kPage = 4096;

/// Whether the word at an address can be loaded, by asking the kernel: rt_sigprocmask copies the set before it finds that
/// `how` is nonsense. A sandbox that forbids even that makes everything unreadable.
inline bool readable(const void* address) noexcept {
  const auto word = reinterpret_cast<std::uintptr_t>(address) & ~std::uintptr_t{7};
  constexpr int kNonsense = -1;
  return call(SYS_rt_sigprocmask, kNonsense, word, nullptr, std::size_t{8}) == -EINVAL;
}

inline std::uint32_t process_id() noexcept { return static_cast<std::uint32_t>(call(SYS_getpid)); }
inline std::uint32_t thread_id() noexcept { return static_cast<std::uint32_t>(call(SYS_gettid)); }

}  // namespace heapledger::sys
