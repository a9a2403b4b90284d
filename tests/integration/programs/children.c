// Processes that make processes: children CASE [N]. Every case prints what it saw; sizes name the blocks:
// 5001 made and kept by the parent, 5003 made by the parent and freed in a child, 5007 made and kept by a child.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;
static void* volatile sink;
static char* self;

static void make(size_t size, int count) {
  for (int i = 0; i < count; ++i) sink = malloc(size);
}

static int wait_for(pid_t child) {
  int status = -1;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void forked(void) {
  void* inherited[2] = {malloc(5003), malloc(5003)};
  make(5001, 5);
  const pid_t child = fork();
  if (child == 0) {
    free(inherited[0]);
    free(inherited[1]);
    make(5007, 3);
    _exit(9);
  }
  printf("child: %d\n", wait_for(child));
}

static void grandchildren(void) {
  make(5001, 1);
  pid_t child = fork();
  if (child == 0) {
    make(5007, 1);
    child = fork();
    if (child == 0) {
      make(5007, 2);
      _exit(4);
    }
    _exit(wait_for(child) + 1);
  }
  printf("child: %d\n", wait_for(child));
}

static atomic_int stop;

static void* churn(void* unused) {
  while (!atomic_load(&stop)) {
    void* volatile p = malloc(100);
    p = realloc(p, 5000);
    free(p);
    usleep(20);  // enough to be in the middle of something, not enough to fill the trace
  }
  return unused;
}

static void forked_from_threads(int count) {
  enum { THREADS = 4 };
  pthread_t threads[THREADS];
  int wrong = 0;
  for (int i = 0; i < THREADS; ++i) pthread_create(&threads[i], NULL, churn, NULL);
  for (int i = 0; i < count; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      make(5007, 3);
      _exit(9);
    }
    wrong += wait_for(child) != 9;
  }
  atomic_store(&stop, 1);
  for (int i = 0; i < THREADS; ++i) pthread_join(threads[i], NULL);
  printf("children that failed: %d\n", wrong);
}

static void vforked(void) {
  make(5001, 5);
  char* arguments[] = {self, "leaf", NULL};
  const pid_t child = vfork();
  if (child == 0) {
    execv(self, arguments);
    _exit(127);
  }
  printf("child: %d\n", wait_for(child));
  make(5001, 5);
}

static void vforked_and_left(void) {
  make(5001, 5);
  const pid_t child = vfork();
  if (child == 0) _exit(6);
  printf("child: %d\n", wait_for(child));
  make(5001, 5);
}

static void spawned(void) {
  char* arguments[] = {self, "leaf", NULL};
  pid_t child = -1;
  make(5001, 5);
  printf("spawn: %d\n", posix_spawn(&child, self, NULL, NULL, arguments, environ));
  printf("child: %d\n", wait_for(child));
  printf("missing: %d\n", posix_spawn(&child, "/nonexistent", NULL, NULL, arguments, environ) != 0);
  char command[4096];
  snprintf(command, sizeof command, "'%s' leaf", self);
  printf("system: %d\n", WEXITSTATUS(system(command)));
  make(5001, 5);
}

static void exec_chain(const char* left) {
  make(5001, 1);
  if (atoi(left) == 0) {
    printf("end of the chain\n");
    return;
  }
  char next[16];
  snprintf(next, sizeof next, "%d", atoi(left) - 1);
  fflush(stdout);
  execl(self, self, "exec_chain", next, (char*)NULL);
  _exit(127);
}

static void failed_exec(void) {
  make(5001, 1);
  printf("exec: %d\n", execl("/nonexistent", "x", (char*)NULL));
  make(5001, 1);
}

static void storm(int count) {
  int wrong = 0;
  make(5001, 1);
  for (int i = 0; i < count; ++i) {
    pid_t children[8];
    for (int j = 0; j < 8; ++j)
      if ((children[j] = fork()) == 0) {
        make(5007, 3);
        _exit(9);
      }
    for (int j = 0; j < 8; ++j) wrong += wait_for(children[j]) != 9;
  }
  printf("children that failed: %d\n", wrong);
}

static void daemonized(const char* file) {
  make(5001, 1);
  if (daemon(0, 0) != 0) _exit(3);
  make(5007, 3);
  const int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (fd < 0 || write(fd, "done", 4) != 4) _exit(3);
  _exit(0);
}

int main(int argc, char** argv) {
  static char buffer[4096];
  const char* name = argc > 1 ? argv[1] : "";
  setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
  self = argv[0];
  if (strcmp(name, "leaf") == 0) make(5007, 3), _exit(5);
  if (strcmp(name, "forked") == 0) forked();
  if (strcmp(name, "grandchildren") == 0) grandchildren();
  if (strcmp(name, "forked_from_threads") == 0) forked_from_threads(atoi(argv[2]));
  if (strcmp(name, "vforked") == 0) vforked();
  if (strcmp(name, "vforked_and_left") == 0) vforked_and_left();
  if (strcmp(name, "spawned") == 0) spawned();
  if (strcmp(name, "exec_chain") == 0) exec_chain(argv[2]);
  if (strcmp(name, "failed_exec") == 0) failed_exec();
  if (strcmp(name, "storm") == 0) storm(atoi(argv[2]));
  if (strcmp(name, "daemonized") == 0) daemonized(argv[2]);
  fflush(stdout);
  _exit(0);
}
