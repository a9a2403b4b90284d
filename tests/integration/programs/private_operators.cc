// A library with libstdc++ of its own, opened by a C program: see host.c. Its constructor starts a thread that allocates
// and waits for it, while the loader holds its lock.
#include <pthread.h>

#include <cstddef>
#include <cstdint>
#include <new>

static void* allocate(void*) {
  delete new int(5);
  return nullptr;
}

[[gnu::constructor]] static void begin() {
  pthread_t thread;
  if (pthread_create(&thread, nullptr, allocate, nullptr) == 0) pthread_join(thread, nullptr);
}

// 100 blocks of 6016 bytes (a multiple of 64, to which libstdc++ rounds) in each of three ways, all given back; 1 when memory that cannot be had is refused by throwing.
extern "C" int work() {
  for (int i = 0; i < 100; ++i) {
    char* volatile block = new char[6016];  // volatile: a pair that nobody sees may be left out
    delete[] block;
    ::operator delete(::operator new(6016, std::nothrow));
    ::operator delete(::operator new(6016, std::align_val_t{64}), std::align_val_t{64});
  }
  try {
    std::size_t volatile too_much = PTRDIFF_MAX;
    ::operator delete(::operator new(too_much - 64));
  } catch (const std::bad_alloc&) {
    return 1;
  }
  return 0;
}
