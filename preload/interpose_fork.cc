// The exported fork: repairs what a fork inside a signal handler leaves behind in the child.
//
// A forked child starts a trace of its own by itself (see Recording). Only when the handler interrupted a hook there is
// something to do: the child will return into that hook, whose lane has been wiped.
#include <cstring>
#include <unistd.h>

#include "hook.h"
#include "real.h"
#include "sys.h"

#define EXPORT extern "C" [[gnu::visibility("default")]]

namespace {

using heapledger::Lane;
using heapledger::Recording;
using heapledger::t_state;
namespace sys = heapledger::sys;
namespace hook = heapledger::hook;

/// The interrupted hook finishes its record, into memory that nobody reads, and never uses this lane again.
void repair_lane(Lane* lane, const Lane* saved) noexcept {
  std::memcpy(static_cast<void*>(lane), static_cast<const void*>(saved), sizeof(Lane));
  sys::call(SYS_madvise, lane, sizeof(Lane), MADV_KEEPONFORK);  // whoever forks next may do it before the hook is done
  if (lane->chunk != nullptr) {
    const std::uint32_t bytes = lane->chunk->bytes;
    sys::call(SYS_mmap, lane->chunk, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0L);
    lane->chunk->bytes = bytes;
  }
  t_state.lane = nullptr;
}

/// By this what is half done learns that it was the parent's: a stamp that was taken is not the child's, and one that was read
/// and not yet counted is not its first. Without memory its trace may be said to miss records.
void take_fresh_recording() noexcept {
  if (void* fresh = sys::map_memory(sizeof(Recording), MADV_WIPEONFORK); fresh != nullptr)
    heapledger::g_recording = static_cast<Recording*>(fresh);
}

[[gnu::noinline]] pid_t fork_inside_hook(pid_t (*real)()) noexcept {
  Lane* const lane = t_state.depth == hook::kWriting ? t_state.lane : nullptr;
  void* saved = lane != nullptr ? sys::map_memory(sizeof(Lane)) : nullptr;
  if (saved != nullptr) std::memcpy(saved, static_cast<const void*>(lane), sizeof(Lane));
  const pid_t pid = real();
  if (pid == 0) {
    if (saved != nullptr) repair_lane(lane, static_cast<const Lane*>(saved));
    take_fresh_recording();
    t_state.depth = hook::kIdle;  // for the rest of the handler; the hook's own guards set it anew
    t_state.thread_serial = 0;
  }
  if (saved != nullptr) sys::unmap_memory(saved, sizeof(Lane));
  return pid;
}

inline pid_t fork_by(pid_t (*real)()) noexcept {
  using heapledger::lifecycle::Mode;
  if (t_state.depth != hook::kIdle) return fork_inside_hook(real);
  const pid_t pid = real();
  // A child without events would be no process of the recording, though it inherits the controls.
  if (pid == 0 && heapledger::lifecycle::g_mode.load(std::memory_order_relaxed) == Mode::rare)
    heapledger::lifecycle::say_hello();
  return pid;
}

}  // namespace

EXPORT pid_t fork() noexcept { return fork_by(heapledger::g_real.fork); }

/// glibc 2.34: fork without the handlers of pthread_atfork.
EXPORT pid_t _Fork() noexcept { return fork_by(heapledger::g_real.fork_bare); }
