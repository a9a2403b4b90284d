// Which classes would save memory with __slots__, how much, and which cannot.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../query/types.h"
#include "slotted_class.h"

namespace heapledger::advise {

struct SlotsAdvice {
  std::uint32_t type = 0;
  std::vector<std::string> attributes;  ///< that its instances had
  std::uint64_t instances = 0;          ///< at the moment of the question
  /// Of one instance all told, bytes asked for; what lies beside it by rule if not measured.
  double plain_bytes = 0;
  std::uint64_t slotted_bytes = 0;  ///< with slots for these attributes and for weak references
  std::uint64_t saved_bytes = 0;    ///< of all instances; 0 when `refusal` says why
  std::uint64_t saved_rounded = 0;  ///< the same in the steps of 16 bytes that pymalloc cuts
  /// The class and those of its bases that need slots as well, outermost base first.
  std::vector<std::uint32_t> chain;
  std::string refusal;  ///< why slots are not possible or save nothing
};

/// Classes made in Python whose instances have a dict, those that save most first. `blocks`: of one process,
/// or of several with the same version of Python.
[[nodiscard]] std::vector<SlotsAdvice> slots_advice(const ledger::Reader& reader,
                                                    const ledger::Process& process,
                                                    const query::ClassedBlocks& blocks);

/// Fills in the names that were not given: what instances of the class had in any process of the ledger,
/// without what the bases that get slots have already. `blocks`: by process. Throws ledger::FileError when
/// the ledger knows nothing of the class, or not all of its names.
void learn_names(const ledger::Reader& reader, const std::vector<query::ClassedBlocks>& blocks,
                 std::vector<SlottedClass>& classes);

}  // namespace heapledger::advise
