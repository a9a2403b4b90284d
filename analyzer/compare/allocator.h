// Allocators to run a program with.
#pragma once

#include <string>

#include "../record/launch.h"

namespace heapledger::compare {

/// What makes a program use it: LD_PRELOAD for a library ("jemalloc", "tcmalloc", "mimalloc", or a path),
/// PYTHONMALLOC for CPython's own ("pymalloc", "malloc", "debug"). Throws record::BadUsage when there is no
/// such library.
[[nodiscard]] record::Variable allocator_variable(const std::string& name);

}  // namespace heapledger::compare
