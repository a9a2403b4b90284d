// heapledger report: where the memory goes, as text or JSON.
#include "report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "command.h"
#include "filter_options.h"
#include "message.h"
#include "open.h"

namespace heapledger::cli {

namespace {

constexpr std::uint64_t kUnset = ~std::uint64_t{0};
constexpr std::uint64_t kTopOfEach = 5;  ///< entries when all lists are shown
constexpr std::uint64_t kTopOfOne = 20;  ///< entries when one list was asked for

constexpr const char* kExamples =
    "Examples:\n"
    "  heapledger report app.hl                          the five lists, five lines each\n"
    "  heapledger report app.hl --by peak --top 50       more of one list\n"
    "  heapledger report app.hl --by type                classes: instances, bytes of each, how long they live\n"
    "  heapledger report app.hl --type shop.Book         one class, and where its instances come from\n"
    "  heapledger report app.hl --tree                   who calls what holds the memory at the peak\n"
    "  heapledger report app.hl --by end --file app.py   what your file leaves behind\n"
    "  heapledger report app.hl --from 2s --to 3s        blocks of the third second\n"
    "  heapledger report app.hl --json | jq .totals\n"
    "\n"
    "LEDGER may also be a raw trace or a folder of raw traces.\n"
    "Exit status: 0 done; 2 bad usage or bad input.";

struct Options {
  std::string ledger;
  std::string by;
  std::string group = "line";
  std::uint64_t top = kUnset;
  std::string at;
  bool tree = false;
  bool call_tree = false;
  bool gc = false;
  bool no_source = false;
  bool json = false;
  std::string color = "auto";
  FilterOptions filter;
};

constexpr query::Metric kMetrics[] = {query::Metric::peak, query::Metric::end, query::Metric::allocated,
                                      query::Metric::count, query::Metric::temporary, query::Metric::collected};
constexpr query::GroupBy kGroupings[] = {
    query::GroupBy::line,    query::GroupBy::function, query::GroupBy::file,   query::GroupBy::stack,
    query::GroupBy::account, query::GroupBy::thread,   query::GroupBy::process, query::GroupBy::type};

ReportRequest request_of(const Options& options) {
  ReportRequest request;
  request.ledger = options.ledger;
  request.question.filter = options.filter.compiled();
  request.conditions = options.filter.conditions();
  if (!options.at.empty()) request.question.at_us = time_option("--at", options.at);
  for (const query::Metric metric : kMetrics) {
    const bool usual = options.by.empty() && !options.gc && metric != query::Metric::collected;
    const bool of_gc = options.by.empty() && options.gc && metric == query::Metric::collected;
    const bool of_types = options.by == "type" && metric == query::Metric::peak;
    if (usual || of_gc || of_types || options.by == metric_name(metric)) request.metrics.push_back(metric);
  }
  request.by = *std::find_if(std::begin(kGroupings), std::end(kGroupings),
                             [&](query::GroupBy by) { return options.group == group_name(by); });
  const std::uint64_t usual = options.json ? 0 : options.by.empty() ? kTopOfEach : kTopOfOne;
  request.top = options.top != kUnset ? options.top : usual;
  request.callers = options.tree;
  request.calls = options.call_tree;
  request.source = !options.no_source;
  request.gc = options.gc;
  request.lists = options.by != "type";
  request.types = options.by == "type" || !options.filter.filter.types.empty();
  request.overview = options.by.empty() && !options.tree && !options.call_tree && !options.gc;
  return request;
}

/// What a newcomer may want next.
std::string hint(const ReportRequest& request, const Style& style) {
  if (!style.terminal || !request.overview) return "";
  return style.dim(
      fmt::format("\nNext: heapledger report {} --by peak | --tree | --group function | --json; see --help\n",
                  shell_word(request.ledger)));
}

int run(const Options& options) {
  const ReportRequest request = request_of(options);
  const auto reader = open_ledger(options.ledger);
  Progress progress("reading");
  const query::Slots slots(*reader);
  const query::Profile profile = query::profile(*reader, slots, request.question,
                                                [&](auto done, auto total) { progress.update(done, total); });
  progress.finish();
  const ReportInput input{*reader, slots, profile, request};
  const Style style = stdout_style(options.color);
  const std::string text =
      options.json ? report_json(input) : report_text(input, style) + hint(request, style);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kExitOk;
}

}  // namespace

Run report_command(Arguments& arguments) {
  const auto options = std::make_shared<Options>();
  arguments.positional("LEDGER", options->ledger, "Ledger, raw trace, or folder of raw traces");
  arguments.section("What to show");
  arguments.choice("-b,--by,--sort", {"peak", "end", "allocated", "count", "temporary", "collected", "type"}, options->by,
                   "One list only: by this figure; type: classes and their instances");
  arguments.choice("-g,--group", {"line", "function", "file", "stack", "account", "thread", "process", "type"},
                   options->group, "What is one entry [line]");
  arguments.number("-n,--top", "N", options->top, "Entries of a list, 0 for all [5; of one list 20]");
  arguments.flag("--tree", options->tree, "Tree of what allocates and who called it, instead of lists");
  arguments.flag("--call-tree", options->call_tree, "Tree of calls from the outermost frame");
  arguments.flag("--gc", options->gc, "Garbage collections: pauses, what they freed, and whose garbage it was");
  arguments.text("--at", "TIME", options->at, "What is alive at this time, instead of at the peak");
  arguments.flag("--no-source", options->no_source, "No lines of source");
  options->filter.declare(arguments);
  arguments.section("Output");
  arguments.flag("--json", options->json, "JSON for programs, schema heapledger-report/1");
  arguments.choice("--color", {"auto", "always", "never"}, options->color, "Colour [auto: on a terminal]");
  arguments.examples(kExamples);
  return [options] { return run(*options); };
}

}  // namespace heapledger::cli
