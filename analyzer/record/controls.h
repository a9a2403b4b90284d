// What the user asks the program to be run with: the collector off, slots on classes. Checked before anything
// runs.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "../advise/slotted_class.h"
#include "launch.h"

namespace heapledger::record {

/// "MODULE:CLASS[=[NAME+NAME...]][,MODULE:CLASS...]". Throws BadUsage when it is anything else. Names may be
/// missing.
std::vector<advise::SlottedClass> parse_slots(std::string_view text);

/// The value of HEAPLEDGER_SLOTS. Throws BadUsage when names are not known or the text would be too long.
std::string slots_value(const std::vector<advise::SlottedClass>& classes);

/// The value of HEAPLEDGER_GC. Throws BadUsage when it is none.
std::string gc_value(std::string_view word);

struct Controls {
  std::string gc;  ///< value of HEAPLEDGER_GC; empty: none
  std::vector<advise::SlottedClass> slots;
  bool only = false;  ///< record nothing else
};

/// The options of a command line, each as often as it was given, and the variables of `record`'s own
/// environment, which mean the same. Throws BadUsage: for what cannot be understood, for an option and its
/// variable that say different things, and for --controls-only without a control. `learn` finds names that
/// are not listed, and may leave that be.
using LearnNames = std::function<void(std::vector<advise::SlottedClass>& classes)>;
Controls read_controls(const std::vector<std::string>& gc, const std::vector<std::string>& slots, bool only,
                       const LearnNames& learn = {});

/// What they add to the environment of the command.
std::vector<Variable> variables_of(const Controls& controls);

}  // namespace heapledger::record
