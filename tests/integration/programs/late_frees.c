// argv[1] threads, one after the other; each frees a block in a key destructor, behind those of its libraries. Prints how
// many mappings the process has in the end, in thousands.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static pthread_key_t g_key;

static void *work(void *unused) {
  (void)unused;
  pthread_setspecific(g_key, malloc(6001));
  return NULL;
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  pthread_key_create(&g_key, free);
  for (int i = atoi(argv[1]); i > 0; --i) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, work, NULL) != 0) return 1;
    pthread_join(thread, NULL);
  }
  FILE *maps = fopen("/proc/self/maps", "r");
  int lines = 0, c;
  while (maps != NULL && (c = getc(maps)) != EOF) lines += c == '\n';
  printf("%d\n", lines / 1000);
  return 0;
}
