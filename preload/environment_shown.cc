// `environ` with our variables in it, for as long as libc starts a program from it.
#include <atomic>
#include <cstring>
#include <sched.h>

#include "environment.h"
#include "sys.h"

extern char** environ;

namespace heapledger::environment {
namespace {

constexpr unsigned kChanging = ~0u;             ///< somebody is at the variables below
constinit std::atomic<unsigned> g_showing = 0;  ///< calls between show() and hide_again()
constinit char** g_hidden_from = nullptr;       ///< `environ` before
constinit char* g_hidden_preload = nullptr;     ///< its LD_PRELOAD
constinit char* g_shown = nullptr;              ///< memory of the array with ours
constinit std::size_t g_shown_bytes = 0;

bool is_ours(const char* entry) noexcept { return is_kept(entry) || (entry >= g_shown && entry < g_shown + g_shown_bytes); }

void put_in() noexcept {
  const Addition addition = what_is_missing(environ);
  if (addition.bytes > g_shown_bytes) {
    const std::size_t bytes = 2 * addition.bytes;
    auto* const memory = static_cast<char*>(sys::map_memory(bytes));
    if (memory == nullptr) return;
    g_shown = memory;
    g_shown_bytes = bytes;
  }
  if (addition.bytes == 0) return;
  g_hidden_preload = const_cast<char*>(addition.preload);
  g_hidden_from = environ;
  environ = add_ours(addition, g_shown);
}

/// setenv() leaves the array for a larger one of its own when a name is new; else it changes ours, whose entries are carried over.
void put_back() noexcept {
  const bool is_same = environ == reinterpret_cast<char**>(g_shown);
  char** const entries = is_same ? g_hidden_from : environ;
  if (entries != nullptr && environ != nullptr) {
    char** to = entries;
    for (char** from = environ; *from != nullptr; ++from) {
      const bool is_preload = is_ours(*from) && std::strncmp(*from, "LD_PRELOAD=", 11) == 0;
      char* const entry = is_preload ? g_hidden_preload : *from;
      if (entry != nullptr && (is_preload || !is_ours(entry))) *to++ = entry;
    }
    *to = nullptr;
  }
  environ = entries;
}

/// Waits until nobody else is at them. Returns the calls in progress; whoever asked stores the new number.
unsigned begin_change() noexcept {
  for (;; sched_yield())
    if (const unsigned calls = g_showing.exchange(kChanging, std::memory_order_acquire); calls != kChanging) return calls;
}

}  // namespace

void show() noexcept {
  const unsigned calls = begin_change();
  if (calls == 0) put_in();
  g_showing.store(calls + 1, std::memory_order_release);
}

void hide_again(void*) noexcept {
  const unsigned calls = begin_change();
  if (calls == 1) put_back();
  g_showing.store(calls != 0 ? calls - 1 : 0, std::memory_order_release);  // 0: in a child, forked by a handler meanwhile
}

void forked() noexcept {
  if (g_showing.load(std::memory_order_relaxed) == 0) return;
  put_back();
  g_showing.store(0, std::memory_order_relaxed);
}

}  // namespace heapledger::environment
