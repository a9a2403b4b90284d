// A library to load and to close again; PLUGIN_SIZE is the size of its block.
#include <stdlib.h>

void* allocate(void) { return malloc(PLUGIN_SIZE); }
