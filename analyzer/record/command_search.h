// Finds the file behind the first word of a command line, as a shell does.
#pragma once

#include <string>

namespace heapledger::record {

/// A name without '/' is looked for in PATH (files that cannot be executed are passed over), any other is a
/// path. Throws BadUsage when nothing can be executed under that name.
std::string find_command(const std::string& name);

/// Where `name` is in PATH; empty when it is not.
std::string search_path(const std::string& name);

}  // namespace heapledger::record
