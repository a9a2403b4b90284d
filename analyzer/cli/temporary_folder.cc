// Made by mkdtemp, removed with all that is in it.
#include "temporary_folder.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

#include "../error.h"

namespace heapledger::cli {

TemporaryFolder::TemporaryFolder(const char* instead) {
  const char* root = std::getenv("TMPDIR");
  path_ = fmt::format("{}/heapledger-XXXXXX", root == nullptr || *root == '\0' ? "/tmp" : root);
  if (::mkdtemp(path_.data()) != nullptr) return;
  throw FileError(fmt::format("{}: cannot create a temporary folder ({}); set TMPDIR{}", path_,
                              std::strerror(errno), instead));
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace heapledger::cli
