// The call trees of the text report.
#include <fmt/format.h>

#include "report.h"
#include "units.h"

namespace heapledger::cli {

namespace {

using query::Direction;
using query::GroupBy;
using query::Metric;
using query::Sums;
using query::Tree;

class TreePrinter {
 public:
  TreePrinter(const ReportInput& input, const Style& style, Direction direction, Places& places)
      : input_(input), style_(style), places_(places), direction_(direction),
        by_(tree_options(input.request, direction).by),
        metric_(input.request.metrics.front()) {}

  std::string text() {
    const Tree root =
        query::tree(input_.reader, input_.slots, input_.profile, tree_options(input_.request, direction_));
    total_ = value(root.inclusive, metric_);
    text_ = fmt::format("\n{}\n", style_.bold(title()));
    for (const Tree& branch : root.branches) {
      line(branch.inclusive, "", name(branch));
      below(branch, "");
    }
    for (const Leftover& rest : leftovers(root)) line(rest.sums, "", rest.text);
    return std::move(text_);
  }

 private:
  std::string title() const {
    const auto what = direction_ == Direction::callers ? "what allocates, and below it who called it"
                                                       : "the program's calls, and below them what they called";
    return fmt::format("Tree of {} (--by {}): {}", group_name(by_), metric_name(metric_), what);
  }

  std::string figure(const Sums& sums) const {
    const bool count = metric_ == Metric::count || metric_ == Metric::temporary;
    const std::uint64_t v = value(sums, metric_);
    return fmt::format("{:>12} {:>6}", count ? count_text(v) : bytes_text(v), share_text(v, total_));
  }

  void line(const Sums& sums, const std::string& rails, const std::string& text) {
    text_ += fmt::format("{}  {}{}\n", figure(sums), style_.dim(rails), text);
  }

  std::string name(const Tree& tree) const {
    const std::string function = places_.function(tree.key, by_);
    return places_.where(tree.key, by_) + (function.empty() ? "" : "  " + style_.accent(function));
  }

  struct Leftover {
    Sums sums;
    std::string text;
  };

  /// Last lines below a node: what it allocated itself (calls), what was left out.
  std::vector<Leftover> leftovers(const Tree& tree) const {
    std::vector<Leftover> result;
    const bool calls = direction_ == Direction::calls;
    if (calls && !tree.branches.empty() && value(tree.exclusive, metric_) != 0) {
      result.push_back({tree.exclusive, style_.dim("(allocated here, without a further call)")});
    }
    if (tree.dropped != 0 && value(tree.dropped_sums, metric_) != 0) {
      const auto text = counted(tree.dropped, tree.dropped == 1 ? "smaller branch" : "smaller branche");
      result.push_back({tree.dropped_sums, style_.dim(fmt::format("({} left out)", text))});
    }
    return result;
  }

  /// A single branch continues its parent's column with an arrow; several fork off.
  void below(const Tree& tree, const std::string& rails) {
    const auto rest = leftovers(tree);
    if (tree.branches.size() == 1 && rest.empty()) {
      line(tree.branches[0].inclusive, rails + (direction_ == Direction::callers ? "<- " : "-> "), name(tree.branches[0]));
      return below(tree.branches[0], rails);
    }
    std::size_t left = tree.branches.size() + rest.size();
    for (const Tree& branch : tree.branches) {
      const bool last = --left == 0;
      line(branch.inclusive, rails + (last ? "`- " : "|- "), name(branch));
      below(branch, rails + (last ? "   " : "|  "));
    }
    for (const Leftover& r : rest) line(r.sums, rails + (--left == 0 ? "`- " : "|- "), r.text);
  }

  const ReportInput& input_;
  const Style& style_;
  Places& places_;
  const Direction direction_;
  const GroupBy by_;
  const Metric metric_;
  std::uint64_t total_ = 0;
  std::string text_;
};

}  // namespace

query::TreeOptions tree_options(const ReportRequest& request, Direction direction) {
  const bool coarse = request.by == GroupBy::function || request.by == GroupBy::file;
  query::TreeOptions options;
  options.direction = direction;
  options.by = coarse ? request.by : GroupBy::line;
  options.metric = request.metrics.front();
  if (request.top != 0) options.most_branches = request.top;
  return options;
}

std::string tree_text(const ReportInput& input, const Style& style, Direction direction, Places& places) {
  return TreePrinter(input, style, direction, places).text();
}

}  // namespace heapledger::cli
