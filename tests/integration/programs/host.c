// Opens the library argv[1] for itself alone and prints what its work() returns.
#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char **argv) {
  void *library = argc == 2 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
  if (library == NULL) return fprintf(stderr, "%s\n", dlerror()), 2;
  int (*work)(void) = (int (*)(void))dlsym(library, "work");
  printf("%d\n", work());
  return 0;
}
