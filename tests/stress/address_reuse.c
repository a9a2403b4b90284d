// Threads that trade blocks as fast as they can, and count: the program itself knows the exact truth and prints it.
// Usage: address_reuse MODE THREADS ROUNDS, where MODE is
//   realloc  every thread resizes its own block over and over
//   trade    every thread puts its blocks into shared slots and frees what it finds there
//   chain    every thread frees the block that its neighbour has just made, in lock step
// All blocks have between 1 and 256 bytes, so that nothing else in the process has their sizes.
// Output: allocations, bytes allocated, blocks alive at the end, their bytes.
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SLOTS = 64, MAX_THREADS = 64 };

struct Count {
  uint64_t allocations, bytes, frees, freed_bytes;
  char padding[32];
};

// The size stands in the block itself: whoever frees it must know what it was.
struct Block {
  uint16_t size;
};

static struct Count counts[MAX_THREADS];
static _Atomic(struct Block*) slots[SLOTS];
static pthread_barrier_t start;
static int threads, rounds;

static uint32_t next_random(uint32_t* state) {
  *state ^= *state << 13;
  *state ^= *state >> 17;
  return *state ^= *state << 5;
}

static size_t random_size(uint32_t* state) { return 2 + next_random(state) % 255; }

static struct Block* make(struct Count* count, size_t size) {
  struct Block* b = malloc(size);
  b->size = (uint16_t)size;
  ++count->allocations;
  count->bytes += size;
  return b;
}

static void drop(struct Count* count, struct Block* b) {
  if (b == NULL) return;
  ++count->frees;
  count->freed_bytes += b->size;
  free(b);
}

static void resize(struct Count* count, uint32_t* random) {
  struct Block* b = make(count, random_size(random));
  for (int i = 0; i < rounds; ++i) {
    const size_t size = random_size(random);
    ++count->frees;
    count->freed_bytes += b->size;
    b = realloc(b, size);
    b->size = (uint16_t)size;
    ++count->allocations;
    count->bytes += size;
  }
  drop(count, b);
}

static void trade(struct Count* count, uint32_t* random) {
  for (int i = 0; i < rounds; ++i) {
    struct Block* b = make(count, random_size(random));
    drop(count, atomic_exchange(&slots[next_random(random) % SLOTS], b));
  }
}

static void chain(struct Count* count, uint32_t* random, int me) {
  const int left = (me + threads - 1) % threads;
  for (int i = 0; i < rounds; ++i) {
    drop(count, atomic_exchange(&slots[me], make(count, random_size(random))));
    drop(count, atomic_exchange(&slots[left], NULL));
  }
}

static const char* mode;

static void* run(void* argument) {
  const int me = (int)(intptr_t)argument;
  uint32_t random = 2463534242u + (uint32_t)me * 7919u;
  pthread_barrier_wait(&start);
  if (strcmp(mode, "realloc") == 0) resize(&counts[me], &random);
  if (strcmp(mode, "trade") == 0) trade(&counts[me], &random);
  if (strcmp(mode, "chain") == 0) chain(&counts[me], &random, me);
  return NULL;
}

int main(int argc, char** argv) {
  static char buffer[4096];
  pthread_t ids[MAX_THREADS];
  struct Count sum = {0};
  setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
  if (argc != 4) return 2;
  mode = argv[1];
  threads = atoi(argv[2]);
  rounds = atoi(argv[3]);
  if (threads < 1 || threads > MAX_THREADS || pthread_barrier_init(&start, NULL, (unsigned)threads) != 0) return 2;
  for (int i = 0; i < threads; ++i)
    if (pthread_create(&ids[i], NULL, run, (void*)(intptr_t)i) != 0) return 3;
  for (int i = 0; i < threads; ++i) pthread_join(ids[i], NULL);
  for (int i = 0; i < threads; ++i) {
    sum.allocations += counts[i].allocations;
    sum.bytes += counts[i].bytes;
    sum.frees += counts[i].frees;
    sum.freed_bytes += counts[i].freed_bytes;
  }
  printf("%lu %lu %lu %lu\n", (unsigned long)sum.allocations, (unsigned long)sum.bytes,
         (unsigned long)(sum.allocations - sum.frees), (unsigned long)(sum.bytes - sum.freed_bytes));
  fflush(stdout);
  _exit(0);
}
