// Blocks a signal, raises it, allocates 300,000 blocks of 6001 bytes and takes the signal then. argv[1]: its number.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

int main(int count, char **words) {
  if (count != 2) return 2;
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, atoi(words[1]));
  sigprocmask(SIG_BLOCK, &set, NULL);
  raise(atoi(words[1]));
  for (int i = 0; i < 300000; ++i) free(malloc(6001));
  int taken = 0;
  sigwait(&set, &taken);
  printf("took %d\n", taken);
  return 0;
}
