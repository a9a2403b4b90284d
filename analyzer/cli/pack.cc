// heapledger pack: raw traces into one ledger.
#include "../ledger/pack.h"

#include <fmt/format.h>

#include <filesystem>

#include "../ledger/error.h"
#include "command.h"
#include "message.h"
#include "units.h"

namespace heapledger::cli {

namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  heapledger pack traces/ -o app.hl\n"
    "  heapledger pack 4711-0.raw 4712-0.raw -o both.hl\n"
    "\n"
    "Exit status: 0 done; 2 bad usage or bad input.";

struct Options {
  ledger::PackOptions pack;
  bool force = false;
};

int run(Options& options) {
  ledger::PackOptions& pack = options.pack;
  if (pack.output.empty()) throw UsageError("-o FILE is missing: name the ledger to write");
  if (!options.force && std::filesystem::exists(pack.output)) {
    throw UsageError(fmt::format("{} exists; give another name or -f to replace it", pack.output));
  }
  Progress progress("packing");
  pack.progress = [&](std::uint64_t done, std::uint64_t total) { progress.update(done, total); };
  const ledger::PackSummary s = ledger::pack(pack);
  progress.finish();
  fmt::print("{}: {}, {}, {} (raw traces {})\n", pack.output,
             s.processes == 1 ? "1 process" : fmt::format("{} processes", count_text(s.processes)),
             counted(s.events, "event"), bytes_text(s.ledger_bytes), bytes_text(s.raw_bytes));
  return kExitOk;
}

}  // namespace

Run pack_command(Arguments& arguments) {
  const auto options = std::make_shared<Options>();
  arguments.positionals("INPUT", options->pack.inputs, "Raw traces, or folders of them");
  arguments.text("-o,--output", "FILE", options->pack.output, "The ledger to write (required)");
  arguments.flag("-f,--force", options->force, "Replace FILE if it exists");
  arguments.examples(kExamples);
  return [options] { return run(*options); };
}

}  // namespace heapledger::cli
