// One case of the mmap family a run: mappings CASE [FILE]. What stays mapped at the end is in the test that runs it.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096 };
#define MIB ((size_t)1 << 20)

static const char* file_name;

static void require(int holds) {
  if (!holds) _exit(3);
}

static char* map(size_t bytes, int protection) {
  void* p = mmap(NULL, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  require(p != MAP_FAILED);
  return p;
}

static char* usable(size_t bytes) { return map(bytes, PROT_READ | PROT_WRITE); }

static void kept(void) {
  usable(100 * PAGE);
  void* p = mmap64(NULL, 7 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  require(p != MAP_FAILED);
}

static void partial(void) {
  char* p = usable(50 * PAGE);
  require(munmap(p + 20 * PAGE, 10 * PAGE) == 0);  // the middle
  require(munmap(p, PAGE) == 0);                   // the front
  require(munmap(p + 49 * PAGE, PAGE) == 0);       // the end: 38 pages stay
  require(munmap(p + 21 * PAGE, 2 * PAGE) == 0);   // nothing there any more
}

static void spanning(void) {
  char* p = map(30 * PAGE, PROT_NONE);
  for (int i = 0; i < 3; ++i)
    require(mmap(p + 10 * i * PAGE, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) !=
            MAP_FAILED);
  // Usable: 0-7, 10-17, 20-27; reserved: 8-9, 18-19, 28-29.
  require(munmap(p + 4 * PAGE, 22 * PAGE) == 0);  // leaves 0-3 and 26-27 usable, 28-29 reserved
}

static void fixed_over_itself(void) {
  char* p = usable(10 * MIB);
  for (int i = 0; i < 10; ++i) {
    require(mmap(p, 10 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == p);
    memset(p, i, PAGE);
  }
}

static void reservation(void) {
  char* p = map((size_t)64 << 30, PROT_NONE);
  require(mprotect(p + 16 * MIB, MIB, PROT_READ | PROT_WRITE) == 0);  // 1 MiB in use
  require(mprotect(p + 32 * MIB, MIB, PROT_READ | PROT_WRITE) == 0);
  require(mprotect(p + 32 * MIB, MIB, PROT_NONE) == 0);               // and given back
}

static void remap_grow(void) {
  char* p = usable(PAGE);
  usable(PAGE);  // in the way, if the first one grew in place
  require(mremap(p, PAGE, 40 * MIB, MREMAP_MAYMOVE) != MAP_FAILED);
}

static void remap_shrink(void) {
  char* p = usable(40 * MIB);
  require(mremap(p, 40 * MIB, PAGE, 0) == p);
  require(munmap(p, PAGE) == 0);
}

static void remap_over(void) {
  char* from = usable(5 * PAGE);
  char* to = usable(20 * PAGE);
  require(mremap(from, 5 * PAGE, 5 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to + 3 * PAGE) == to + 3 * PAGE);  // 20 pages
}

static void remap_part(void) {
  char* p = usable(30 * PAGE);
  require(mremap(p + 10 * PAGE, 5 * PAGE, 50 * PAGE, MREMAP_MAYMOVE) != MAP_FAILED);  // 25 stay, 50 elsewhere
}

static void remap_fails(void) {
  char* p = usable(3 * PAGE);
  require(mremap(p, 3 * PAGE, (size_t)1 << 60, MREMAP_MAYMOVE) == MAP_FAILED);
  require(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == EINVAL);
  require(mmap(p, 3 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED);
  require(munmap(p + 1, PAGE) == -1 && errno == EINVAL);
}

static void files(void) {
  const int fd = open(file_name, O_RDWR | O_CREAT, 0600);
  require(fd >= 0 && ftruncate(fd, 512 * (off_t)MIB) == 0);
  require(mmap(NULL, 512 * MIB, PROT_READ, MAP_SHARED, fd, 0) != MAP_FAILED);
  require(mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0) != MAP_FAILED);
}

static void break_moves(void) {
  require(sbrk(8 * (intptr_t)MIB) != (void*)-1);
  require(sbrk(-2 * (intptr_t)MIB) != (void*)-1);
  require(sbrk(0) != (void*)-1);
}

static void* nothing(void* argument) {
  pthread_barrier_wait(argument);
  pause();
  return NULL;
}

static void thread_stack(void) {
  pthread_attr_t attributes;
  pthread_barrier_t barrier;
  pthread_t thread;
  require(pthread_barrier_init(&barrier, NULL, 2) == 0);
  require(pthread_attr_init(&attributes) == 0 && pthread_attr_setstacksize(&attributes, 64 * MIB) == 0);
  require(pthread_create(&thread, &attributes, nothing, &barrier) == 0);
  pthread_barrier_wait(&barrier);
}

static void given_back(void) {
  char* p = malloc(64 * MIB);
  memset(p, 1, 64 * MIB);
  const size_t skip = PAGE - (size_t)p % PAGE;
  require(madvise(p + skip, 63 * MIB, MADV_DONTNEED) == 0);
  char* volatile untouched = calloc(256, MIB);
  require(untouched != NULL);
}

int main(int argc, char** argv) {
  static const struct {
    const char* name;
    void (*run)(void);
  } cases[] = {
      {"kept", kept}, {"partial", partial}, {"spanning", spanning}, {"fixed_over_itself", fixed_over_itself},
      {"reservation", reservation}, {"remap_grow", remap_grow}, {"remap_shrink", remap_shrink},
      {"remap_over", remap_over}, {"remap_part", remap_part}, {"remap_fails", remap_fails}, {"files", files},
      {"break_moves", break_moves}, {"thread_stack", thread_stack}, {"given_back", given_back},
  };
  if (argc > 2) file_name = argv[2];
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i)
    if (argc > 1 && strcmp(argv[1], cases[i].name) == 0) {
      cases[i].run();
      _exit(0);
    }
  _exit(2);
}
