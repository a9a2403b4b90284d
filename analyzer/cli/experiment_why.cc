// What the ledgers of two arms say about a metric that changed.
#include <algorithm>

#include <fmt/format.h>

#include "experiment_text.h"
#include "places.h"
#include "units.h"

namespace heapledger::cli {

namespace {

using compare::CollectorWork;
using compare::Difference;
using compare::Evidence;
using compare::MetricId;

constexpr std::size_t kMostLines = 3;

/// Smaller differences than this share of the metric's explain nothing.
constexpr double kLeastShare = 0.02;

using Amount = std::string (*)(std::uint64_t);

std::string blocks(std::uint64_t count) { return count_text(count); }
std::string bytes(std::uint64_t count) { return bytes_text(count); }

std::uint64_t size_of(const Difference& d) {
  return std::max(d.before, d.after) - std::min(d.before, d.after);
}

std::string place_of(const Difference& d) {
  if (d.line == 0) return printable(d.name);
  return printable(fmt::format("{}:{} {}", short_path(d.file, ""), d.line, d.name));
}

void add(std::vector<std::string>& lines, const std::vector<Difference>& differences, Amount amount,
         double whole) {
  std::size_t count = 0;
  for (const Difference& d : differences) {
    if (count == kMostLines || static_cast<double>(size_of(d)) < kLeastShare * whole) break;
    lines.push_back(fmt::format("{} -> {}  {}", amount(d.before), amount(d.after), place_of(d)));
    ++count;
  }
}

std::string work(const CollectorWork& w) {
  if (w.collections == 0) return "no collection";
  const double share =
      w.duration_us == 0 ? 0 : static_cast<double>(w.pause_ns) / 10.0 / static_cast<double>(w.duration_us);
  return fmt::format("{} in {:.3f} s ({:.1f} % of the recorded run)", counted(w.collections, "collection"),
                     static_cast<double>(w.pause_ns) * 1e-9, share);
}

void add_collector(std::vector<std::string>& lines, const Evidence& e) {
  if (e.before.collections == 0 && e.after.collections == 0) return;
  if (e.before.collections == e.after.collections) return;
  lines.push_back(fmt::format("{} -> {}", work(e.before), work(e.after)));
}

/// Empty when they say nothing about it.
std::vector<std::string> why_lines(const ExperimentInput& input, const compare::Finding& f) {
  if (!f.has_verdict() || f.comparison.verdict != compare::Verdict::changed) return {};
  if (!input.results.arms[f.arm].evidence) return {};
  const Evidence& e = *input.results.arms[f.arm].evidence;
  const double whole = std::abs(f.value - f.baseline);
  std::vector<std::string> lines;
  switch (input.plan.metrics[f.metric].kind->id) {
    case MetricId::wall:
    case MetricId::cpu:
    case MetricId::user:
      add_collector(lines, e);
      add(lines, e.lines_by_count, blocks, static_cast<double>(e.allocations));
      break;
    case MetricId::peak_rss:
    case MetricId::peak_bytes:
      add(lines, e.classes_at_peak, bytes, whole);
      add(lines, e.lines_at_peak, bytes, whole);
      break;
    case MetricId::end_bytes:
      add(lines, e.lines_at_end, bytes, whole);
      break;
    case MetricId::allocations:
      add(lines, e.lines_by_count, blocks, whole);
      break;
    default:
      break;
  }
  return lines;
}

}  // namespace

std::vector<Reason> reasons(const ExperimentInput& input, std::size_t arm) {
  std::vector<Reason> all;
  for (const compare::Finding& f : input.analysis.findings) {
    if (f.arm != arm) continue;
    std::vector<std::string> lines = why_lines(input, f);
    if (lines.empty()) continue;
    const std::string title = printable(input.plan.metrics[f.metric].title());
    const auto same = std::ranges::find(all, lines, &Reason::lines);
    if (same == all.end())
      all.push_back({title, std::move(lines)});
    else
      same->metrics += ", " + title;
  }
  return all;
}

}  // namespace heapledger::cli
