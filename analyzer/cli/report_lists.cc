// The lists of the text report: what holds, leaks and churns most.
#include <fmt/format.h>

#include <algorithm>

#include "report.h"
#include "table.h"
#include "units.h"

namespace heapledger::cli {

namespace {

using query::GroupBy;
using query::Metric;
using query::Sums;

constexpr std::size_t kMostFrames = 60;  ///< of one stack
constexpr std::size_t kFigures = 36;     ///< columns that the figures of an entry take, about
constexpr std::size_t kSource = 18;      ///< columns kept for a line of source

/// What differs from list to list.
struct ListText {
  Metric metric;
  const char* name;    ///< as in --by
  const char* title;   ///< before ", by line"
  const char* value;   ///< heading of the figure
  const char* detail;  ///< heading of the figure beside it
};
constexpr ListText kLists[] = {
    {Metric::peak, "peak", "Held at the peak", "bytes", "blocks"},
    {Metric::end, "end", "Not freed at the end", "bytes", "blocks"},
    {Metric::allocated, "allocated", "Allocated over the whole run", "bytes", "allocations"},
    {Metric::count, "count", "Most allocations", "allocations", "bytes each"},
    {Metric::temporary, "temporary", "Most temporary allocations", "temporary", "of its own"},
    {Metric::collected, "collected", "Freed by the garbage collector", "bytes", "of its own"},
};

constexpr std::string_view kGroupNames[] = {"line",    "function", "file",    "stack",
                                            "account", "thread",   "process", "type"};
constexpr std::string_view kGroupPlurals[] = {"lines",    "functions", "files",     "stacks",
                                              "accounts", "threads",   "processes", "types"};

const ListText& list_of(Metric metric) {
  return *std::find_if(std::begin(kLists), std::end(kLists),
                       [&](const ListText& l) { return l.metric == metric; });
}

std::string value_text(const Sums& sums, Metric metric) {
  const bool count = metric == Metric::count || metric == Metric::temporary;
  return count ? count_text(value(sums, metric)) : bytes_text(value(sums, metric));
}

std::string detail_text(const Sums& s, Metric metric) {
  switch (metric) {
    case Metric::peak:
      return count_text(s.peak_blocks);
    case Metric::end:
      return count_text(s.end_blocks);
    case Metric::allocated:
      return count_text(s.allocations);
    case Metric::count:
      return s.allocations == 0 ? "-" : bytes_text(s.allocated_bytes / s.allocations);
    case Metric::temporary:
      return share_text(s.temporary, s.allocations);
    case Metric::collected:
      return share_text(s.collected_bytes, s.allocated_bytes);
  }
  return "";
}

/// Frames around the innermost one of a stack, outwards; those of the import system as one.
std::vector<std::string> callers_of(const ledger::Reader& reader, std::uint32_t node, const Places& places) {
  std::vector<std::string> callers;
  const auto nodes = reader.nodes();
  for (std::uint32_t n = nodes[node].parent; n != 0; n = nodes[n].parent) {
    if (callers.size() == kMostFrames) {
      callers.emplace_back("...");
      break;
    }
    const ledger::Frame& frame = reader.frames()[nodes[n].frame];
    if (query::is_import_system(reader.string(frame.file))) {
      if (callers.empty() || callers.back() != kImportSystem) callers.emplace_back(kImportSystem);
      continue;
    }
    callers.push_back(places.frame(n));
  }
  return callers;
}

/// Path and function cut to fit together: the end of a path and the start of a name say most.
Cell label(std::string where, std::string function, std::size_t room) {
  constexpr std::size_t kLeastFunction = 14;
  if (columns(where) + 1 + columns(function) > room) {
    const std::size_t left = room > columns(where) + 1 ? room - columns(where) - 1 : 0;
    function = cut_end(function, std::max(kLeastFunction, left));
    where = cut_start(where, function.empty() ? room : room - std::min(room, columns(function) + 1));
  }
  return {std::move(where), Ink::plain, std::move(function), Ink::accent};
}

class List {
 public:
  List(const ReportInput& input, const Style& style, Metric metric, Places& places)
      : input_(input),
        style_(style),
        metric_(metric),
        places_(places),
        by_(input.request.by),
        total_(value(input.profile.totals, metric)) {}

  std::string text() {
    auto groups = query::group(input_.reader, input_.slots, input_.profile, by_);
    query::sort(groups, input_.reader, metric_);
    std::erase_if(groups, [&](const query::Group& g) { return value(g.sums, metric_) == 0; });
    if (groups.empty()) return title() + style_.dim("  nothing\n");
    const std::size_t shown =
        input_.request.top == 0 ? groups.size() : std::min<std::size_t>(input_.request.top, groups.size());
    Table table("rrrsl");
    add_heading(table);
    for (const query::Group& g : std::span(groups).first(shown)) add(table, g);
    add_rest(table, std::span(groups).subspan(shown));
    return title() + table.text(style_);
  }

 private:
  std::string title() const {
    const bool then = metric_ == Metric::peak && !input_.profile.at_peak;
    const auto what = then ? fmt::format("Held at {}", time_text(input_.profile.moment.time_us))
                           : std::string{metric_title(metric_)};
    return fmt::format("\n{}\n", style_.bold(fmt::format("{}, by {}", what, group_name(by_))));
  }

  std::vector<Cell> cells(const Sums& sums) const {
    return {{value_text(sums, metric_), Ink::bold},
            {share_text(value(sums, metric_), total_)},
            {detail_text(sums, metric_), Ink::dim}};
  }

  void add(Table& table, const query::Group& group) {
    auto row = cells(group.sums);
    const std::size_t room = style_.width - std::min(style_.width, kFigures);
    const std::string source = input_.request.source ? places_.source(group.key, by_) : "";
    row.push_back(label(places_.where(group.key, by_), places_.function(group.key, by_),
                        source.empty() || room < 3 * kSource ? room : room - kSource));
    row.push_back({source, Ink::dim});
    table.row(std::move(row));
    if (group.key.node == 0) return;
    for (const std::string& caller : callers_of(input_.reader, group.key.node, places_)) {
      table.line(3, style_.dim(fmt::format("<- {}", caller)));
    }
  }

  void add_rest(Table& table, std::span<const query::Group> rest) const {
    if (rest.empty()) return;
    Sums sums;
    for (const query::Group& g : rest) sums += g.sums;
    auto row = cells(sums);
    row.front().ink = Ink::dim;
    const auto plural = kGroupPlurals[static_cast<unsigned>(by_)];
    const auto noun = rest.size() == 1 ? group_name(by_) : plural;
    row.push_back({fmt::format("({} more {})", count_text(rest.size()), noun), Ink::dim});
    table.row(std::move(row));
  }

  void add_heading(Table& table) const {
    const ListText& list = list_of(metric_);
    table.row({{list.value, Ink::dim},
               {"share", Ink::dim},
               {list.detail, Ink::dim},
               {std::string{group_name(by_)}, Ink::dim}});
  }

  const ReportInput& input_;
  const Style& style_;
  const Metric metric_;
  Places& places_;
  const GroupBy by_;
  const std::uint64_t total_;
};

}  // namespace

std::string_view metric_name(Metric metric) { return list_of(metric).name; }
std::string_view metric_title(Metric metric) { return list_of(metric).title; }
std::string_view group_name(GroupBy by) { return kGroupNames[static_cast<unsigned>(by)]; }

std::string list_text(const ReportInput& input, const Style& style, Metric metric, Places& places) {
  return List(input, style, metric, places).text();
}

}  // namespace heapledger::cli
