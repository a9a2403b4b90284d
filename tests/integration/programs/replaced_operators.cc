// A program with operators of its own on top of malloc: each block counts once, whoever hooks what.
#include <unistd.h>

#include <cstdlib>
#include <new>

void* operator new(std::size_t size) { return std::malloc(size); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }

namespace {
struct Large {
  char bytes[80021];
};
Large* volatile sink;
}  // namespace

int main() {
  for (int i = 0; i < 10; ++i) {
    sink = new Large;
    if (i % 2 == 0) delete sink;
  }
  _exit(0);
}
