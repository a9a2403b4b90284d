// Four threads at once; each takes argv[1] blocks that are freed before its next allocation, and 1000 that are not. What one
// thread does must not depend on the others.
#include <pthread.h>
#include <stdlib.h>

static pthread_barrier_t g_start;

static void *work(void *pairs) {
  pthread_barrier_wait(&g_start);
  for (int i = 0; i < 1000; ++i) {
    char *volatile kept = malloc(6003);
    char *volatile other = malloc(6005);
    free(kept);
    free(other);
  }
  for (long i = 0; i < (long)pairs; ++i) {
    char *volatile block = malloc(6001);
    free(block);
  }
  return NULL;
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  pthread_t threads[4];
  pthread_barrier_init(&g_start, NULL, 4);
  for (int i = 0; i < 4; ++i)
    if (pthread_create(&threads[i], NULL, work, (void *)atol(argv[1])) != 0) return 1;
  for (int i = 0; i < 4; ++i) pthread_join(threads[i], NULL);
  return 0;
}
