// Native allocator load: argv[1] = lifo | mix, argv[2] = threads. Prints nanoseconds of wall time an event and thread.
// lifo: malloc and free of one small block; mix: random sizes, ten thousand live blocks.
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { kEvents = 10000000, kLive = 10000 };

static int g_mix;

static void *work(void *unused) {
  static __thread void *live[kLive];
  uint64_t x = 88172645463325252u;
  (void)unused;
  for (int i = 0; i < kEvents; ++i) {
    if (!g_mix) {
      void *volatile block = malloc(48);
      free(block);
      ++i;
      continue;
    }
    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    const size_t k = x % kLive;
    if (live[k] != NULL) {
      free(live[k]);
      live[k] = NULL;
    } else {
      live[k] = malloc(16 + (x >> 20) % 500);
    }
  }
  return NULL;
}

int main(int argc, char **argv) {
  if (argc != 3) return fprintf(stderr, "usage: native lifo|mix THREADS\n"), 2;
  g_mix = strcmp(argv[1], "mix") == 0;
  const int threads = atoi(argv[2]);
  pthread_t others[64];
  struct timespec a, b;
  clock_gettime(CLOCK_MONOTONIC, &a);
  for (int i = 1; i < threads && i < 64; ++i) pthread_create(&others[i], NULL, work, NULL);
  work(NULL);
  for (int i = 1; i < threads && i < 64; ++i) pthread_join(others[i], NULL);
  clock_gettime(CLOCK_MONOTONIC, &b);
  const double ns = (double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec);
  printf("%.2f\n", ns / kEvents);
  return 0;
}
