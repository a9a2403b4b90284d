// Allocates and frees until it is killed, and counts in a shared file: killed COUNTER_FILE THREADS.
// A thread's counter rises after each event, so at any instant the truth is the counter or one more.
// Sizes are 1 to 256: blocks of 257 bytes stay for ever, every sixteenth.
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MAX_THREADS = 8 };
struct Counter {
  _Atomic uint64_t allocations, frees;
  char padding[48];
};
static struct Counter* counters;

static void* run(void* argument) {
  struct Counter* counter = argument;
  for (uint64_t i = 0;; ++i) {
    void* volatile p = malloc(i % 16 == 0 ? 257 : 1 + i % 256);
    atomic_fetch_add(&counter->allocations, 1);
    if (i % 16 == 0) continue;
    free(p);
    atomic_fetch_add(&counter->frees, 1);
  }
  return NULL;
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const int fd = open(argv[1], O_RDWR | O_CREAT, 0600);
  if (fd < 0 || ftruncate(fd, sizeof(struct Counter) * MAX_THREADS) != 0) return 3;
  counters = mmap(NULL, sizeof(struct Counter) * MAX_THREADS, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (counters == MAP_FAILED) return 3;
  pthread_t thread;
  for (int i = 1; i < atoi(argv[2]) && i < MAX_THREADS; ++i)
    if (pthread_create(&thread, NULL, run, &counters[i]) != 0) return 3;
  run(&counters[0]);
}
