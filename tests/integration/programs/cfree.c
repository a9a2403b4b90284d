// Calls cfree as binaries from before glibc 2.26 do. Blocks: 50001 freed by cfree, 50003 kept.
#include <stdlib.h>
#include <unistd.h>

void cfree(void* p);
__asm__(".symver cfree, cfree@GLIBC_2.2.5");

static void* volatile sink;

int main(void) {
  sink = malloc(50001);
  cfree(sink);
  sink = malloc(50003);
  _exit(0);
}
