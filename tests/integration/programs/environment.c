// What a program sees of its environment, and what the programs see that it starts: environment CASE [N].
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wordexp.h>

extern char** environ;
static char* self;
static char** at_start;

static void show_list(const char* what, char** list) {
  for (; list && *list; ++list) printf("%s %s\n", what, *list);
}

static void show(void) {
  show_list("main", at_start);
  show_list("environ", environ);
  for (const char* const* name = (const char* const[]){"A", "LD_PRELOAD", "HEAPLEDGER_OUT", "HEAPLEDGER_GC", NULL}; *name; ++name) {
    const char* value = getenv(*name);
    printf("%s is %s\n", *name, value ? value : "not set");
  }
  fflush(stdout);
}

static char* own[] = {"FIRST=1", "A=own", "LAST=", NULL};

// Each of these replaces the process.
static void by_execve(char** a) { execve(self, a, environ); }
static void by_execve_own(char** a) { execve(self, a, own); }
static void by_execve_nothing(char** a) { execve(self, a, NULL); }
static void by_execve_libc(char** a) { execve(self, a, (char*[]){"A=1", "LD_PRELOAD=libc.so.6", NULL}); }
static void by_execve_no_library(char** a) { execve(self, a, (char*[]){"LD_PRELOAD=", "A=1", NULL}); }
static void by_execve_unreadable(char** a) {
  char** const volatile nowhere = (char**)8;
  printf("%d ", execve(self, a, nowhere));
  printf("%s\n", strerror(errno));
  char* bad[] = {"A=1", (char*)16, NULL};
  printf("%d ", execve(self, a, bad));
  printf("%s\n", strerror(errno));
}
static void by_execve_missing(char** a) {
  printf("%d ", execve("/there/is/no/such/program", a, own));
  printf("%s\n", strerror(errno));
}
static void by_execve_large(char** a) {
  static char* large[20002];
  for (int i = 0; i < 20000; ++i) large[i] = i % 2 ? "A=odd" : "A=even";
  execve(self, a, large);
}
static void by_execv(char** a) { execv(self, a); }
static void by_execvp(char** a) { execvp(self, a); }
static void by_execvpe(char** a) { execvpe(self, a, own); }
static void by_execl(char** a) { execl(self, a[0], a[1], "x", "y", (char*)NULL); }
static void by_execlp(char** a) { execlp(self, a[0], a[1], (char*)NULL); }
static void by_execle(char** a) { execle(self, a[0], a[1], "x", (char*)NULL, own); }
static void by_fexecve(char** a) { fexecve(open(self, O_RDONLY), a, own); }
static void by_execveat(char** a) { execveat(AT_FDCWD, self, a, own, 0); }
static void by_execv_without(char** a) {
  clearenv();
  execv(self, a);
}
static void by_vfork(char** a) {
  const pid_t child = vfork();
  if (child == 0) {
    execvpe(self, a, own);
    _exit(1);
  }
  waitpid(child, NULL, 0);
  show();
}

// These start another one.
static void by_posix_spawn(char** a) {
  pid_t child = 0;
  const int error = posix_spawn(&child, self, NULL, NULL, a, own);
  waitpid(child, NULL, 0);
  printf("%d\n", error);
}
static void by_posix_spawnp(char** a) {
  pid_t child = 0;
  const int error = posix_spawnp(&child, self, NULL, NULL, a, environ);
  waitpid(child, NULL, 0);
  printf("%d\n", error);
  printf("%d\n", posix_spawnp(&child, "/there/is/no/such/program", NULL, NULL, a, environ));
}

static char* command(void) {
  static char text[5000];
  snprintf(text, sizeof text, "'%s' show; echo \"[$LD_PRELOAD$HEAPLEDGER_OUT]\"", self);
  return text;
}
static void by_system(char** a) {
  (void)a;
  printf("%d\n", system(command()));
  show();
  printf("%d\n", system("exit 3"));
}
static void by_system_without(char** a) {
  clearenv();
  by_system(a);
}
static void by_system_with_library(char** a) {
  setenv("LD_PRELOAD", "libc.so.6", 1);
  by_system(a);
}
static void by_popen(char** a) {
  (void)a;
  FILE* stream = popen(command(), "r");
  for (int c; (c = getc(stream)) != EOF;) putchar(c);
  printf("%d\n", pclose(stream));
  show();
}
static void by_wordexp(char** a) {
  (void)a;
  wordexp_t words;
  char text[6000];
  snprintf(text, sizeof text, "\"$('%s' show)\"", self);
  printf("%d\n", wordexp(text, &words, 0));
  for (size_t i = 0; i < words.we_wordc; ++i) puts(words.we_wordv[i]);
  wordfree(&words);
  show();
}

