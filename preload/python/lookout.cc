// Who looks, and for how long.
#include "lookout.h"

#include <cstdlib>
#include <cstring>

#include "../settings.h"
#include "frames.h"
#include "runtime.h"

namespace heapledger::python {

namespace {

constinit std::atomic<bool> g_is_on = false;
constinit std::atomic<std::uint32_t> g_looking = 0;  ///< threads that look; their counts are in ThreadState::looks

constinit std::atomic<bool> g_has_own_raw = false;  ///< RAW is never libc's malloc

/// From 3.15 on mimalloc serves RAW, too, in free-threaded builds and where it is asked for.
bool has_own_raw() noexcept {
  if (g_runtime.version_hex < 0x030f0000) return false;
  const char* allocator = std::getenv("PYTHONMALLOC");
  return g_runtime.free_threaded || (allocator != nullptr && std::strncmp(allocator, "mimalloc", 8) == 0);
}

/// Where states of interpreters cannot be told by their allocation: 3.8, and where libc's malloc does not see it. That is
/// called so rarely then that looking costs nothing.
bool looks_always() noexcept {
  return g_runtime.version_hex < 0x03090000 || g_has_own_raw.load(std::memory_order_relaxed);
}

}  // namespace

void start_lookout() noexcept {
  g_has_own_raw.store(has_own_raw(), std::memory_order_relaxed);
  g_is_on.store(true, std::memory_order_relaxed);
  if (looks_always() && !g_walk_frames.load(std::memory_order_relaxed)) g_looking.fetch_add(1);
}

void expect_interpreter(std::size_t size) noexcept {
  constexpr std::uint32_t kLooks = 4096;       // it runs within some hundred allocations
  constexpr std::size_t kLeastSince310 = 64 * 1024;
  if (!g_is_on.load(std::memory_order_relaxed) || g_walk_frames.load(std::memory_order_relaxed)) return;
  if (size < kLeastSince310 && g_runtime.version_hex >= 0x030a0000) return;
  if (t_state.looks == 0) g_looking.fetch_add(1);
  t_state.looks = kLooks;
  call_attention();
}

void call_attention() noexcept {
  if (g_settings.wanted_events() == Events::none) g_watch.fetch_or(kWatchControls);
  else g_attention.store(true);
}

bool is_looking() noexcept { return g_looking.load() != 0; }

bool looks_late() noexcept { return g_has_own_raw.load(std::memory_order_relaxed) && g_settings.wanted_events() == Events::none; }

void look_out() noexcept {
  (void)current_frame();
  if (t_state.looks != 0 && --t_state.looks == 0) g_looking.fetch_sub(1);
}

void stop_looking() noexcept {
  if (t_state.looks > 1) t_state.looks = 1;
}

}  // namespace heapledger::python
