// Finding the kernel's clock.
#include "clock.h"

#include <sys/auxv.h>

#include "symbols.h"

namespace heapledger {

constinit ClockFunction g_clock = ::clock_gettime;

void find_clock() noexcept {
  const unsigned long page = ::getauxval(AT_SYSINFO_EHDR);
  const link_map* object = _r_debug.r_map;
  while (object != nullptr && object->l_addr != page) object = object->l_next;
  ClockFunction found = nullptr;
  if (page == 0 || object == nullptr) return;
  if (find_function(*object, found, "__vdso_clock_gettime") ||  // x86, RISC-V
      find_function(*object, found, "__kernel_clock_gettime"))  // ARM
    g_clock = found;
}

}  // namespace heapledger
