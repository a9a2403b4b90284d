// Blocks of 6001 bytes, one after the other, in a parent and its forked child. Prints for each the shortest and the longest life
// that it can have had by CLOCK_MONOTONIC_COARSE, in microseconds: the child's first.
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { kBlocks = 40 };

static long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
  return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void live(void) {
  for (int i = 0; i < kBlocks; ++i) {
    const long before_birth = now();
    void *block = malloc(6001);
    const long after_birth = now();
    usleep(i % 4 == 0 ? 0 : 3000u * (unsigned)i);
    const long before_death = now();
    free(block);
    const long after_death = now();
    printf("%ld %ld\n", before_death - after_birth, after_death - before_birth);
  }
  fflush(stdout);
}

int main(void) {
  setvbuf(stdout, NULL, _IOFBF, 1 << 16);
  const pid_t child = fork();
  if (child == 0) return live(), 0;
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return 1;
  return live(), status != 0;
}
