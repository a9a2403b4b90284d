// Allocates ten blocks of 4001 bytes, keeps them, frees one of 4003, and ends in the way named: endings WAY.
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void* volatile sink;

int main(int argc, char** argv) {
  const char* way = argc > 1 ? argv[1] : "return";
  for (int i = 0; i < 10; ++i) sink = malloc(4001);
  sink = malloc(4003);
  free(sink);
  if (strcmp(way, "exit") == 0) exit(7);
  if (strcmp(way, "_exit") == 0) _exit(7);
  if (strcmp(way, "_Exit") == 0) _Exit(7);
  if (strcmp(way, "quick_exit") == 0) quick_exit(7);
  if (strcmp(way, "exit_group") == 0) syscall(SYS_exit_group, 7);
  if (strcmp(way, "abort") == 0) abort();
  if (strcmp(way, "segv") == 0) *(volatile int*)(uintptr_t)8 = 1;
  if (strcmp(way, "term") == 0) raise(SIGTERM);
  if (strcmp(way, "kill") == 0) raise(SIGKILL);
  if (strcmp(way, "exec") == 0) execl("/bin/sh", "sh", "-c", "exit 7", (char*)NULL);
  return 7;
}
