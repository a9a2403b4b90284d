// Runs programs one after the other, each in an interpreter of its own: LIBPYTHON stay|go PROGRAM-TEXT...
// The library is opened late, as plugins do it. It stays, and the runtime that it has is the same for all of them; or it goes
// after each, and memory is allocated and freed without it.
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int run_one(void* library, const char* program) {
  void (*begin)(int) = (void (*)(int))dlsym(library, "Py_InitializeEx");
  int (*run)(const char*, void*) = (int (*)(const char*, void*))dlsym(library, "PyRun_SimpleStringFlags");
  int (*end)(void) = (int (*)(void))dlsym(library, "Py_FinalizeEx");
  if (begin == NULL || run == NULL || end == NULL) return fprintf(stderr, "not an interpreter\n"), 2;
  begin(0);
  if (run(program, NULL) != 0) return 1;
  return end() != 0;
}

static void work(void) {
  for (size_t i = 1; i < 1000; ++i) {
    char* block = malloc(10 * i);
    if (block == NULL) abort();
    memset(block, 1, 10 * i);
    block = realloc(block, 20 * i);
    free(block);
  }
}

int main(int count, char** words) {
  const int goes = count > 2 && strcmp(words[2], "go") == 0;
  for (int i = 3; i < count; ++i) {
    void* library = dlopen(words[1], RTLD_NOW | RTLD_GLOBAL);
    if (library == NULL) return fprintf(stderr, "no library: %s\n", dlerror()), 2;
    const int status = run_one(library, words[i]);
    if (status != 0) return status;
    if (goes && dlclose(library) != 0) return fprintf(stderr, "not closed: %s\n", dlerror()), 2;
    work();
  }
  return 0;
}
