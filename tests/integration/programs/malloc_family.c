// Calls every function of the malloc family once or in its edge cases, each with a size of its own, so that a test can
// find the block by its size. What the caller can see of the allocator (errno, alignment, usable size, results of
// failures) is printed: the output must be the same with and without a recorder.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char stdout_buffer[1 << 16];  // stdio allocates none of its own

// Keeps the compiler from removing pairs of malloc and free.
static void* volatile sink;
static void* kept(void* p) {
  if (p != NULL) memset(p, 1, 1);
  return sink = p;
}

static void check(const char* what, int holds) { printf("%s: %s\n", what, holds ? "yes" : "no"); }

static void blocks_that_stay(void) {
  kept(malloc(10001));
  kept(calloc(7, 1429));                    // 10003
  kept(realloc(NULL, 10007));
  kept(reallocarray(NULL, 11, 911));        // 10021
  void* p = NULL;
  check("posix_memalign works", posix_memalign(&p, 256, 10009) == 0 && (uintptr_t)kept(p) % 256 == 0);
  check("aligned_alloc aligns", (uintptr_t)kept(aligned_alloc(128, 10112)) % 128 == 0);
  check("memalign aligns", (uintptr_t)kept(memalign(64, 10037)) % 64 == 0);
  check("memalign rounds the alignment up", (uintptr_t)kept(memalign(48, 10039)) % 64 == 0);
  check("valloc aligns", (uintptr_t)kept(valloc(10061)) % 4096 == 0);
  check("pvalloc aligns", (uintptr_t)kept(pvalloc(10067)) % 4096 == 0);
  check("pvalloc rounds the size up", malloc_usable_size(sink) >= 12288);
  char text[10069];
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = 0;
  kept(strdup(text));                       // 10069
  kept(malloc(0));
}

static void blocks_that_go(void) {
  free(kept(malloc(20001)));
  free(kept(calloc(1, 20003)));
  free(NULL);
  void* p = kept(malloc(20007));
  p = kept(realloc(p, 20011));              // ends 20007
  p = kept(realloc(p, 150000));             // ends 20011, moves into a mapping of its own
  p = kept(realloc(p, 20021));              // ends 150000
  free(p);
  void* volatile zero = kept(malloc(20023));
  check("realloc to nothing frees", realloc(zero, 0) == NULL);
  void (*free_sized)(void*, size_t) = (void (*)(void*, size_t))dlsym(RTLD_DEFAULT, "free_sized");
  void (*free_aligned_sized)(void*, size_t, size_t) =
      (void (*)(void*, size_t, size_t))dlsym(RTLD_DEFAULT, "free_aligned_sized");
  void* sized = kept(malloc(20029));
  void* aligned = kept(aligned_alloc(64, 20032));
  if (free_sized != NULL) free_sized(sized, 20029); else free(sized);
  if (free_aligned_sized != NULL) free_aligned_sized(aligned, 64, 20032); else free(aligned);
}

static void failures(void) {
  volatile size_t huge = PTRDIFF_MAX, half = SIZE_MAX / 2;
  void* p = kept(malloc(30001));
  errno = 0;
  check("realloc too large fails and keeps the block", realloc(p, huge) == NULL && errno == ENOMEM);
  errno = 0;
  check("reallocarray overflow fails and keeps the block", reallocarray(p, half, 3) == NULL && errno == ENOMEM);
  errno = 0;
  check("malloc too large fails", malloc(huge) == NULL && errno == ENOMEM);
  errno = 0;
  check("calloc overflow fails", calloc(half, 3) == NULL && errno == ENOMEM);
  errno = 0;
  check("aligned_alloc too large fails", aligned_alloc(64, huge - 63) == NULL && errno == ENOMEM);
  void* untouched = &untouched;
  errno = 77;
  check("posix_memalign refuses an alignment of 3", posix_memalign(&untouched, 3, 100) == EINVAL);
  check("posix_memalign too large", posix_memalign(&untouched, 64, huge) == ENOMEM);
  check("and leaves the pointer alone", untouched == &untouched);
  printf("errno after it: %d\n", errno);  // glibc's business; the same with and without
}

static void errno_is_kept(void) {
  int wrong = 0;
  void* p;
#define KEEPS(call) (errno = 77, (call), wrong += errno != 77)
  KEEPS(p = kept(malloc(40001)));
  KEEPS(p = kept(realloc(p, 40003)));
  KEEPS(malloc_usable_size(p));
  KEEPS(free(p));
  KEEPS(p = kept(calloc(1, 40007)));
  KEEPS(p = kept(reallocarray(p, 1, 40009)));
  KEEPS(free(p));
  KEEPS((void)posix_memalign(&p, 64, 40013));
  KEEPS(free(kept(p)));
  KEEPS(p = kept(memalign(64, 40031)));
  KEEPS(free(p));
  KEEPS(free(NULL));
  printf("calls that changed errno: %d\n", wrong);
}

static void usable_sizes(void) {
  unsigned long sum = 0, misaligned = 0;
  for (size_t size = 0; size < 5000; size += 7) {
    void* p = kept(malloc(size));
    sum = sum * 31 + malloc_usable_size(p);
    misaligned += (uintptr_t)p % 16 != 0;
  }
  printf("usable sizes: %lu, misaligned: %lu, of null: %zu\n", sum, misaligned, malloc_usable_size(NULL));
}

int main(int argc, char** argv) {
  setvbuf(stdout, stdout_buffer, _IOFBF, sizeof stdout_buffer);
  if (argc > 1 && strcmp(argv[1], "usable") == 0) {
    usable_sizes();
  } else {
    blocks_that_stay();
    blocks_that_go();
    failures();
    errno_is_kept();
  }
  fflush(stdout);
  _exit(0);
}
