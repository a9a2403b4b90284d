// Finding the kernel's clock, and its tick.
#include "clock.h"

#include <sys/auxv.h>

#include "symbols.h"
#include "sys.h"

namespace heapledger {

namespace {

constexpr std::int64_t kNone = kNoTick;  ///< in the place of the word

constexpr std::size_t kPagesBefore = 8;  ///< Linux has 4 to 6 pages of data in front of the code

/// The word in this page that follows `now.tv_sec` and is `now.tv_nsec`; nullptr: none, or more than one.
const std::int64_t* find_in(const std::int64_t* page, const timespec& now) noexcept {
  const std::int64_t* found = nullptr;
  for (std::size_t i = 1; i < sys::kPage / sizeof *page; ++i) {
    if (__atomic_load_n(page + i, __ATOMIC_RELAXED) != now.tv_nsec || page[i - 1] != now.tv_sec) continue;
    if (found != nullptr) return nullptr;
    found = page + i;
  }
  return found;
}

/// Pages in between may be no memory (the clocks of hypervisors), so each is asked for.
const std::int64_t* find_tick(std::uintptr_t code) noexcept {
  timespec now;
  g_clock(CLOCK_MONOTONIC_COARSE, &now);
  for (std::size_t i = 1; i <= kPagesBefore; ++i) {
    const auto* page = reinterpret_cast<const std::int64_t*>(code - i * sys::kPage);
    if (!sys::readable(page)) continue;
    if (const std::int64_t* found = find_in(page, now); found != nullptr) return found;
  }
  return nullptr;
}

}  // namespace

constinit ClockFunction g_clock = ::clock_gettime;
constinit std::atomic<const std::int64_t*> g_tick = &kNone;

void find_clock() noexcept {
  const unsigned long page = ::getauxval(AT_SYSINFO_EHDR);
  const link_map* object = _r_debug.r_map;
  while (object != nullptr && object->l_addr != page) object = object->l_next;
  ClockFunction found = nullptr;
  if (page == 0 || object == nullptr) return;
  if (!find_function(*object, found, "__vdso_clock_gettime") &&  // x86, RISC-V
      !find_function(*object, found, "__kernel_clock_gettime"))  // ARM
    return;
  g_clock = found;
  constexpr int kTries = 3;  // it may move while it is looked for
  const std::int64_t* word = nullptr;
  for (int i = 0; i < kTries && word == nullptr; ++i) word = find_tick(page);
  if (word != nullptr) g_tick.store(word, std::memory_order_relaxed);
}

std::int64_t read_clock(timespec& now) noexcept {
  const std::int64_t before = tick();
  g_clock(CLOCK_MONOTONIC_COARSE, &now);
  if (before == now.tv_nsec) return before;
  if (tick() == before) g_tick.store(&kNone, std::memory_order_relaxed);  // it did not move in between: it is not the clock
  return kNeverTick;
}

}  // namespace heapledger
