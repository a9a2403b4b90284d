// Comparing and walking Python frames.
#include "frames.h"

#include <cstring>
#include <pthread.h>

#include "code.h"

namespace heapledger::python {

namespace {

constexpr std::uint32_t kHidden = 1;
constexpr std::uint32_t kUnsettled = 2;  // the code changed; whether the frame is hidden has to be read again
constexpr std::uint64_t kMaxDepth = 1u << 20;  // deeper stacks lose their outer part and say so by having no root
constexpr std::uint64_t kTagMask = ~std::uint64_t{3};

/// What is read of a frame each time.
struct View {
  const std::byte* previous;
  const std::byte* code;
  std::uint64_t position;
};

/// Field readers of one layout, with the offsets in registers.
struct FrameReader {
  explicit FrameReader(const Layout& l) noexcept
      : previous(l.frame_previous), code(l.frame_code), position(l.frame_position),
        position_mask(l.position_kind >= Position::pointer ? ~std::uint64_t{0} : 0xffffffffu) {}
  [[nodiscard]] View read(const std::byte* frame) const noexcept {
    return {load<const std::byte*>(frame, previous),
            reinterpret_cast<const std::byte*>(load<std::uint64_t>(frame, code) & kTagMask),
            load<std::uint64_t>(frame, position) & position_mask};
  }
  std::size_t previous, code, position;
  std::uint64_t position_mask;
};

/// A frame of the interpreter's own: an entry from C, or the trampoline that specialised class calls push. Its code may
/// be None or NULL.
bool is_hidden(const Layout& layout, const std::byte* frame, const std::byte* code) noexcept {
  if (code == nullptr || code == g_runtime.none) return true;
  if (layout.owner_hidden_from == 0) return false;
  if (load<std::uint8_t>(frame, layout.frame_owner) >= layout.owner_hidden_from) return true;
  return layout.minor >= 13 &&
         load<const void*>(code, layout.code_filename) == load<const void*>(code, layout.code_name);
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

void forget_sites(StackCache& stack) noexcept { std::memset(stack.site, 0, sizeof stack.site); }

/// Compares the remembered frames [0, count) with memory, innermost first. Returns the lowest index whose code or
/// position changed (count when none did), after storing the new values; -1 when a link is not the remembered one.
std::int64_t compare(StackCache& stack, const FrameReader& reader, std::uint64_t count) noexcept {
  SeenFrame* const frames = stack.frames.data();
  std::int64_t lowest = static_cast<std::int64_t>(count);
  for (std::uint64_t i = count; i-- > 0;) {
    SeenFrame& seen = frames[i];
    const View view = reader.read(seen.frame);
    if (view.code != seen.code || view.position != seen.position) [[unlikely]] {
      if (view.code != seen.code) seen.flags = kUnsettled;
      seen.code = view.code;
      seen.position = view.position;
      lowest = static_cast<std::int64_t>(i);
    }
    const std::byte* expected = i != 0 ? frames[i - 1].frame : nullptr;
    // Hides from the compiler that both are equal from here on: the next load must use the remembered address, which
    // is known early, and not wait for the link.
    asm volatile("" : "+r"(expected));
    if (view.previous != expected) [[unlikely]] return -1;
  }
  return lowest;
}

/// Names given before a code object ended may be another's by now.
bool forget_old_names(StackCache& stack) noexcept {
  const std::uint32_t epoch = g_code_epoch.load(std::memory_order_relaxed);
  if (stack.epoch == epoch) [[likely]] return false;
  stack.epoch = epoch;
  forget_sites(stack);
  for (std::uint32_t i = 0; i < stack.depth; ++i) stack.frames.data()[i].flags = kUnsettled;
  return true;
}

/// The frames from `lowest` up have new names, because they or one of their callers changed.
void settle_changes(StackCache& stack, const Layout& layout, std::uint64_t lowest, std::uint64_t count) noexcept {
  SeenFrame* const frames = stack.frames.data();
  for (std::uint64_t i = lowest; i < count; ++i) {
    frames[i].node = kNoNode;
    if (frames[i].flags == kUnsettled)
      frames[i].flags = is_hidden(layout, frames[i].frame, frames[i].code) ? kHidden : 0;
  }
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
std::uint64_t splice(Lane& lane, const FrameReader& reader, const std::byte* innermost, bool trust) noexcept {
  StackCache& stack = lane.stack;
  const Layout& layout = *g_runtime.layout;
  std::int64_t joint = -1;
  std::uint64_t fresh = 0;
  for (const std::byte* f = innermost; f != nullptr && fresh < kMaxDepth; f = reader.read(f).previous, ++fresh) {
    joint = trust ? find_near_top(stack, stack.frames.data(), f) : -1;
    if (joint >= 0) break;
  }
  const std::uint64_t kept = static_cast<std::uint64_t>(joint + 1);
  stack.depth = 0;
  if (!stack.frames.reserve(kept + fresh)) return 0;
  SeenFrame* const frames = stack.frames.data();
  const std::byte* f = innermost;
  for (std::uint64_t i = kept + fresh; i-- > kept;) {
    const View view = reader.read(f);
    frames[i] = {f, view.code, view.position, kNoNode, is_hidden(layout, f, view.code) ? kHidden : 0};
    f = view.previous;
  }
  stack.depth = static_cast<std::uint32_t>(kept + fresh);
  return kept;
}

/// The stack has other frames than remembered. `trust`: the remembered links may still be right further out.
[[gnu::noinline]] void rewalk(Lane& lane, const FrameReader& reader, const std::byte* innermost, bool trust,
                              bool renamed) noexcept {
  StackCache& stack = lane.stack;
  forget_sites(stack);
  const std::uint64_t kept = splice(lane, reader, innermost, trust);
  std::int64_t lowest = compare(stack, reader, kept);
  if (renamed && lowest >= 0) lowest = 0;
  if (lowest < 0) {
    splice(lane, reader, innermost, false);
  } else {
    settle_changes(stack, *g_runtime.layout, static_cast<std::uint64_t>(lowest), kept);
  }
}

std::uint32_t intern_node(Lane& lane, std::uint32_t parent, const SeenFrame& seen) noexcept {
  trace::Node node;
  node.parent = parent;
  node.code = code_number(lane, seen.code);
  node.offset = instruction_offset(*g_runtime.layout, seen);
  const InternKey key{std::uint64_t{parent} << 32 | node.code, node.offset};
  if (const std::uint32_t known = lane.node_table.find(key); known != 0) return known;
  const std::uint32_t number = lane.node_table.add(key);
  if (number == 0) trace_file::stop(trace::StopReason::map_failed);  // stacks would silently lose their outer part
  return number != 0 && lane.append(node) ? number : 0;
}

/// Node of the remembered frame at index - 1, naming the outer ones on the way; 0 below the outermost.
std::uint32_t node_below(Lane& lane, std::uint64_t index) noexcept {
  SeenFrame* const frames = lane.stack.frames.data();
  std::uint64_t named = index;
  while (named > 0 && frames[named - 1].node == kNoNode) --named;
  std::uint32_t node = named > 0 ? frames[named - 1].node : 0;
  for (; named < index; ++named) {
    if ((frames[named].flags & kHidden) == 0) node = intern_node(lane, node, frames[named]);
    frames[named].node = node;
  }
  return node;
}

[[gnu::cold, gnu::noinline]] std::uint32_t add_site(Lane& lane, const InternKey& key, const trace::Site& site) noexcept {
  if (!lane.sites.reserve(lane.site_table.count() + 1)) return 0;
  const std::uint32_t number = lane.site_table.add(key);
  return number != 0 && lane.append(site) ? number : 0;
}

}  // namespace

/// The interpreter is not there (any more); the next one may start with allocators of its own.
[[gnu::cold]] static void watch_restart() noexcept {
  g_attention.store(true, std::memory_order_relaxed);
  g_watch.fetch_or(kWatchDomains, std::memory_order_relaxed);
}

const std::byte* current_frame() noexcept {
  const Functions& f = g_runtime.functions;
  const Layout& layout = *g_runtime.layout;
  auto* thread = static_cast<const std::byte*>(f.current_thread());
  // Up to 3.11 this is the holder of the GIL, who may be somebody else.
  if (thread != nullptr && layout.minor <= 11 && load<pthread_t>(thread, layout.tstate_thread_id) != pthread_self())
    thread = nullptr;
  if (thread == nullptr) [[unlikely]] {
    if (f.is_initialized() == 0) return watch_restart(), nullptr;
    thread = static_cast<const std::byte*>(f.this_thread());
    if (thread == nullptr) return nullptr;
  }
  auto* frame = load<const std::byte*>(thread, layout.tstate_frame);
  if (layout.cframe_frame < 0) return frame;
  return frame != nullptr ? load<const std::byte*>(frame, static_cast<std::size_t>(layout.cframe_frame)) : nullptr;
}

bool FrameWalk::next() noexcept {
  const Layout& layout = *g_runtime.layout;
  const FrameReader reader{layout};
  while (next_ != nullptr) {
    const View view = reader.read(next_);
    seen_ = {next_, view.code, view.position, kNoNode, 0};
    next_ = view.previous;
    if (!is_hidden(layout, seen_.frame, seen_.code)) return true;
  }
  return false;
}

std::uint32_t FrameWalk::offset() const noexcept { return instruction_offset(*g_runtime.layout, seen_); }

void refresh_stack(Lane& lane, const std::byte* frame) noexcept {
  StackCache& stack = lane.stack;
  if (frame == nullptr) {
    if (stack.depth != 0) forget_sites(stack), stack.depth = 0;
    return;
  }
  const bool renamed = forget_old_names(stack);
  const FrameReader reader{*g_runtime.layout};
  const std::uint64_t depth = stack.depth;
  if (depth == 0 || stack.frames.data()[depth - 1].frame != frame) return rewalk(lane, reader, frame, true, renamed);
  std::int64_t lowest = compare(stack, reader, depth);
  if (renamed && lowest >= 0) lowest = 0;
  if (lowest == static_cast<std::int64_t>(depth)) [[likely]] return;
  if (lowest < 0) return rewalk(lane, reader, frame, false, renamed);
  forget_sites(stack);
  settle_changes(stack, *g_runtime.layout, static_cast<std::uint64_t>(lowest), depth);
}

std::uint32_t define_site(Lane& lane, trace::Api api) noexcept {
  const SeenFrame* const frames = lane.stack.frames.data();
  std::uint64_t depth = lane.stack.depth;
  while (depth > 0 && (frames[depth - 1].flags & kHidden) != 0) --depth;
  trace::Site site;
  site.api = static_cast<std::uint32_t>(api);
  if (depth > 0) {
    const SeenFrame& innermost = frames[depth - 1];
    site.parent = node_below(lane, depth - 1);
    site.code = code_number(lane, innermost.code);
    site.offset = instruction_offset(*g_runtime.layout, innermost);
  }
  const InternKey key{std::uint64_t{site.parent} << 32 | site.code, std::uint64_t{site.offset} << 8 | site.api};
  std::uint32_t number = lane.site_table.find(key);
  if (number == 0) number = add_site(lane, key, site);
  lane.stack.site[site.api] = number;
  return number;
}

}  // namespace heapledger::python
