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

/// What differs from list to list.
struct ListText {
  Metric metric;
  const char* name;      ///< as in --by
  const char* title;     ///< before "by line"
  const char* value;     ///< heading of the figure
  const char* detail;    ///< heading of the figure beside it
};
constexpr ListText kLists[] = {
    {Metric::peak, "peak", "Held at the peak", "bytes", "blocks"},
    {Metric::end, "end", "Not freed at the end", "bytes", "blocks"},
    {Metric::allocated, "allocated", "Bytes allocated over the whole run", "bytes", "allocations"},
    {Metric::count, "count", "Number of allocations", "allocations", "bytes each"},
    {Metric::temporary, "temporary", "Temporary allocations (freed before their thread allocated again)",
     "temporary", "of its own"},
};

constexpr std::string_view kGroupNames[] = {"line", "function", "file", "stack", "account", "thread", "process"};
constexpr std::string_view kGroupPlurals[] = {"lines", "functions", "files", "stacks",
                                              "accounts", "threads", "processes"};

const ListText& list_of(Metric metric) {
  return *std::find_if(std::begin(kLists), std::end(kLists), [&](const ListText& l) { return l.metric == metric; });
}

std::string value_text(const Sums& sums, Metric metric) {
  const bool count = metric == Metric::count || metric == Metric::temporary;
  return count ? count_text(value(sums, metric)) : bytes_text(value(sums, metric));
}

std::string detail_text(const Sums& s, Metric metric) {
  switch (metric) {
    case Metric::peak: return count_text(s.peak_blocks);
    case Metric::end: return count_text(s.end_blocks);
    case Metric::allocated: return count_text(s.allocations);
    case Metric::count: return s.allocations == 0 ? "-" : bytes_text(s.allocated_bytes / s.allocations);
    case Metric::temporary: return share_text(s.temporary, s.allocations);
  }
  return "";
}

/// Frames around the innermost one of a stack, outwards, one a line.
std::string callers_of(const ReportInput& input, std::uint32_t node, const Style& style, const Places& places) {
  std::string text;
  const auto nodes = input.reader.nodes();
  std::size_t shown = 0;
  for (std::uint32_t n = nodes[node].parent; n != 0; n = nodes[n].parent, ++shown) {
    if (shown == kMostFrames) return text + style.dim("        ... more callers") + "\n";
    const ledger::Frame& frame = input.reader.frames()[nodes[n].frame];
    query::GroupKey key;
    key.function = frame.function;
    key.file = frame.file;
    key.line = frame.line;
    text += style.dim(fmt::format("        called from {}  {}", places.where(key, GroupBy::line),
                                  places.function(key, GroupBy::line))) + "\n";
  }
  return text;
}

class List {
 public:
  List(const ReportInput& input, const Style& style, Metric metric, Places& places)
      : input_(input), style_(style), metric_(metric), places_(places), by_(input.request.by),
        total_(value(input.profile.totals, metric)) {}

  std::string text() {
    auto groups = query::group(input_.reader, input_.slots, input_.profile, by_);
    query::sort(groups, input_.reader, metric_);
    std::erase_if(groups, [&](const query::Group& g) { return value(g.sums, metric_) == 0; });
    if (groups.empty()) return title() + style_.dim("  nothing\n");
    const std::size_t shown = input_.request.top == 0 ? groups.size() : std::min<std::size_t>(input_.request.top, groups.size());
    const auto top = std::span(groups).first(shown);
    const auto rest = std::span(groups).subspan(shown);
    return title() + (by_ == GroupBy::stack ? stacks(top, rest) : entries(top, rest));
  }

 private:
  std::string title() const {
    const ListText& list = list_of(metric_);
    return fmt::format("\n{}\n", style_.bold(fmt::format("{}, by {}: {}", input_.profile.at_peak || metric_ != Metric::peak
                                                              ? list.title : "Held then",
                                                     group_name(by_), value_text(input_.profile.totals, metric_))));
  }

  std::vector<Cell> cells(const Sums& sums) const {
    return {{value_text(sums, metric_), Ink::bold},
            {share_text(value(sums, metric_), total_)},
            {detail_text(sums, metric_), Ink::dim}};
  }

  void add(Table& table, const query::Group& group) {
    auto row = cells(group.sums);
    row.push_back({cut_start(places_.where(group.key, by_), std::max<std::size_t>(28, style_.width * 2 / 5))});
    row.push_back({cut_end(places_.function(group.key, by_), std::max<std::size_t>(16, style_.width / 5)), Ink::accent});
    row.push_back({input_.request.source ? places_.source(group.key, by_) : "", Ink::dim});
    table.row(std::move(row));
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
    table.row({{list.value, Ink::dim}, {"share", Ink::dim}, {list.detail, Ink::dim}, {std::string{group_name(by_)}, Ink::dim}});
  }

  std::string entries(std::span<const query::Group> top, std::span<const query::Group> rest) {
    Table table("rrrlll");
    add_heading(table);
    for (const query::Group& g : top) add(table, g);
    add_rest(table, rest);
    return table.text(style_);
  }

  /// Each stack is a table of one line with its callers below.
  std::string stacks(std::span<const query::Group> top, std::span<const query::Group> rest) {
    std::string text;
    for (const query::Group& g : top) {
      Table table("rrrlll");
      add(table, g);
      text += table.text(style_);
      if (g.key.node != 0) text += callers_of(input_, g.key.node, style_, places_);
    }
    Table table("rrrlll");
    add_rest(table, rest);
    return text + table.text(style_);
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
std::string_view group_name(GroupBy by) { return kGroupNames[static_cast<unsigned>(by)]; }

std::string list_text(const ReportInput& input, const Style& style, Metric metric, Places& places) {
  return List(input, style, metric, places).text();
}

}  // namespace heapledger::cli
