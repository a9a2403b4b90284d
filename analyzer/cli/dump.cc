// heapledger dump: recorded blocks, or their births and deaths in order, one a line.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <queue>

#include "../query/profile.h"
#include "../query/types.h"
#include "command.h"
#include "dump_records.h"
#include "filter_options.h"
#include "open.h"
#include "places.h"
#include "terminal.h"

namespace heapledger::cli {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kExamples =
    "Examples:\n"
    "  heapledger dump app.hl --limit 20\n"
    "  heapledger dump app.hl --events --pid 4711 --from 1s --to 1.1s\n"
    "  heapledger dump app.hl --json --account mapping | jq .size\n"
    "  heapledger dump --records traces/4711-0.raw --limit 100\n"
    "\n"
    "A row is a block's number in its process; rows count births, so a block with row 7 and end 9 was freed "
    "after the\n"
    "birth of row 8 and before that of row 9. Times are seconds since the start of the session.\n"
    "Exit status: 0 done; 2 bad usage or bad input.";

struct Options {
  std::string ledger;
  bool events = false;
  bool json = false;
  bool records = false;
  std::uint64_t limit = 0;
  FilterOptions filter;
};

/// One block, with the times that its positions stand for.
struct Block {
  std::uint64_t row = 0;
  std::uint64_t end = 0;  ///< position of its death, query::kNever: alive at the end
  std::uint32_t site = 0;
  std::uint32_t thread = 0;
  std::uint64_t size = 0;
  std::uint64_t born_us = 0;
  std::uint64_t end_us = 0;
};

enum class Line { block, birth, death };

/// Prints lines until the limit is reached.
class Printer {
 public:
  Printer(const ledger::Reader& reader, const Options& options)
      : reader_(reader), options_(options), places_(reader) {}

  [[nodiscard]] bool full() const { return options_.limit != 0 && printed_ >= options_.limit; }

  void heading() const {
    if (options_.json) return;
    fmt::print("{}{:>10} {:>12} {:>8} {:>8} {:>12} {:>12} {:>10}  {:<15} {:<17} {:<20} {}\n",
               options_.events ? "  " : "", "time", "row", "process", "thread", "size", "end", "end time",
               "account", "call", "type", "where");
  }

  void print(std::size_t process, const Block& block, Line line) {
    if (full()) return;
    ++printed_;
    options_.json ? print_json(process, block, line) : print_text(process, block, line);
  }

 private:
  [[nodiscard]] std::string type_text(std::uint32_t type) const {
    if (type == 0) return "-";
    const bool part = reader_.types()[type].owner != 0;
    return printable(query::type_name(reader_, type)) + (part ? " (part)" : "");
  }

  static std::string seconds(std::uint64_t us) {
    return fmt::format("{}.{:03}", us / 1'000'000, us / 1000 % 1000);
  }

  void print_text(std::size_t process, const Block& b, Line line) const {
    const ledger::Process& p = reader_.processes()[process];
    const ledger::Site& site = reader_.sites()[b.site];
    const bool freed = b.end != query::kNever;
    fmt::print("{}{:>10} {:>12} {:>8} {:>8} {:>12} {:>12} {:>10}  {:<15} {:<17} {:<20} {}{}\n",
               line == Line::block   ? ""
               : line == Line::birth ? "+ "
                                     : "- ",
               seconds(line == Line::death ? b.end_us : b.born_us), b.row, p.pid, p.threads[b.thread].tid,
               b.size, freed ? fmt::format("{}", b.end) : "-", freed ? seconds(b.end_us) : "-",
               account_name(site.account), trace::api_name(site.api), type_text(site.type),
               site.node == 0 ? "-" : places_.frame(site.node), site.continuation ? " (continued)" : "");
  }

  void print_json(std::size_t process, const Block& b, Line line) const {
    const ledger::Process& p = reader_.processes()[process];
    const ledger::Site& site = reader_.sites()[b.site];
    const bool freed = b.end != query::kNever;
    Json frames = Json::array();
    for (std::uint32_t n = site.node; n != 0; n = reader_.nodes()[n].parent) {
      const ledger::Frame& f = reader_.frames()[reader_.nodes()[n].frame];
      frames.push_back(
          {{"function", reader_.string(f.function)}, {"file", reader_.string(f.file)}, {"line", f.line}});
    }
    const Json json{{"what", line == Line::block   ? "block"
                             : line == Line::birth ? "birth"
                                                   : "death"},
                    {"pid", p.pid},
                    {"tid", p.threads[b.thread].tid},
                    {"row", b.row},
                    {"time_us", b.born_us},
                    {"end", freed ? Json(b.end) : Json()},
                    {"end_time_us", freed ? Json(b.end_us) : Json()},
                    {"size", b.size},
                    {"account", account_name(site.account)},
                    {"call", trace::api_name(site.api)},
                    {"type", query::type_name(reader_, site.type)},
                    {"part", site.type != 0 && reader_.types()[site.type].owner != 0},
                    {"continuation", site.continuation},
                    {"frames", std::move(frames)}};
    fmt::print("{}\n", json.dump(-1, ' ', false, Json::error_handler_t::replace));
  }

