// Scripts: which binary runs a file that begins with #!, or with no known format at all.
#pragma once

#include <string>
#include <vector>

namespace heapledger::record {

/// Words of the first line after #!: the interpreter and, if there is one, its single argument, as the kernel
/// splits them. Empty: the file does not begin with #!.
std::vector<std::string> interpreter_line(const std::string& path);

/// The binary that runs in the end when `path` is executed: itself, or what its first lines name, through
/// scripts of scripts and `env NAME`. A file of unknown format is run by /bin/sh, as shells do. Throws
/// BadUsage when an interpreter is named that does not exist.
std::string find_binary(const std::string& path);

}  // namespace heapledger::record
