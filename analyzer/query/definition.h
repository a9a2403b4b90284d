// Where a class is defined: the frame that ran its `class` statement, or called what makes classes.
//
// The innermost frame of a class's making is often another one: that of a metaclass (abc, enum, typing) or of
// a function that makes classes (collections.namedtuple).
#pragma once

#include <cstdint>

#include "../ledger/reader.h"

namespace heapledger::query {

/// Node of that frame; 0 where nothing is known, and for types of C.
[[nodiscard]] std::uint32_t definition_of(const ledger::Reader& reader, const ledger::Type& type);

}  // namespace heapledger::query
