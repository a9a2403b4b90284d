// How the runs of each arm are started: the same surroundings for all arms but for what the arms are about.
//
// Equal for all arms: the environment's size (HEAPLEDGER_PADDING_* fill up what is missing: the position of
// the stack, and with it the alignment of much else, depends on it), PYTHONHASHSEED, the address space unless
// it shall vary, an empty standard input; and when any arm has a control, the shim is loaded in all of them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "../record/controls.h"
#include "plan.h"
#include "runner.h"

namespace heapledger::compare {

/// An arm that can be run.
struct ReadyArm {
  std::string name;
  Launch clean;          ///< without recording; with controls: the shim applies them and writes `outcomes`
  Launch recorded;       ///< `heapledger record` of the same
  std::string outcomes;  ///< folder of raw traces of the clean run; empty: no shim is loaded
  std::string ledger;    ///< that the recorded run writes
  std::string
      python;  ///< sys.version of the interpreter, where the arm or a control names Python; else empty
  bool has_controls = false;
};

/// What finds names of slots in a recording (`record --slots-from`); an empty path: nothing does.
using LearnFrom = std::function<record::LearnNames(const std::string& ledger)>;

/// Checks every arm before anything is measured. Files of the runs lie in `folder`; `shim`: a path that
/// LD_PRELOAD can hold. Throws record::BadUsage: a command that is not there, an allocator that is no
/// library, a control that cannot be understood, an interpreter that is not CPython (asked by running it), or
/// a program that the shim cannot be loaded into (record::CannotRecord).
[[nodiscard]] std::vector<ReadyArm> prepare_arms(const Plan& plan, const std::string& folder,
                                                 const std::string& shim, const LearnFrom& learn_from,
                                                 Runner& runner);

}  // namespace heapledger::compare
