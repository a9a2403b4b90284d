// heapledger advise: what would save memory or time, with the evidence and the command that verifies it.
#include "advise.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>

#include "command.h"
#include "message.h"
#include "open.h"
#include "units.h"

namespace heapledger::cli {

namespace {

constexpr const char* kExamples =
    "Each line has its evidence in the ledger, and below it the command that verifies it: a second run with "
    "the change,\n"
    "made from outside, without editing the program.\n"
    "\n"
    "Examples:\n"
    "  heapledger advise app.hl\n"
    "  heapledger advise app.hl --pid 4711        one process of several\n"
    "\n"
    "LEDGER may also be a raw trace or a folder of raw traces.\n"
    "Exit status: 0 done; 2 bad usage or bad input; 3 no Python that was recorded with its types.";

struct Options {
  std::string ledger;
  std::string process;
  std::uint64_t top = 5;
  bool json = false;
  std::string color = "auto";
};

/// The process asked for, or else the one with the greatest peak that ran Python.
std::size_t choose(const ledger::Reader& reader, const Options& options) {
  std::size_t best = reader.processes().size();
  for (std::size_t p = 0; p < reader.processes().size(); ++p) {
    const ledger::Process& process = reader.processes()[p];
    const bool asked = options.process.empty() || options.process == std::to_string(process.pid) ||
                       options.process == std::to_string(p + 1);
    if (!asked || process.python_hex == 0) continue;
    if (best == reader.processes().size() || process.peak_bytes > reader.processes()[best].peak_bytes)
      best = p;
  }
  if (best != reader.processes().size()) return best;
  if (options.process.empty())
    throw NotMeasured("no process of this ledger ran Python: there is nothing to advise on");
  throw UsageError(fmt::format("--pid {}: no process of this pid or number ran Python; see heapledger report",
                               options.process));
}

int run(const Options& options) {
  const auto reader = open_ledger(options.ledger);
  const std::size_t process = choose(*reader, options);
  query::Question question;
  question.filter.processes = {fmt::format("{}", process + 1)};
  Progress progress("reading");
  const query::Slots slots(*reader);
  const query::Profile profile =
      query::profile(*reader, slots, question, [&](auto done, auto total) { progress.update(done, total); });
  const advise::GrowthReport growth = advise::growth(*reader, slots, process);
  progress.finish();
  const AdviceInput input{*reader, slots, profile, growth, process, options.ledger, options.top};
  const Style style = stdout_style(options.color);
  const std::string text = options.json
                               ? advice_json(input)
                               : advice_header(input, style) + advice_on_slots(input, style) +
                                     advice_on_collector(input, style) + advice_on_growth(input, style);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kExitOk;
}

}  // namespace

std::string verify_text(const Style& style, std::string_view command) {
  return style.dim("    verify: ") + std::string{command} + "\n";
}

std::string program_of(const AdviceInput& input) {
  const ledger::Session& session = input.reader.session();
  return command_text(session.command.empty() ? input.process().arguments : session.command);
}

std::string advice_header(const AdviceInput& input, const Style& style) {
  const ledger::Process& p = input.process();
  std::string text;
  for (const Notice& notice : notices(input.reader))
    if (notice.incomplete) text += style.alarm(fmt::format("incomplete: {}\n", notice.text));
  const std::string version = p.python_version.substr(0, p.python_version.find(' '));
  text += fmt::format("{}: process {}, CPython {}, {} at its peak, {} long\n", program_of(input),
                      p.pid, version, bytes_text(p.peak_bytes), time_text(p.duration_us));
  return text;
}

Run advise_command(Arguments& arguments) {
  const auto options = std::make_shared<Options>();
  arguments.positional("LEDGER", options->ledger, "Ledger, raw trace, or folder of raw traces");
  arguments.text("--pid", "PID|N", options->process,
                 "Process, by pid or by its number in the report [the largest]");
  arguments.number("-n,--top", "N", options->top, "Lines of a section, 0 for all [5]");
  arguments.flag("--json", options->json, "JSON for programs, schema heapledger-advice/1");
  arguments.choice("--color", {"auto", "always", "never"}, options->color, "Colour [auto: on a terminal]");
  arguments.examples(kExamples);
  return [options] { return run(*options); };
}

}  // namespace heapledger::cli
