// Every form of operator new and delete, each with a size of its own. Sizes below 70000 are freed, those above stay.
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <limits>
#include <new>

namespace {

constexpr std::align_val_t kAlign{256};
void* volatile sink;
int handler_calls = 0;

void* used(void* p) {
  if (p != nullptr) std::memset(p, 1, 1);
  sink = p;
  return p;
}

void forms_that_go() {
  ::operator delete(used(::operator new(60001)));
  ::operator delete[](used(::operator new[](60003)));
  ::operator delete(used(::operator new(60007, std::nothrow)), std::nothrow);
  ::operator delete[](used(::operator new[](60009, std::nothrow)), std::nothrow);
  ::operator delete(used(::operator new(60011, kAlign)), kAlign);
  ::operator delete[](used(::operator new[](60013, kAlign)), kAlign);
  ::operator delete(used(::operator new(60017, kAlign, std::nothrow)), kAlign, std::nothrow);
  ::operator delete[](used(::operator new[](60019, kAlign, std::nothrow)), kAlign, std::nothrow);
  ::operator delete(used(::operator new(60023)), std::size_t{60023});
  ::operator delete[](used(::operator new[](60027)), std::size_t{60027});
  ::operator delete(used(::operator new(60029, kAlign)), std::size_t{60029}, kAlign);
  ::operator delete[](used(::operator new[](60031, kAlign)), std::size_t{60031}, kAlign);
  ::operator delete(nullptr);
  ::operator delete[](nullptr);
}

void forms_that_stay() {
  used(::operator new(70001));
  used(::operator new[](70003));
  used(::operator new(70007, std::nothrow));
  used(::operator new(70009, kAlign));
}

bool throws() {
  volatile std::size_t huge = std::numeric_limits<std::ptrdiff_t>::max();
  try {
    used(::operator new(huge));
  } catch (const std::bad_alloc&) {
    return true;
  }
  return false;
}

void handler() {
  ++handler_calls;
  std::set_new_handler(nullptr);
}

}  // namespace

int main() {
  static char buffer[4096];
  std::setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
  forms_that_go();
  forms_that_stay();
  volatile std::size_t huge = std::numeric_limits<std::ptrdiff_t>::max();
  std::printf("throws: %d\n", throws());
  std::set_new_handler(handler);
  std::printf("nothrow gives null: %d\n", ::operator new(huge, std::nothrow) == nullptr);
  std::printf("aligned: %d\n", reinterpret_cast<std::size_t>(used(::operator new(70013, kAlign))) % 256 == 0);
  std::printf("handler calls: %d\n", handler_calls);
  std::fflush(stdout);
  _exit(0);
}
