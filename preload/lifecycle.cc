// Start of the recording, description of the process, thread end, exit.
#include "lifecycle.h"

#include <cstring>
#include <pthread.h>
#include <utility>

#include "../trace/controls.h"
#include "clock.h"
#include "environment.h"
#include "lane.h"
#include "map_record.h"
#include "python/attributes.h"
#include "python/collection_account.h"
#include "python/controls.h"
#include "python/runtime.h"
#include "real.h"
#include "settings.h"
#include "sys.h"

namespace heapledger::lifecycle {

constinit std::atomic<Mode> g_mode = Mode::unknown;

namespace {

constinit pthread_key_t g_thread_key = 0;
constinit bool g_have_key = false;

/// Runs in the ending thread, and again when later destructors of it had events: those set the key once more.
void thread_ended(void*) noexcept {
  if (t_state.stack != 0) hook::record_stack_end(std::exchange(t_state.stack, 0));
  const hook::Guard guard;
  const hook::Writing writing;
  release_lane();
  ++t_state.endings;
}

/// Makes the folder's name independent of the target's working directory. False: it is too long.
bool make_absolute(char (&text)[kMaxText]) noexcept {
  if (text[0] == '/') return true;
  char* folder = static_cast<char*>(sys::map_memory(kMaxText));
  if (folder == nullptr) return false;
  const std::size_t size = std::strlen(text);
  const long got = sys::call(SYS_getcwd, folder, kMaxText);  // counts the final NUL
  const bool fits = got > 0 && static_cast<std::size_t>(got) + size + 1 < kMaxText;
  if (fits) {
    std::memmove(text + got, text, size + 1);
    std::memcpy(text, folder, static_cast<std::size_t>(got) - 1);
    text[got - 1] = '/';
  }
  sys::unmap_memory(folder, kMaxText);
  return fits;
}

/// Everything that the mode "on" needs and that may fail.
bool prepare() noexcept {
  read_settings();
  if (g_settings.out[0] == '\0' || !make_absolute(g_settings.out)) return false;
  void* memory = sys::map_memory(sizeof(Recording), MADV_WIPEONFORK);
  if (memory == nullptr) return false;
  g_recording = static_cast<Recording*>(memory);
  find_clock();
  g_have_key = pthread_key_create(&g_thread_key, thread_ended) == 0;
  return true;
}

}  // namespace

bool initialise() noexcept {
  constinit static std::atomic<bool> begun = false;
  if (begun.exchange(true, std::memory_order_acq_rel)) return g_mode.load(std::memory_order_acquire) == Mode::on;
  sys::ErrnoKeeper keep;
  const bool can_record = prepare();
  const Mode wanted = g_settings.wanted_events() == Events::none ? Mode::rare : Mode::on;
  const Mode mode = can_record ? wanted : Mode::off;
  g_mode.store(mode, std::memory_order_release);
  return mode == Mode::on;
}

bool ensure_started() noexcept {
  auto phase = g_recording->phase.load(std::memory_order_acquire);
  if (phase != Recording::none) return phase == Recording::ready;
  const sys::SignalsHeld one_process;  // a child that a handler forks starts by itself
  Recording& r = *g_recording;
  if (!r.phase.compare_exchange_strong(phase, Recording::starting, std::memory_order_acq_rel))
    return phase == Recording::ready;  // by the handler of a child
  const bool created = trace_file::create();
  r.phase.store(created ? Recording::ready : Recording::stopped, std::memory_order_release);
  return created;
}

void describe_process(Lane& lane) noexcept {
  constexpr std::size_t kRoom = 256 * 1024;  // longer command lines are cut
  auto* text = static_cast<char*>(sys::map_memory(kRoom));
  if (text == nullptr) return;
  trace::Process record;
  const long path = sys::call(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", text, 4096);
  record.executable = {text, path > 0 ? static_cast<std::uint64_t>(path) : 0};
  char* at = text + 4096;
  const long folder = sys::call(SYS_getcwd, at, 4096);
  record.directory = {at, folder > 1 ? static_cast<std::uint64_t>(folder - 1) : 0};
  at += 4096;
  record.arguments = {at, sys::read_file("/proc/self/cmdline", at, kRoom - 8192)};
  lane.append(record);
  sys::unmap_memory(text, kRoom);
  python::describe(lane);
  python::describe_controls(lane);
  for_each_not_taken([&](std::string_view variable, std::string_view why) {
    lane.append(python::control_record(trace::kControlVariable, variable, trace::ControlOutcome::refused, why));
  });
}

void say_hello() noexcept {
  const hook::Guard guard;
  const hook::Writing writing;
  acquire_lane();
}

void end_process() noexcept {
  if (g_recording == nullptr) return;
  trace::FileHeader* header = g_recording->header.load(std::memory_order_acquire);
  if (header == nullptr || header->pid != sys::process_id()) return;  // vfork: the memory is the parent's
  python::write_attributes_at_exit();
  python::close_accounts_at_exit();
  python::end_controls();
  trace_file::mark_clean_end(*header);
}

void watch_thread_end() noexcept {
  // Keys made this early lie in the thread's own block: no allocation.
  if (g_have_key) pthread_setspecific(g_thread_key, &t_state);
}

namespace {

/// With the arguments of main(), as glibc's loader calls all constructors.
[[gnu::constructor]] void start(int, char**, char** variables) noexcept {
  {
    const hook::Guard guard;  // what the loader allocates for messages is no business of the target
    resolve_real();
  }
  const bool records = initialise();
  environment::hide(variables);
  if (!records && g_mode.load(std::memory_order_relaxed) == Mode::off) return;
  python::install_at_start();
  say_hello();
}

[[gnu::destructor]] void finish() noexcept { end_process(); }

}  // namespace
}  // namespace heapledger::lifecycle
