// The Python stack of the calling thread, by memory reads only.
//
// A lane keeps the last stack it walked. Most allocations happen under the same callers as the one before, so the walk
// compares: it follows the remembered frames and checks that the links, code objects and positions in memory still are
// what they were. That is exact - every frame is read every time - but its loads do not wait for one another, as those
// of a linked list would. Only what changed is named again.
//
// Any thread, any context in which the thread's own frames are not being changed: a thread can only be inside an
// allocator or before or behind it.
#pragma once

#include <pthread.h>

#include "../lane.h"
#include "code.h"
#include "runtime.h"
#include "sites.h"

#pragma GCC visibility push(hidden)  // see meson.build
namespace heapledger::python {

/// Where a thread's state has its innermost frame.
struct ThreadReader {
  constexpr ThreadReader() noexcept = default;
  explicit ThreadReader(const Layout& l) noexcept
      : id(l.tstate_thread_id), frame(l.tstate_frame), frame_of_cframe(l.cframe_frame), is_of_holder(l.minor <= 11) {}
  std::size_t id = 0, frame = 0;
  std::int64_t frame_of_cframe = -1;  ///< see Layout::cframe_frame
  bool is_of_holder = true;  ///< the current thread is the one that holds the GIL, who may be somebody else (up to 3.11)
};
/// Of the interpreter in this process; constant once frames are walked.
extern constinit ThreadReader g_thread_reader;

/// The state of the calling thread, when `own` is not known (nullptr) or has come to another interpreter since; nullptr: it
/// has none.
[[gnu::noinline]] const std::byte* find_thread(const std::byte* own) noexcept;

/// pthread_self(); a call of libc is made once.
inline std::uint64_t own_id() noexcept {
  if (t_state.self == 0) [[unlikely]] t_state.self = pthread_self();
  return t_state.self;
}

/// Innermost frame of the calling thread; nullptr: it runs no Python code.
inline const std::byte* current_frame() noexcept {
  const ThreadReader& reader = g_thread_reader;
  auto* thread = static_cast<const std::byte*>(g_runtime.functions.current_thread());
  // Read once: the state of another thread may be gone the next moment.
  if (thread != nullptr && reader.is_of_holder && load<std::uint64_t>(thread, reader.id) != own_id()) [[unlikely]]
    thread = nullptr;
  if (thread == nullptr || load<const void*>(thread, kThreadStateInterpreter) != t_state.interpreter) [[unlikely]]
    thread = find_thread(thread);
  if (thread == nullptr) return nullptr;
  auto* frame = load<const std::byte*>(thread, reader.frame);
  if (reader.frame_of_cframe < 0 || frame == nullptr) return frame;
  return load<const std::byte*>(frame, static_cast<std::size_t>(reader.frame_of_cframe));
}

/// Whether the calling thread holds the interpreter's lock; always true where there is none. For threads with a frame.
[[nodiscard]] bool holds_lock() noexcept;

/// A plain walk of visible frames, innermost first; for the self-test.
class FrameWalk {
 public:
  explicit FrameWalk(const std::byte* innermost) noexcept : next_(innermost) {}
  /// Moves on to the next visible frame; false behind the outermost.
  bool next() noexcept;
  [[nodiscard]] const void* code() const noexcept { return seen_.code; }
  [[nodiscard]] std::uint32_t offset() const noexcept;

 private:
  const std::byte* next_;
  SeenFrame seen_ = {};
};

/// Offset of a frame's position into its code's instructions, in bytes; negative (as an unsigned number) before the first
/// one has begun.
std::uint32_t instruction_offset(const Layout& layout, const SeenFrame& seen) noexcept;

/// Brings lane.stack up to date with the frames in memory and finds the site of its innermost frame. 0: it could not be
/// written.
std::uint32_t site_of_frame(Lane& lane, const std::byte* frame, trace::Api api) noexcept;

/// Innermost frame for record_alloc, nullptr when stacks are off. Asked for before the lane is touched: the thread-local
/// storage of a dlopen'ed interpreter is allocated on first use.
inline const std::byte* frame_of_call() noexcept {
  return g_walk_frames.load(std::memory_order_relaxed) ? current_frame() : nullptr;
}

/// Number of the site of the present call. The remembered stack of a thread that is outside Python now stays as it is.
inline std::uint32_t site_of_stack(Lane& lane, const std::byte* frame, trace::Api api) noexcept {
  if (frame != nullptr) return site_of_frame(lane, frame, api);
  const std::uint32_t site = lane.stack.bare[static_cast<unsigned>(api)];
  return site != 0 ? site : name_bare_site(lane, api);
}

}  // namespace heapledger::python
#pragma GCC visibility pop
