// Bringing the remembered stack of a lane up to date, and the site of its innermost frame. See frames.h.
//
// A remembered frame is read only when a link in memory has just led to it: it may be gone, and its memory with it.
#include "frame_reader.h"
#include "frames.h"
#include "names.h"

namespace heapledger::python {

constinit FrameReader g_reader;

namespace {

constexpr std::uint64_t kMaxDepth = 1u << 20;  // deeper stacks lose their outer part and say so by having no root

/// Innermost of the remembered frames from `seen` outwards that is not as it was; nullptr: all are. The loop that every
/// allocation runs through, of its own function for the sake of its registers.
/// The end is looked for at every frame: four at a time and a rest would be a jump that nothing foretells.
template <bool by_position>
[[gnu::noinline]] SeenFrame* find_change_as(SeenFrame* seen) noexcept {
  const FrameReader reader = g_reader;
  for (const std::byte* frame = seen->frame;;) {
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i, --seen) {
      if (frame == nullptr) return nullptr;
      const std::byte* caller = seen[-1].frame;
      if (reader.differs<by_position>(frame, *seen, caller)) [[unlikely]] return seen;
      frame = caller;
    }
  }
}
SeenFrame* find_change(SeenFrame* seen) noexcept {
  return g_reader.by_position ? find_change_as<true>(seen) : find_change_as<false>(seen);
}

/// A frame as it is now.
SeenFrame look_at(const std::byte* frame, const View& view) noexcept {
  return {frame, view.code, view.position, kNoNode, is_hidden(*g_runtime.layout, frame, view.code) ? kHidden : 0};
}

/// Compares the remembered frames from `joint` outwards with memory. Stores what changed, and takes the names of those and
/// of all up to `joint` away. The frame whose link is not the remembered one; nullptr: there is none.
[[gnu::always_inline]] inline SeenFrame* compare(SeenFrame* joint) noexcept {
  SeenFrame* lowest = joint + 1;
  SeenFrame* elsewhere = nullptr;
  for (SeenFrame* seen = joint; seen != nullptr && seen->frame != nullptr; seen = find_change(seen - 1)) {
    const View view = g_reader.read(seen->frame);
    if (view.code != seen->code) {
      *(lowest = seen) = look_at(seen->frame, view);
    } else if (view.position != seen->position) {
      (lowest = seen)->position = view.position;
    }
    if (view.previous != seen[-1].frame) [[unlikely]] {
      elsewhere = seen;
      break;
    }
  }
  for (; lowest <= joint; ++lowest) lowest->node = kNoNode;
  return elsewhere;
}

/// A remembered frame by its address, when it is one of the topmost `window` or the blank one outside of them.
template <int window>
[[gnu::always_inline]] inline SeenFrame* find_near_top(SeenFrame* top, const std::byte* frame) noexcept {
  static_assert(window <= static_cast<int>(kBlank));
#pragma GCC unroll 4
  for (int i = 0; i < window; ++i)
    if (top[-i].frame == frame) return top - i;
  return nullptr;
}
[[gnu::noinline]] SeenFrame* find_further(SeenFrame* top, const std::byte* frame) noexcept {
  constexpr int kWindow = 16;
  for (int i = 0; i < kWindow && top[-i].frame != nullptr; ++i)
    if (top[-i].frame == frame) return top - i;
  return nullptr;
}

void set_innermost(StackCache& stack, SeenFrame* innermost) noexcept {
  stack.innermost = innermost;
  while ((innermost->flags & kHidden) != 0) --innermost;
  stack.visible = innermost;
}

/// Frames to be put on top of remembered ones, innermost first.
struct FreshCalls {
  static constexpr int kMost = 32;
  const std::byte* frames[kMost];
  int count = 0;
  /// False: there are so many that a walk costs no more.
  [[nodiscard]] bool add(const std::byte* frame) noexcept {
    if (count == kMost) return false;
    frames[count++] = frame;
    return true;
  }
};

/// Between two allocations there are a few returns and a few calls: the stack is a part of the remembered one with some
/// other frames on top. A remembered frame that was called from elsewhere - of a generator, or an entry from C, which lies
/// on the C stack - is one of those. False: so much changed that a walk costs no more.
[[gnu::always_inline]] inline bool follow_calls(StackCache& stack, const std::byte* frame) noexcept {
  FreshCalls fresh;
  SeenFrame* const top = stack.innermost;
  SeenFrame* joint = find_near_top<4>(top, frame);
  for (;;) {
    while (joint == nullptr) {
      if (frame == nullptr || !fresh.add(frame)) return false;
      frame = g_reader.read(frame).previous;
      joint = fresh.count < 2 ? find_near_top<4>(top, frame) : find_further(top, frame);
    }
    const SeenFrame* const elsewhere = compare(joint);
    if (elsewhere == nullptr) [[likely]] break;
    for (; joint >= elsewhere; --joint)
      if (!fresh.add(joint->frame)) return false;
    frame = g_reader.read(elsewhere->frame).previous;
    joint = find_further(top, frame);
  }
  if (joint + fresh.count >= stack.frames.data() + stack.frames.capacity()) return false;
  while (fresh.count != 0) {
    const std::byte* const added = fresh.frames[--fresh.count];
    *++joint = look_at(added, g_reader.read(added));
  }
  return set_innermost(stack, joint), true;
}

/// Remembers the stack anew.
[[gnu::noinline]] void walk(StackCache& stack, const std::byte* innermost) noexcept {
  std::uint32_t depth = 0;
  for (const std::byte* f = innermost; f != nullptr && depth < kMaxDepth; f = g_reader.read(f).previous) ++depth;
  if (!stack.frames.reserve(kBlank + depth)) depth = 0;  // the array has room for the blank ones at least
  SeenFrame* const outside = stack.outside();
  const std::byte* f = innermost;
  for (std::uint32_t i = depth; i > 0; --i) {
    const View view = g_reader.read(f);
    outside[i] = look_at(f, view);
    f = view.previous;
  }
  set_innermost(stack, outside + depth);
}

/// What refresh_stack() leaves: other frames, other code objects, callers that went on.
[[gnu::noinline]] void refresh_changed(StackCache& stack, const std::byte* frame) noexcept {
  const std::uint32_t epoch = g_code_epoch.load(std::memory_order_relaxed);
  if (stack.epoch == epoch && follow_calls(stack, frame)) [[likely]] return;
  if (stack.epoch != epoch) {  // names given before a code object ended may be another's by now
    stack.epoch = epoch;
    std::memset(stack.names, 0, sizeof stack.names);
  }
  walk(stack, frame);
}

/// Brings the remembered stack up to date with the frames in memory. Mostly the innermost frame went on and its callers
/// wait.
[[gnu::always_inline]] inline void refresh_stack(StackCache& stack, const std::byte* frame) noexcept {
  SeenFrame* const innermost = stack.innermost;
  if (stack.epoch != g_code_epoch.load(std::memory_order_relaxed) || innermost->frame != frame)
    return refresh_changed(stack, frame);
  const View view = g_reader.read(frame);
  if (view.code != innermost->code || view.previous != innermost[-1].frame || find_change(innermost - 1) != nullptr)
    return refresh_changed(stack, frame);
  if (view.position == innermost->position) return;
  innermost->position = view.position;
  innermost->node = kNoNode;
}

}  // namespace

std::uint32_t site_of_frame(Lane& lane, const std::byte* frame, trace::Api api) noexcept {
  StackCache& stack = lane.stack;
  refresh_stack(stack, frame);
  const SeenFrame* const innermost = stack.visible;
  if (innermost->frame == nullptr) [[unlikely]] return name_bare_site(lane, api);
  std::uint32_t parent = innermost[-1].node;
  if (parent == kNoNode) parent = name_callers(lane);
  const NameKey key = {place_of(*innermost, static_cast<unsigned>(api)), parent};
  NameSet& set = set_of(stack, key);
  if (const Name* known = find_name(set, key); known != nullptr) [[likely]] return known->number;
  return name_site(lane, set, key, api);
}

}  // namespace heapledger::python
