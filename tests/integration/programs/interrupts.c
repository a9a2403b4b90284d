// Signal handlers that do forbidden things while the main line allocates. argv[1]:
//   map    handlers map and unmap a page
//   fork   handlers fork; the children return from the handler, allocate and leave. Prints how many did not end well.
//   again  the same with handlers of pthread_atfork that map a page, and each child forks one of its own before it returns
//   apart  as fork, and nobody waits for the children: both go on with what was interrupted. kBlocks of 6007 bytes, one
//          after the other, are the parent's.
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { kForks = 200, kMaps = 500, kBlocks = 5000000 };

static volatile sig_atomic_t g_handled, g_failed, g_is_child, g_enough;
static int g_fork, g_again, g_apart;

static pid_t g_grandchild;

static int wanted(void) { return g_fork ? kForks : kMaps; }

static void map_a_page(void) {
  void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(page, 4096);
}

static void handle(int number) {
  (void)number;
  if (g_is_child || g_enough || g_handled == wanted()) return;
  ++g_handled;
  if (!g_fork) return map_a_page();
  const pid_t child = fork();
  if (child == 0) {
    g_is_child = 1;
    g_grandchild = g_again ? fork() : 0;
    return;
  }
  int status = 0;
  if (g_apart) return;
  waitpid(child, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) ++g_failed;
}

/// What children do that have returned from the handler.
static void leave_child(void) {
  if (!g_is_child) return;
  int status = 0;
  for (int j = 0; j < 1000; ++j) free(malloc(6001));
  if (g_grandchild > 0) waitpid(g_grandchild, &status, 0);
  _exit(g_grandchild < 0 || status != 0);
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  g_apart = strcmp(argv[1], "apart") == 0;
  g_again = strcmp(argv[1], "again") == 0;
  g_fork = g_apart || g_again || strcmp(argv[1], "fork") == 0;
  if (g_again) pthread_atfork(map_a_page, map_a_page, map_a_page);
  struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
  sigaction(SIGALRM, &action, NULL);
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
  const long pause = g_apart ? 500000 : g_fork ? 1000000 : 100000;
  const struct itimerspec often = {{0, pause}, {0, pause}};
  timer_t timer;
  timer_create(CLOCK_MONOTONIC, &event, &timer);
  timer_settime(timer, 0, &often, NULL);
  void *live[64] = {NULL};
  for (int i = 0; g_apart && i < kBlocks; ++i) {
    free(malloc(6007));
    leave_child();
  }
  for (unsigned i = 0; g_handled < wanted() && !g_apart; ++i) {
    live[i % 64] = realloc(live[i % 64], i * 7919u % (i % 2 == 0 ? 500 : 200000) / 16 * 16 + 16);  // large ones take long
    leave_child();
  }
  g_enough = 1;
  for (int i = 0; i < 64; ++i) free(live[i]);
  for (int status = 0; wait(&status) > 0;)
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) ++g_failed;
  printf("%d failed\n", (int)g_failed);
  return 0;
}
