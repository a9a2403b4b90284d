// Comparing and walking Python frames.
#include "frames.h"

#include <pthread.h>

#include "../settings.h"
#include "frame_reader.h"
#include "interpreter_table.h"
#include "interpreters.h"
#include "types.h"

namespace heapledger::python {

constinit FrameReader g_reader;

namespace {

constexpr std::uint32_t kUnsettled = 2;  // the code changed; whether the frame is hidden has to be read again
constexpr std::uint64_t kMaxDepth = 1u << 20;  // deeper stacks lose their outer part and say so by having no root

/// Innermost of the remembered frames `outermost` .. `seen` that is not as it was; nullptr: all are. The loop that every
/// allocation runs through, of its own function for the sake of its registers.
template <bool by_position>
[[gnu::noinline]] SeenFrame* find_change(SeenFrame* outermost, SeenFrame* seen) noexcept {
  const FrameReader reader = g_reader;
  const std::byte* frame = seen->frame;
#pragma GCC unroll 4
  for (; seen != outermost; --seen) {
    const std::byte* caller = seen[-1].frame;
    if (reader.differs<by_position>(frame, *seen, caller)) [[unlikely]] return seen;
    frame = caller;
  }
  return reader.differs<by_position>(frame, *seen, nullptr) ? seen : nullptr;
}

/// `renamed`: a code object has ended since, so that a position may be in another one.
SeenFrame* find_change(SeenFrame* outermost, SeenFrame* seen, bool renamed) noexcept {
  return g_reader.by_position && !renamed ? find_change<true>(outermost, seen) : find_change<false>(outermost, seen);
}

/// Compares the remembered frames [0, count) with memory. Returns the lowest index whose code or position changed (count
/// when none did), after storing the new values; -1 when a link is not the remembered one.
std::int64_t compare(StackCache& stack, std::uint64_t count, bool renamed) noexcept {
  SeenFrame* const frames = stack.frames.data();
  auto lowest = static_cast<std::int64_t>(count);
  for (std::uint64_t left = count; left != 0;) {
    SeenFrame* const seen = find_change(frames, frames + left - 1, renamed);
    if (seen == nullptr) break;
    left = static_cast<std::uint64_t>(seen - frames);
    const View view = g_reader.read(seen->frame);
    if (view.code != seen->code || view.position != seen->position) lowest = static_cast<std::int64_t>(left);
    if (view.code != seen->code) seen->flags = kUnsettled;
    seen->code = view.code;
    seen->position = view.position;
    if (view.previous != (left != 0 ? seen[-1].frame : nullptr)) return -1;
  }
  return lowest;
}

/// Names given before a code object ended may be another's by now.
bool forget_old_names(StackCache& stack) noexcept {
  const std::uint32_t epoch = g_code_epoch.load(std::memory_order_relaxed);
  if (stack.epoch == epoch) [[likely]] return false;
  stack.epoch = epoch;
  for (std::uint32_t i = 0; i < stack.depth; ++i) stack.frames.data()[i].flags = kUnsettled;
  return true;
}

void find_visible(StackCache& stack) noexcept {
  stack.visible = stack.depth;
  while (stack.visible > 0 && (stack.frames.data()[stack.visible - 1].flags & kHidden) != 0) --stack.visible;
}

/// The frames from `lowest` up have new names, because they or one of their callers changed.
void settle_changes(StackCache& stack, const Layout& layout, std::uint64_t lowest, std::uint64_t count) noexcept {
  SeenFrame* const frames = stack.frames.data();
  for (std::uint64_t i = lowest; i < count; ++i) {
    frames[i].node = kNoNode;
    if (frames[i].flags == kUnsettled)
      frames[i].flags = is_hidden(layout, frames[i].frame, frames[i].code) ? kHidden : 0;
  }
  find_visible(stack);
}

/// Index of a remembered frame, looking a few calls down from the top; -1: not among them.
std::int64_t find_near_top(const StackCache& stack, const SeenFrame* frames, const std::byte* frame) noexcept {
  constexpr std::uint32_t kWindow = 16;
  const std::uint32_t low = stack.depth > kWindow ? stack.depth - kWindow : 0;
  for (std::uint32_t i = stack.depth; i-- > low;)
    if (frames[i].frame == frame) return i;
  return -1;
}

/// Walks from the innermost frame to the first remembered one, or to the outermost, and remembers what is new.
/// Returns how many frames at the bottom were remembered before.
std::uint64_t splice(Lane& lane, const std::byte* innermost, bool trust) noexcept {
  StackCache& stack = lane.stack;
  const Layout& layout = *g_runtime.layout;
  std::int64_t joint = -1;
  std::uint64_t fresh = 0;
  for (const std::byte* f = innermost; f != nullptr && fresh < kMaxDepth; f = g_reader.read(f).previous, ++fresh) {
    joint = trust ? find_near_top(stack, stack.frames.data(), f) : -1;
    if (joint >= 0) break;
  }
  const std::uint64_t kept = static_cast<std::uint64_t>(joint + 1);
  stack.depth = 0;
  if (!stack.frames.reserve(kept + fresh)) return 0;
  SeenFrame* const frames = stack.frames.data();
  const std::byte* f = innermost;
  for (std::uint64_t i = kept + fresh; i-- > kept;) {
    const View view = g_reader.read(f);
    frames[i] = {f, view.code, view.position, kNoNode, is_hidden(layout, f, view.code) ? kHidden : 0};
    f = view.previous;
  }
  stack.depth = static_cast<std::uint32_t>(kept + fresh);
  return kept;
}

/// The stack has other frames than remembered. `trust`: the remembered links may still be right further out.
[[gnu::noinline]] void rewalk(Lane& lane, const std::byte* innermost, bool trust, bool renamed) noexcept {
  StackCache& stack = lane.stack;
  const std::uint64_t kept = splice(lane, innermost, trust);
  std::int64_t lowest = compare(stack, kept, renamed);
  if (renamed && lowest >= 0) lowest = 0;
  if (lowest < 0) {
    splice(lane, innermost, false);
    find_visible(stack);
  } else {
    settle_changes(stack, *g_runtime.layout, static_cast<std::uint64_t>(lowest), kept);
  }
}

}  // namespace

/// The interpreter is not there (any more); the next one may start with allocators of its own.
[[gnu::cold]] static void watch_restart() noexcept {
  forget_ended_interpreters();
  if (g_settings.wanted_events() == Events::none) return;  // its allocators are left alone
  ask_main_interpreter();
  if (g_type_reader.is_on) g_adopted.store(nullptr, std::memory_order_relaxed);
  g_watch.fetch_or(kWatchDomains, std::memory_order_relaxed);
}

static inline pthread_t own_id() noexcept {
  if (t_state.self == 0) [[unlikely]] t_state.self = pthread_self();
  return t_state.self;
}

const std::byte* current_frame() noexcept {
  const Functions& f = g_runtime.functions;
  const Layout& layout = *g_runtime.layout;
  auto* thread = static_cast<const std::byte*>(f.current_thread());
  // Up to 3.11 this is the holder of the GIL, who may be somebody else.
  if (thread != nullptr && layout.minor <= 11 && load<pthread_t>(thread, layout.tstate_thread_id) != own_id())
    thread = nullptr;
  if (thread == nullptr) [[unlikely]] {
    t_state.interpreter = nullptr;
    if (f.is_initialized() == 0) return watch_restart(), nullptr;
    thread = static_cast<const std::byte*>(f.this_thread());
    if (thread == nullptr) return t_state.entered = nullptr, nullptr;
  } else if (load<const void*>(thread, kThreadStateInterpreter) != t_state.interpreter) [[unlikely]] {
    enter_interpreter(load<const void*>(thread, kThreadStateInterpreter));
  }
  auto* frame = load<const std::byte*>(thread, layout.tstate_frame);
  if (layout.cframe_frame < 0) return frame;
  return frame != nullptr ? load<const std::byte*>(frame, static_cast<std::size_t>(layout.cframe_frame)) : nullptr;
}

bool holds_lock() noexcept {
  const Layout& layout = *g_runtime.layout;
  const auto* thread = static_cast<const std::byte*>(g_runtime.functions.current_thread());
  return thread != nullptr && load<pthread_t>(thread, layout.tstate_thread_id) == own_id();
}

/// Offset into the code's instructions, in bytes; negative (as an unsigned number) before the first one has begun.
std::uint32_t instruction_offset(const Layout& layout, const SeenFrame& seen) noexcept {
  const auto lasti = static_cast<std::int32_t>(seen.position);
  if (layout.position_kind == Position::bytes) return static_cast<std::uint32_t>(lasti);
  if (layout.position_kind == Position::units) return 2 * static_cast<std::uint32_t>(lasti);
  const std::byte* first = seen.code + layout.code_instructions;
  if (layout.position_kind == Position::thread_local_pointer) {
    const auto index = load<std::int32_t>(seen.frame, layout.frame_tlbc_index);
    const auto* array = load<const std::byte*>(seen.code, layout.code_tlbc);
    if (array != nullptr && index > 0) first = load<const std::byte*>(array, 8 + 8 * static_cast<std::size_t>(index));
  }
  const auto offset = static_cast<std::int64_t>(seen.position) - reinterpret_cast<std::intptr_t>(first);
  return offset < INT32_MIN || offset > INT32_MAX ? 0 : static_cast<std::uint32_t>(offset);
}

bool FrameWalk::next() noexcept {
  const Layout& layout = *g_runtime.layout;
  while (next_ != nullptr) {
    const View view = g_reader.read(next_);
    seen_ = {next_, view.code, view.position, kNoNode, 0};
    next_ = view.previous;
    if (!is_hidden(layout, seen_.frame, seen_.code)) return true;
  }
  return false;
}

std::uint32_t FrameWalk::offset() const noexcept { return instruction_offset(*g_runtime.layout, seen_); }

namespace {

/// What refresh_stack() leaves: other frames, other code objects, callers that went on.
[[gnu::noinline]] void refresh_changed(Lane& lane, const std::byte* frame) noexcept {
  StackCache& stack = lane.stack;
  const bool renamed = forget_old_names(stack);
  const std::uint64_t depth = stack.depth;
  if (depth == 0 || stack.frames.data()[depth - 1].frame != frame) return rewalk(lane, frame, true, renamed);
  std::int64_t lowest = compare(stack, depth, renamed);
  if (lowest < 0) return rewalk(lane, frame, false, renamed);
  settle_changes(stack, *g_runtime.layout, renamed ? 0 : static_cast<std::uint64_t>(lowest), depth);
}

/// Brings lane.stack up to date with the frames in memory. Mostly the innermost frame went on and its callers wait.
[[gnu::always_inline]] inline void refresh_stack(Lane& lane, const std::byte* frame) noexcept {
  StackCache& stack = lane.stack;
  SeenFrame* const outermost = stack.frames.data();
  SeenFrame* const innermost = outermost + stack.depth - 1;
  if (stack.epoch != g_code_epoch.load(std::memory_order_relaxed) || stack.depth == 0 || innermost->frame != frame)
    return refresh_changed(lane, frame);
  const View view = g_reader.read(frame);
  const std::byte* caller = stack.depth > 1 ? innermost[-1].frame : nullptr;
  if (view.code != innermost->code || view.previous != caller || (stack.depth > 1 && find_change(outermost, innermost - 1, false) != nullptr))
    return refresh_changed(lane, frame);
  if (view.position == innermost->position) return;
  innermost->position = view.position;
  innermost->node = kNoNode;
}

}  // namespace

std::uint32_t site_of_frame(Lane& lane, const std::byte* frame, trace::Api api) noexcept {
  refresh_stack(lane, frame);
  StackCache& stack = lane.stack;
  if (stack.visible == 0) [[unlikely]] return name_bare_site(lane, api);
  const SeenFrame* const innermost = stack.frames.data() + stack.visible - 1;
  std::uint32_t parent = stack.visible > 1 ? innermost[-1].node : 0;
  if (parent == kNoNode) parent = name_callers(lane);
  NameSlot& slot = slot_of(stack, *innermost, parent, static_cast<unsigned>(api));
  if (holds(slot, stack, *innermost, parent, static_cast<unsigned>(api))) [[likely]] return slot.number;
  return name_site(lane, slot, parent, api);
}

}  // namespace heapledger::python
