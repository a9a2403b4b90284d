// A class that is to get __slots__: what the user asked for, with the names that a recording adds.
#pragma once

#include <string>
#include <vector>

namespace heapledger::advise {

struct SlottedClass {
  std::string module;
  std::string qualname;            ///< "Outer.Inner", "make.<locals>.Row"
  std::vector<std::string> names;  ///< of its attributes
  bool listed = false;             ///< they are known; there may be none, when all attributes are of its bases
};

}  // namespace heapledger::advise
