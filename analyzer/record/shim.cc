// Lookup of the shim and the value of LD_PRELOAD.
#include "shim.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "record/install_paths.h"
#include "refusal.h"

namespace heapledger::record {
namespace {

namespace fs = std::filesystem;

constexpr const char* kShimName = "libheapledger_preload.so";
constexpr const char* kSeparators = " :";  ///< of LD_PRELOAD

bool is_readable(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && ::access(path.c_str(), R_OK) == 0;
}

/// The loader takes a relative path relative to the directory of each process.
std::string absolute(const fs::path& path) {
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  return error ? fs::absolute(path).string() : real.string();
}

std::string find_named(const std::string& path) {
  if (is_readable(path)) return absolute(path);
  throw CannotRecord(fmt::format(
      "HEAPLEDGER_PRELOAD names '{}', which is not there or cannot be read; correct or unset it", path));
}

}  // namespace

std::string find_shim() {
  if (const char* named = std::getenv("HEAPLEDGER_PRELOAD"); named != nullptr && *named != '\0')
    return find_named(named);
  std::error_code error;
  const fs::path here = fs::read_symlink("/proc/self/exe", error).parent_path();
  const std::vector<std::string> tried = {
      (here / kLibraryFolderFromProgram / "heapledger" / kShimName).lexically_normal().string(),
      (here / "../preload" / kShimName).lexically_normal().string(),
  };
  for (const std::string& path : tried)
    if (is_readable(path)) return absolute(path);
  throw CannotRecord(
      fmt::format("cannot find the recorder library; tried {}; install heapledger completely or set "
                  "HEAPLEDGER_PRELOAD to the path of {}",
                  fmt::join(tried, ", "), kShimName));
}

std::string preload_list(const std::string& shim, std::string_view existing) {
  std::string list = shim;
  while (!existing.empty()) {
    const std::size_t end = std::min(existing.find_first_of(kSeparators), existing.size());
    const std::string_view entry = existing.substr(0, end);
    if (!entry.empty() && entry != shim) list.append(":").append(entry);
    existing.remove_prefix(std::min(end + 1, existing.size()));
  }
  return list;
}

PreloadName::PreloadName(const std::string& shim) : path_(shim) {
  if (shim.find_first_of(kSeparators) == std::string::npos) return;
  const char* temporary = std::getenv("TMPDIR");
  const bool is_usable = temporary != nullptr && *temporary == '/' && !std::strpbrk(temporary, kSeparators);
  std::string folder = fmt::format("{}/heapledger-XXXXXX", is_usable ? temporary : "/tmp");
  const bool made = ::mkdtemp(folder.data()) != nullptr;
  if (made) folder_ = folder;
  path_ = folder + "/" + kShimName;
  if (!made || ::symlink(shim.c_str(), path_.c_str()) != 0)
    throw CannotRecord(
        fmt::format("the recorder library lies at '{}', and LD_PRELOAD cannot hold a path with spaces or "
                    "colons; a link to it in {} failed: {}; set TMPDIR to a folder that can be written to",
                    shim, folder, std::strerror(errno)));
}

PreloadName::~PreloadName() {
  if (folder_.empty()) return;
  ::unlink(path_.c_str());
  ::rmdir(folder_.c_str());
}

}  // namespace heapledger::record
