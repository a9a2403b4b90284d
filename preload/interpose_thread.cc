// The exported pthread_create: books the stack of the new thread, and arranges that its end is seen.
#include <pthread.h>

#include "map_record.h"
#include "real.h"
#include "sys.h"

#define EXPORT extern "C" [[gnu::visibility("default")]]

namespace {

using Routine = void* (*)(void*);

/// What the new thread has to know; lives until it has read it.
struct Start {
  Routine routine;
  void* argument;
  std::uint64_t stack;
};

constexpr std::size_t kStartBytes = 4096;

/// Bytes of the stack, 0 when the program brings its own (which it allocated, and which is booked there).
std::size_t stack_bytes(const pthread_attr_t* attributes) noexcept {
  pthread_attr_t standard;
  std::size_t size = 0;
  void* address = nullptr;
  if (attributes != nullptr) {
    pthread_attr_getstack(attributes, &address, &size);
    if (address != nullptr && size != 0 && reinterpret_cast<std::uintptr_t>(address) + size != 0) return 0;
    pthread_attr_getstacksize(attributes, &size);
    return size;
  }
  if (pthread_attr_init(&standard) != 0) return 0;
  pthread_attr_getstacksize(&standard, &size);
  pthread_attr_destroy(&standard);
  return size;
}

void* begin(void* raw) {
  const Start start = *static_cast<Start*>(raw);
  heapledger::sys::unmap_memory(raw, kStartBytes);
  heapledger::t_state.stack = start.stack;
  heapledger::lifecycle::watch_thread_end();
  return start.routine(start.argument);
}

}  // namespace

EXPORT int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, Routine routine, void* argument) noexcept {
  const auto real = heapledger::g_real.pthread_create;
  const std::size_t bytes = stack_bytes(attributes);
  const std::uint64_t stack = bytes != 0 ? heapledger::hook::record_stack(bytes) : 0;
  if (stack == 0) return real(thread, attributes, routine, argument);
  auto* start = static_cast<Start*>(heapledger::sys::map_memory(kStartBytes));
  if (start == nullptr) {
    heapledger::hook::record_stack_end(stack);
    return real(thread, attributes, routine, argument);
  }
  *start = {routine, argument, stack};
  const int status = real(thread, attributes, begin, start);
  if (status != 0) {
    heapledger::sys::unmap_memory(start, kStartBytes);
    heapledger::hook::record_stack_end(stack);
  }
  return status;
}
