// Writes to a closed descriptor 1 all the time, while the main thread allocates. Prints to 2 how many writes succeeded.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static volatile int g_stop;
static long g_written;

static void *write_on(void *unused) {
  (void)unused;
  while (!g_stop) g_written += write(1, "text of the program", 19) > 0;
  return NULL;
}

int main(void) {
  pthread_t thread;
  close(1);
  if (pthread_create(&thread, NULL, write_on, NULL) != 0) return 1;
  for (int i = 0; i < 3000000; ++i) free(malloc(10 + (size_t)i % 3000));
  g_stop = 1;
  pthread_join(thread, NULL);
  fprintf(stderr, "%ld\n", g_written);
  return 0;
}
