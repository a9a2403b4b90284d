// Runs programs one after the other, each in an interpreter of its own: LIBPYTHON PROGRAM-TEXT...
// The library is opened late, as plugins do it; the runtime that it has is the same for all of them.
#include <dlfcn.h>
#include <stdio.h>

int main(int count, char** words) {
  void* library = count > 1 ? dlopen(words[1], RTLD_NOW | RTLD_GLOBAL) : NULL;
  if (library == NULL) return fprintf(stderr, "no library: %s\n", dlerror()), 2;
  void (*begin)(int) = (void (*)(int))dlsym(library, "Py_InitializeEx");
  int (*run)(const char*, void*) = (int (*)(const char*, void*))dlsym(library, "PyRun_SimpleStringFlags");
  int (*end)(void) = (int (*)(void))dlsym(library, "Py_FinalizeEx");
  if (begin == NULL || run == NULL || end == NULL) return fprintf(stderr, "not an interpreter\n"), 2;
  for (int i = 2; i < count; ++i) {
    begin(0);
    if (run(words[i], NULL) != 0) return 1;
    if (end() != 0) return 1;
  }
  return 0;
}