  const ledger::Reader& reader_;
  const Options& options_;
  const Places places_;
  std::uint64_t printed_ = 0;
};

/// Walks one process. Births come in the order of rows; deaths wait in a queue until the position they took
/// effect at.
class Walk {
 public:
  Walk(Printer& printer, std::size_t process, const query::Clock& clock, std::uint64_t offset_us, bool events)
      : printer_(printer), process_(process), clock_(clock), offset_us_(offset_us), events_(events) {}

  void block(Block b) {
    b.born_us = offset_us_ + clock_.time_of(b.row);
    if (b.end != query::kNever) b.end_us = offset_us_ + clock_.time_of(b.end);
    if (!events_) return printer_.print(process_, b, Line::block);
    deaths_until(b.row);
    printer_.print(process_, b, Line::birth);
    if (b.end != query::kNever) deaths_.push(b);
  }
  void deaths_until(std::uint64_t position) {
    for (; !deaths_.empty() && deaths_.top().end <= position; deaths_.pop()) {
      printer_.print(process_, deaths_.top(), Line::death);
    }
  }

 private:
  struct Later {
    bool operator()(const Block& a, const Block& b) const {
      return a.end != b.end ? a.end > b.end : a.row > b.row;
    }
  };
  Printer& printer_;
  const std::size_t process_;
  const query::Clock& clock_;
  const std::uint64_t offset_us_;
  const bool events_;
  std::priority_queue<Block, std::vector<Block>, Later> deaths_;
};

void walk_process(const ledger::Reader& reader, const query::Selection& selection, std::size_t process,
                  const query::Clock& clock, Walk& walk, const Printer& printer) {
  ledger::Reader::Buffer buffer;
  for (std::size_t g = 0; g < reader.group_count(process) && !printer.full(); ++g) {
    const ledger::Group group = reader.group(process, g, buffer);
    for (std::size_t i = 0; i < group.site.size() && !printer.full(); ++i) {
      const std::uint64_t row = group.first_row + i;
      const std::uint32_t site = group.site[i];
      if (selection.sites[site] == 0 || !selection.wants(process, row, group.thread[i])) continue;
      walk.block(
          {row, query::death_of(row, group.life[i], clock.rows()), site, group.thread[i], group.size[i]});
    }
  }
  walk.deaths_until(clock.rows());
}

int run(const Options& options) {
  if (options.records) {
    if (options.events || options.json)
      throw UsageError("--records prints a raw trace as it is; leave out --events and --json");
    dump_records(options.ledger, options.limit);
    return kExitOk;
  }
  query::Filter filter = options.filter.compiled();
  const auto reader = open_ledger(options.ledger);
  std::vector<query::Clock> clocks;
  for (std::size_t p = 0; p < reader->processes().size(); ++p) clocks.emplace_back(*reader, p);
  const auto offsets = query::process_offsets(*reader);
  if (filter.accounts.empty()) filter.accounts = {""};  // unlike in a report, every account is of interest
  const query::Selection selection = query::compile(filter, *reader, clocks);
  Printer printer(*reader, options);
  printer.heading();
  for (const std::size_t p : selection.processes) {
    Walk walk(printer, p, clocks[p], offsets[p], options.events);
    walk_process(*reader, selection, p, clocks[p], walk, printer);
  }
  return kExitOk;
}

}  // namespace

Run dump_command(Arguments& arguments) {
  const auto options = std::make_shared<Options>();
  arguments.positional("LEDGER", options->ledger, "Ledger, raw trace, or folder of raw traces");
  arguments.flag("-e,--events", options->events, "Births and deaths in order instead of blocks");
  arguments.flag("--json", options->json, "One JSON object a line, with full stacks");
  arguments.flag("--records", options->records,
                 "Events of one raw trace as the shim wrote them, with its definitions");
  arguments.number("-n,--limit", "N", options->limit, "Stop after so many lines");
  options->filter.declare(arguments);
  arguments.examples(kExamples);
  return [options] { return run(*options); };
}

}  // namespace heapledger::cli
