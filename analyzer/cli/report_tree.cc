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
      : input_(input),
        style_(style),
        places_(places),
        direction_(direction),
        by_(tree_options(input.request, direction).by),
        metric_(input.request.metrics.front()) {}

  std::string text() {
    const query::TreeOptions options = tree_options(input_.request, direction_);
    const Tree root = query::tree(input_.reader, input_.slots, input_.profile, options);
    total_ = value(root.inclusive, metric_);
    least_ = static_cast<double>(total_) * options.least_share;
    text_ = fmt::format("\n{}\n", style_.bold(title()));
    for (const Tree& branch : root.branches) {
      line(branch.inclusive, "", name(branch));
      below(branch, "");
    }
    for (const Rest& rest : rests(root)) line(rest.sums, "", rest.text);
    text_ += style_.dim(fmt::format("{:21}Branches below {:.0f}% of the total are left out.\n", "",
                                    100 * options.least_share));
    return std::move(text_);
  }

 private:
  struct Rest {
    Sums sums;
    std::string text;
  };

  std::string title() const {
    const auto what = direction_ == Direction::callers ? "what allocates, <- who called it"
                                                       : "outermost frames, -> what they called";
    return fmt::format("{}, tree by {}: {}", metric_title(metric_), group_name(by_), what);
  }

  /// A figure that repeats the line above says nothing and is left out.
  void line(const Sums& sums, const std::string& rails, const std::string& text) {
    const bool count = metric_ == Metric::count || metric_ == Metric::temporary;
    const std::uint64_t v = value(sums, metric_);
    const std::string figure =
        v == last_ && !rails.empty()
            ? ""
            : fmt::format("{:>12} {:>6}", count ? count_text(v) : bytes_text(v), share_text(v, total_));
    text_ += fmt::format("{:19}  {}{}\n", figure, style_.dim(rails), text);
    last_ = v;
  }

  std::string name(const Tree& tree) const {
    const std::string function = places_.function(tree.key, by_);
    const std::string where = places_.where(tree.key, by_);
    return function.empty() ? where : fmt::format("{} {}", where, style_.accent(function));
  }

  bool matters(const Sums& sums) const {
    return value(sums, metric_) != 0 && static_cast<double>(value(sums, metric_)) >= least_;
  }

  /// Last lines below a node: what it allocated itself (calls), what was left out; each only when it matters.
  std::vector<Rest> rests(const Tree& tree) const {
    std::vector<Rest> result;
    const bool own = direction_ == Direction::calls && !tree.branches.empty();
    if (own && matters(tree.exclusive))
      result.push_back({tree.exclusive, style_.dim("(by this code itself)")});
    if (matters(tree.dropped_sums)) {
      const auto branches =
          tree.dropped == 1 ? "1 branch" : fmt::format("{} branches", count_text(tree.dropped));
      result.push_back({tree.dropped_sums, style_.dim(fmt::format("({} left out)", branches))});
    }
    return result;
  }

  /// A single branch continues its parent's column with an arrow; several fork off.
  void below(const Tree& tree, const std::string& rails) {
    const auto rest = rests(tree);
    if (tree.branches.size() == 1 && rest.empty()) {
      const Tree& only = tree.branches.front();
      line(only.inclusive, rails + (direction_ == Direction::callers ? "<- " : "-> "), name(only));
      return below(only, rails);
    }
    std::size_t left = tree.branches.size() + rest.size();
    for (const Tree& branch : tree.branches) {
      const bool last = --left == 0;
      line(branch.inclusive, rails + (last ? "`- " : "|- "), name(branch));
      below(branch, rails + (last ? "   " : "|  "));
    }
    for (const Rest& r : rest) line(r.sums, rails + (--left == 0 ? "`- " : "|- "), r.text);
  }

  const ReportInput& input_;
  const Style& style_;
  Places& places_;
  const Direction direction_;
  const GroupBy by_;
  const Metric metric_;
  std::uint64_t total_ = 0;
  std::uint64_t last_ = 0;  ///< figure of the line above
  double least_ = 0;        ///< figures below it are not shown
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
