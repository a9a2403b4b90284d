// Programs that take the ground from under a recorder's feet: surroundings CASE [ARGUMENT].
// They print what they saw; it must be the same with and without one. Blocks of 6001 bytes count: see the test.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

static void* volatile sink;

static void make(int count) {
  for (int i = 0; i < count; ++i) sink = malloc(6001);
}

static void churn(int count) {
  for (int i = 0; i < count; ++i) {
    sink = malloc((size_t)(1 + i % 3000));
    free(sink);
  }
}

// Closes what it inherited, then opens a file of its own: nothing but its own text may be in it.
static void closed_files(const char* name) {
  make(10);
  for (int fd = 3; fd < 1024; ++fd) close(fd);
  const int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
  printf("descriptor: %d\n", fd);
  churn(60000);
  make(10);
  if (write(fd, "mine", 4) != 4) printf("write failed\n");
  churn(60000);
  struct stat status;
  fstat(fd, &status);
  printf("bytes in the file: %ld\n", (long)status.st_size);
}

static void no_descriptors_left(void) {
  make(10);
  struct rlimit limit = {64, 64};
  setrlimit(RLIMIT_NOFILE, &limit);
  int count = 0;
  while (open("/dev/null", O_RDONLY) >= 0) ++count;
  printf("opened: %d, errno: %d\n", count, errno);
  churn(200000);
  make(10);
}

static void handler(int signal) {
  (void)signal;
  void* p = malloc(6001);
  memset(p, 1, 6001);
  free(p);
}

static void small_signal_stack(void) {
  static char space[8192];
  const stack_t stack = {.ss_sp = space, .ss_size = sizeof space};
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
  if (sigaltstack(&stack, NULL) != 0 || sigaction(SIGUSR1, &action, NULL) != 0) _exit(3);
  for (int i = 0; i < 1000; ++i) raise(SIGUSR1);
  printf("handlers ran\n");
}

static volatile sig_atomic_t ticks;

static void map_once(void) {
  void* p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED || munmap(p, 4096) != 0) _exit(3);
}

static void tick(int signal) {
  ++ticks;
  map_once();
  handler(signal);
}

// Handlers that map and, where the interrupted code does not, allocate: they run in the middle of a recorder's work.
static void interrupted(void) {
  struct sigaction action = {.sa_handler = tick, .sa_flags = SA_RESTART};
  const struct itimerval every = {{0, 200}, {0, 200}}, never = {{0, 0}, {0, 0}};
  sigaction(SIGALRM, &action, NULL);
  setitimer(ITIMER_REAL, &every, NULL);
  while (ticks < 1000) map_once();
  setitimer(ITIMER_REAL, &never, NULL);
  printf("interrupted\n");
}

static void* in_small_stack(void* argument) {
  make(1);
  churn(1000);
  return argument;
}

static void small_stacks(void) {
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  printf("smallest: %d\n", pthread_attr_setstacksize(&attributes, (size_t)PTHREAD_STACK_MIN));
  for (int i = 0; i < 20; ++i)
    if (pthread_create(&thread, &attributes, in_small_stack, NULL) != 0 || pthread_join(thread, NULL) != 0) _exit(3);
  printf("threads ran\n");
}

static void* short_life(void* argument) {
  make(1);
  return argument;
}

static void many_threads(int count) {
  enum { TOGETHER = 8 };
  pthread_t threads[TOGETHER];
  for (int i = 0; i < count; i += TOGETHER) {
    for (int j = 0; j < TOGETHER; ++j)
      if (pthread_create(&threads[j], NULL, short_life, NULL) != 0) _exit(3);
    for (int j = 0; j < TOGETHER; ++j) pthread_join(threads[j], NULL);
  }
  printf("threads ran\n");
}

// The keys' destructors run when the thread is nearly gone, in rounds; each allocates and sets its key again.
static pthread_key_t key;
static void at_thread_end(void* value) {
  make(1);
  if ((intptr_t)value > 1) pthread_setspecific(key, (void*)((intptr_t)value - 1));
}
static void* with_key(void* argument) {
  pthread_setspecific(key, (void*)(intptr_t)PTHREAD_DESTRUCTOR_ITERATIONS);
  return argument;
}
static void thread_end(void) {
  pthread_t thread;
  pthread_key_create(&key, at_thread_end);
  for (int i = 0; i < 100; ++i)
    if (pthread_create(&thread, NULL, with_key, NULL) != 0 || pthread_join(thread, NULL) != 0) _exit(3);
  printf("destructors ran\n");
}

static void file_size_limit(const char* name) {
  struct rlimit limit = {1 << 16, 1 << 16};
  setrlimit(RLIMIT_FSIZE, &limit);
  churn(600000);
  const int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  printf("own file: %d\n", write(fd, "mine", 4) == 4);
  make(10);
}

static void address_space_limit(void) {
  struct rlimit limit = {200u << 20, 200u << 20};
  setrlimit(RLIMIT_AS, &limit);
  churn(600000);
  printf("too much: %d\n", malloc(300u << 20) == NULL);
  make(10);
}

static void moves(const char* folder) {
  make(5);
  if (chdir(folder) != 0) _exit(3);
  churn(200000);
  make(5);
  printf("moved\n");
}

static void much(void) {
  churn(600000);
  make(10);
  printf("done\n");
}

static void reloads(int argc, char** argv) {
  for (int round = 0; round < 3; ++round)
    for (int i = 2; i < argc; ++i) {
      void* library = dlopen(argv[i], RTLD_NOW);
      if (library == NULL) _exit(3);
      void* (*allocate)(void);
      *(void**)&allocate = dlsym(library, "allocate");
      if (allocate() == NULL) _exit(3);
      dlclose(library);
    }
  printf("reloaded\n");
}

// An allocation taken by pointer and not by name, as plug-ins do.
static void by_pointer(void) {
  void* (*allocate)(size_t);
  *(void**)&allocate = dlsym(RTLD_DEFAULT, "malloc");
  for (int i = 0; i < 10; ++i) sink = allocate(6001);
  printf("by pointer\n");
}

int main(int argc, char** argv) {
  static char buffer[4096];
  const char* name = argc > 1 ? argv[1] : "";
  setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
  if (strcmp(name, "closed_files") == 0) closed_files(argv[2]);
  if (strcmp(name, "no_descriptors_left") == 0) no_descriptors_left();
  if (strcmp(name, "small_signal_stack") == 0) small_signal_stack();
  if (strcmp(name, "interrupted") == 0) interrupted();
  if (strcmp(name, "small_stacks") == 0) small_stacks();
  if (strcmp(name, "many_threads") == 0) many_threads(atoi(argv[2]));
  if (strcmp(name, "thread_end") == 0) thread_end();
  if (strcmp(name, "file_size_limit") == 0) file_size_limit(argv[2]);
  if (strcmp(name, "address_space_limit") == 0) address_space_limit();
  if (strcmp(name, "moves") == 0) moves(argv[2]);
  if (strcmp(name, "much") == 0) much();
  if (strcmp(name, "reloads") == 0) reloads(argc, argv);
  if (strcmp(name, "by_pointer") == 0) by_pointer();
  fflush(stdout);
  _exit(0);
}