static const struct {
  const char* name;
  void (*start)(char** arguments);
} ways[] = {
#define WAY(name) {#name, by_##name}
    WAY(execve),       WAY(execve_own),     WAY(execve_nothing), WAY(execve_libc),    WAY(execve_no_library),
    WAY(execve_large), WAY(execve_missing), WAY(execv),          WAY(execvp),         WAY(execve_unreadable),
    WAY(execvpe),      WAY(execl),          WAY(execlp),         WAY(execle),         WAY(fexecve),
    WAY(execveat),     WAY(execv_without),  WAY(vfork),          WAY(posix_spawn),    WAY(posix_spawnp),
    WAY(system),       WAY(system_without), WAY(popen),          WAY(system_with_library), WAY(wordexp),
};

// While system() runs in one thread.

static void wait_for_file(const char* path) {
  struct stat unused;
  while (stat(path, &unused) != 0) usleep(1000);
}

static char ready[200], done[200];

/// A shell that says that it is there and waits until it may end.
static void* run_shell(void* unused) {
  char text[1000];
  snprintf(text, sizeof text, "echo > %s; while [ ! -e %s ]; do sleep 0.01; done", ready, done);
  printf("%d\n", system(text));
  return unused;
}

static pthread_t start_shell(const char* folder) {
  snprintf(ready, sizeof ready, "%s/ready", folder);
  snprintf(done, sizeof done, "%s/done", folder);
  unlink(ready);
  unlink(done);
  pthread_t thread;
  pthread_create(&thread, NULL, run_shell, NULL);
  wait_for_file(ready);
  return thread;
}

static void end_shell(pthread_t thread) {
  close(open(done, O_CREAT | O_WRONLY, 0600));
  pthread_join(thread, NULL);
}

/// A variable that is replaced and one that goes need no larger array, one that is new does.
static void changed(const char* folder, int with_new_ones) {
  setenv("LATE", "1", 1);
  pthread_t thread = start_shell(folder);
  setenv("A", "changed meanwhile", 1);
  unsetenv("LATE");
  if (with_new_ones) setenv("NEW", "1", 1), setenv("NEWER", "1", 1);
  end_shell(thread);
  show();
}

static void nested(const char* folder) {
  pthread_t thread = start_shell(folder);
  for (int i = 0; i < 3; ++i) printf("%d\n", system(command()));
  setenv("A", "changed", 1);
  end_shell(thread);
  show();
  printf("%d\n", system(command()));
}

static void forked(const char* folder) {
  pthread_t thread = start_shell(folder);
  const pid_t child = fork();
  if (child == 0) {
    show();
    printf("%d\n", system(command()));
    show();
    fflush(stdout);
    _exit(0);
  }
  waitpid(child, NULL, 0);
  end_shell(thread);
  show();
}

static void cancelled(const char* folder) {
  pthread_t thread = start_shell(folder);
  void* result = NULL;
  pthread_cancel(thread);
  pthread_join(thread, &result);
  printf("%s\n", result == PTHREAD_CANCELED ? "cancelled" : "ended");
  show();
  by_system(NULL);
}

static void fork_in_handler(int number) {
  (void)number;
  const pid_t child = fork();
  if (child == 0) {
    show();
    _exit(0);
  }
  int saved = errno;
  waitpid(child, NULL, 0);
  errno = saved;
}

static void handled(void) {
  struct sigaction action = {.sa_handler = fork_in_handler, .sa_flags = SA_RESTART};
  sigaction(SIGUSR1, &action, NULL);
  printf("%d\n", system("kill -USR1 $PPID; sleep 0.1"));
  show();
}

static void* many_shells(void* unused) {
  for (int i = 0; i < 40; ++i)
    if (system("exit 7") != 7 << 8) puts("another status");
  return unused;
}

/// Nobody may change the environment meanwhile: libc's own system() fails then.
static void contended(void) {
  pthread_t threads[4];
  for (int i = 0; i < 4; ++i) pthread_create(&threads[i], NULL, many_shells, NULL);
  for (int i = 0; i < 4; ++i) pthread_join(threads[i], NULL);
  show();
}

int main(int argc, char** argv, char** variables) {
  static char path[4096];
  if (readlink("/proc/self/exe", path, sizeof path - 1) < 0 || argc < 2) return 2;
  self = path;
  at_start = variables;
  setvbuf(stdout, NULL, _IOLBF, 0);
  const char* name = argv[1];
  for (size_t i = 0; i < sizeof ways / sizeof *ways; ++i)
    if (strcmp(name, ways[i].name) == 0) ways[i].start((char*[]){"environment", "show", NULL});
  if (strcmp(name, "show") == 0) printf("%d arguments\n", argc), show();
  else if (strcmp(name, "changed") == 0) changed(argv[2], 0);
  else if (strcmp(name, "enlarged") == 0) changed(argv[2], 1);
  else if (strcmp(name, "nested") == 0) nested(argv[2]);
  else if (strcmp(name, "forked") == 0) forked(argv[2]);
  else if (strcmp(name, "cancelled") == 0) cancelled(argv[2]);
  else if (strcmp(name, "handled") == 0) handled();
  else if (strcmp(name, "contended") == 0) contended();
  return 0;
}
