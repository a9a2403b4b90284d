// The inside of the runner's small process: starts a command, waits for it, cleans up behind it.
#pragma once

#include "runner.h"

namespace heapledger::compare {

/// Once, before the first command: signals of the terminal are the caller's business, orphans are adopted.
void prepare_for_children();

/// `stops`: a pipe whose bytes mean that the command shall be killed, as does its end. No exceptions.
Ending run_child(const Launch& launch, int stops) noexcept;

}  // namespace heapledger::compare
