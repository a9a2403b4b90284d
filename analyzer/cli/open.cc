// Tells ledgers from raw traces and packs the latter on the fly.
#include "open.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "../../trace/format.h"
#include "../ledger/error.h"
#include "../ledger/pack.h"
#include "message.h"
#include "temporary_folder.h"

namespace heapledger::cli {

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
  const TemporaryFolder folder(", or write a ledger with heapledger pack INPUT -o FILE");  // the reader keeps the file mapped after it is gone
  Progress progress("packing");
  ledger::PackOptions options;
  options.inputs = {path};
  options.output = folder / "packed.hl";
  options.progress = [&](std::uint64_t done, std::uint64_t total) { progress.update(done, total); };
  ledger::pack(options);
  return std::make_unique<ledger::Reader>(options.output);
}

}  // namespace heapledger::cli
