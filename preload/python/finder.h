// Looks for an interpreter among the loaded objects.
#pragma once

#include "../symbols.h"

namespace heapledger::python {

/// The first loaded object that defines an interpreter; nullptr when none does. Only while no other thread loads
/// objects: the constructor calls it.
const link_map* find_interpreter() noexcept;

/// The object that this address lies in when it is an interpreter that was not asked about before. Any context.
const link_map* interpreter_around(const void* address) noexcept;

/// Objects may have come or gone: addresses have to be asked about again.
void forget_callers() noexcept;

}  // namespace heapledger::python
