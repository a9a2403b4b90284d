// Names of allocators, and where their libraries lie.
#include "allocator.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "../record/refusal.h"

namespace heapledger::compare {

namespace {

struct Library {
  const char* name;
  const char* file;
  const char* package;  ///< of Debian
};
constexpr Library kLibraries[] = {{"jemalloc", "libjemalloc.so.2", "libjemalloc2"},
                                  {"tcmalloc", "libtcmalloc_minimal.so.4", "libtcmalloc-minimal4"},
                                  {"mimalloc", "libmimalloc.so.2", "libmimalloc2.0"}};
constexpr const char* kOfPython[] = {"pymalloc", "malloc", "debug", "pymalloc_debug", "malloc_debug"};

/// Where the loader looks, by the conventions of the distributions.
constexpr const char* kFolders[] = {"/usr/local/lib",
                                    "/usr/lib/x86_64-linux-gnu",
                                    "/lib/x86_64-linux-gnu",
                                    "/usr/lib64",
                                    "/lib64",
                                    "/usr/lib",
                                    "/lib"};

record::Variable preload(const std::string& path) {
  if (path.find_first_of(" :") != path.npos)
    throw record::BadUsage(
        fmt::format("allocator '{}': LD_PRELOAD has no way to write blanks and colons", path));
  return {"LD_PRELOAD", path};
}

}  // namespace

record::Variable allocator_variable(const std::string& name) {
  if (std::ranges::find(kOfPython, name) != std::end(kOfPython)) return {"PYTHONMALLOC", name};
  if (name.find('/') != name.npos) {
    if (::access(name.c_str(), R_OK) != 0)
      throw record::BadUsage(fmt::format("allocator '{}' cannot be read", name));
    return preload(std::filesystem::absolute(name).string());
  }
  for (const Library& library : kLibraries) {
    if (name != library.name) continue;
    for (const std::string folder : kFolders)
      if (const std::string path = folder + "/" + library.file; ::access(path.c_str(), R_OK) == 0)
        return preload(path);
    throw record::BadUsage(
        fmt::format("allocator '{}': {} lies in none of {}; install it (Debian: {}) or give its path", name,
                    library.file, fmt::join(kFolders, ", "), library.package));
  }
  std::vector<std::string> known;
  for (const Library& library : kLibraries) known.emplace_back(library.name);
  known.insert(known.end(), std::begin(kOfPython), std::end(kOfPython));
  throw record::BadUsage(fmt::format("'{}' is no allocator; there are {}, or the path of a library", name,
                                     fmt::join(known, ", ")));
}

}  // namespace heapledger::compare
