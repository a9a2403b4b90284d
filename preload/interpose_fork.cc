// The exported fork: repairs what a fork inside a signal handler leaves behind in the child.
//
// A forked child starts a trace of its own by itself (see Recording). Only when the handler interrupted a hook there is
// something to do: the child will return into that hook, whose lane has been wiped.
#include <cerrno>
#include <cstring>
#include <unistd.h>

#include "environment.h"
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

/// What the child needs, mapped before it is made: afterwards there might be no memory for it.
struct Spare {
  Lane* lane;          ///< that may be in the midst of a record
  void* copy;          ///< of the lane, which is wiped
  void* chunk;         ///< in the place of the lane's
  std::uint32_t bytes;  ///< of the chunk
  void* recording;

  explicit Spare(Lane* interrupted) noexcept : lane(interrupted) {
    recording = sys::map_memory(sizeof(Recording), MADV_WIPEONFORK);
    copy = lane != nullptr ? sys::map_memory(sizeof(Lane)) : nullptr;
    bytes = lane != nullptr && lane->chunk != nullptr ? lane->chunk->bytes : 0;
    chunk = bytes != 0 ? sys::map_memory(bytes) : nullptr;
    if (copy != nullptr) std::memcpy(copy, static_cast<const void*>(lane), sizeof(Lane));
  }
  [[nodiscard]] bool is_whole() const noexcept {
    return recording != nullptr && (lane == nullptr || copy != nullptr) && (bytes == 0 || chunk != nullptr);
  }
  void give_back() const noexcept {
    if (recording != nullptr) sys::unmap_memory(recording, sizeof(Recording));
    if (copy != nullptr) sys::unmap_memory(copy, sizeof(Lane));
    if (chunk != nullptr) sys::unmap_memory(chunk, bytes);
  }
};

/// The interrupted hook finishes its record, into memory that nobody reads, and never uses this lane again.
void repair_lane(const Spare& spare) noexcept {
  Lane* const lane = spare.lane;
  std::memcpy(static_cast<void*>(lane), spare.copy, sizeof(Lane));
  sys::unmap_memory(spare.copy, sizeof(Lane));
  sys::call(SYS_madvise, lane, sizeof(Lane), MADV_KEEPONFORK);  // whoever forks next may do it before the hook is done
  if (spare.bytes == 0) return;
  if (sys::call(SYS_mremap, spare.chunk, std::size_t{spare.bytes}, std::size_t{spare.bytes}, MREMAP_MAYMOVE | MREMAP_FIXED,
                lane->chunk) < 0)  // forbidden
    sys::call(SYS_mmap, lane->chunk, std::size_t{spare.bytes}, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
              0L);
  lane->chunk->bytes = spare.bytes;
}

/// A recording of its own tells what is half done that it was the parent's: a stamp that was taken is not the child's, and one
/// that was read and not yet counted is not its first.
void go_on_as_child(const Spare& spare) noexcept {
  if (spare.lane != nullptr) repair_lane(spare);
  heapledger::g_recording = static_cast<Recording*>(spare.recording);
  t_state.lane = nullptr;
  t_state.forked_inside = true;
  t_state.depth = hook::kIdle;  // for the rest of the handler; the hook's own guards set it anew
  t_state.thread_serial = 0;
}

/// Meanwhile handlers of pthread_atfork run, in the child before it is repaired: they are passed through.
[[gnu::noinline]] pid_t fork_inside_hook(pid_t (*real)()) noexcept {
  const Spare spare(t_state.lane);
  if (!spare.is_whole()) {
    spare.give_back();
    return t_state.depth == hook::kIdle ? real() : (errno = ENOMEM, -1);  // idle: that hook has most likely ended
  }
  const std::uint32_t depth = t_state.depth;
  t_state.depth = hook::kWriting;
  const pid_t pid = real();
  t_state.depth = depth;
  if (pid == 0) go_on_as_child(spare);
  else spare.give_back();
  return pid;
}

inline pid_t fork_by(pid_t (*real)()) noexcept {
  using heapledger::lifecycle::Mode;
  // Its child goes on in a hook that does not look interrupted any more, for as long as that takes.
  const bool inside = t_state.depth != hook::kIdle || t_state.forked_inside;
  const pid_t pid = inside ? fork_inside_hook(real) : real();
  // A child without events would be no process of the recording, though it inherits the controls.
  if (pid == 0) heapledger::environment::forked();
  if (pid == 0 && heapledger::lifecycle::g_mode.load(std::memory_order_relaxed) == Mode::rare)
    heapledger::lifecycle::say_hello();
  return pid;
}

}  // namespace

EXPORT pid_t fork() noexcept { return fork_by(heapledger::g_real.fork); }

/// glibc 2.34: fork without the handlers of pthread_atfork.
EXPORT pid_t _Fork() noexcept { return fork_by(heapledger::g_real.fork_bare); }
