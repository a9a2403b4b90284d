// Finding the frame of the calling thread, and plain walks.
#include "frames.h"

#include "../settings.h"
#include "frame_reader.h"
#include "interpreter_table.h"
#include "interpreters.h"
#include "types.h"

namespace heapledger::python {

constinit ThreadReader g_thread_reader;

/// The interpreter is not there (any more); the next one may start with allocators of its own.
[[gnu::cold]] static void watch_restart() noexcept {
  forget_ended_interpreters();
  if (g_settings.wanted_events() == Events::none) return;  // its allocators are left alone
  ask_main_interpreter();
  if (g_type_reader.is_on) g_adopted.store(nullptr, std::memory_order_relaxed);
  g_watch.fetch_or(kWatchDomains, std::memory_order_relaxed);
}

const std::byte* find_thread(const std::byte* own) noexcept {
  const Functions& f = g_runtime.functions;
  if (own != nullptr) {
    enter_interpreter(load<const void*>(own, kThreadStateInterpreter));
    return own;
  }
  t_state.interpreter = nullptr;
  if (f.is_initialized() == 0) return watch_restart(), nullptr;
  own = static_cast<const std::byte*>(f.this_thread());
  if (own == nullptr) t_state.entered = nullptr;
  return own;
}

bool holds_lock() noexcept {
  const auto* thread = static_cast<const std::byte*>(g_runtime.functions.current_thread());
  return thread != nullptr && load<pthread_t>(thread, g_runtime.layout->tstate_thread_id) == own_id();
}

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

}  // namespace heapledger::python
