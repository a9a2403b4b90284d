// Tells ledgers from raw traces and packs the latter on the fly.
#include "open.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "../../trace/format.h"
#include "../ledger/error.h"
#include "../ledger/pack.h"
#include "message.h"

namespace heapledger::cli {

namespace {

/// A folder of its own, gone with the object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    const char* root = std::getenv("TMPDIR");
    path_ = fmt::format("{}/heapledger-XXXXXX", root == nullptr || *root == '\0' ? "/tmp" : root);
    if (mkdtemp(path_.data()) != nullptr) return;
    throw ledger::FileError(
        fmt::format("{}: cannot create a temporary folder ({}); set TMPDIR, or write a ledger with "
                    "heapledger pack INPUT -o FILE",
                    path_, std::strerror(errno)));
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] std::string operator/(const char* name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace

bool is_raw(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) {
    throw ledger::FileError(fmt::format("{}: {}; name a ledger, a raw trace or a folder of raw traces", path,
                                        std::strerror(errno)));
  }
  if (S_ISDIR(status.st_mode)) return true;
  char magic[sizeof trace::kMagic] = {};
  std::ifstream(path, std::ios::binary).read(magic, sizeof magic);
  return std::memcmp(magic, trace::kMagic, sizeof magic) == 0;
}

std::unique_ptr<ledger::Reader> open_ledger(const std::string& path) {
  if (!is_raw(path)) return std::make_unique<ledger::Reader>(path);
  const TemporaryFolder folder;  // the reader keeps the file mapped after it is gone
  Progress progress("packing");
  ledger::PackOptions options;
  options.inputs = {path};
  options.output = folder / "packed.hl";
  options.progress = [&](std::uint64_t done, std::uint64_t total) { progress.update(done, total); };
  ledger::pack(options);
  return std::make_unique<ledger::Reader>(options.output);
}

}  // namespace heapledger::cli
