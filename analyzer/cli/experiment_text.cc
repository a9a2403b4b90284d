// Findings in words, and the table on the terminal.
#include "experiment_text.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "places.h"
#include "report.h"
#include "table.h"
#include "units.h"

namespace heapledger::cli {

namespace {

using compare::Basis;
using compare::Finding;
using compare::MetricId;
using compare::Unit;
using compare::Verdict;

std::string amount(double value, Unit unit) {
  if (unit == Unit::seconds) return fmt::format("{:.3f} s", value);
  const auto whole = static_cast<std::uint64_t>(std::llround(std::abs(value)));
  return (value < 0 ? "-" : "") + (unit == Unit::bytes ? bytes_text(whole) : count_text(whole));
}

std::string percent(double share) {
  const double p = 100 * share;
  return fmt::format("{:+.{}f} %", p, std::abs(p) < 1 ? 2 : 1);
}

std::string difference(double value, Unit unit) { return (value < 0 ? "" : "+") + amount(value, unit); }

/// A number on the scale of the comparison.
std::string on_scale(double value, const compare::Comparison& c, Unit unit) {
  return c.scale == compare::Scale::log_ratio ? percent(compare::relative_change(value))
                                              : difference(value, unit);
}

/// The same without a sign: a size.
std::string size_on_scale(double value, const compare::Comparison& c, Unit unit) {
  return on_scale(std::abs(value), c, unit).substr(1);
}

std::string verdict_text(const Finding& f, Unit unit) {
  const compare::Comparison& c = f.comparison;
  switch (f.basis) {
    case Basis::missing:
      return "not measured";
    case Basis::varies:
      return unit == Unit::seconds ? "too few to test" : "recordings disagree";
    case Basis::exact:
      if (c.estimate == 0) return "equal";
      return c.verdict == Verdict::changed ? "changed" : "no change";
    case Basis::tested:
      break;
  }
  if (c.verdict == Verdict::changed) return "changed";
  if (c.verdict == Verdict::inconclusive) return "inconclusive";
  return fmt::format("no change beyond {}", size_on_scale(c.threshold, c, unit));
}

std::string interval_text(const Finding& f, Unit unit) {
  if (f.basis == Basis::exact) return "exact";
  if (f.basis == Basis::varies) return fmt::format("{} to {}", amount(f.low, unit), amount(f.high, unit));
  if (f.comparison.exact) return "the same in all rounds";
  const auto& interval = f.comparison.interval;
  if (!interval) return "too few rounds";
  return fmt::format("{} to {}", on_scale(interval->low, f.comparison, unit),
                     on_scale(interval->high, f.comparison, unit));
}

/// The smallest effect that these rounds would have shown, where none was shown.
std::string detectable_text(const Finding& f, Unit unit) {
  const compare::Comparison& c = f.comparison;
  if (!f.has_verdict() || c.verdict == Verdict::changed) return {};
  if (f.basis == Basis::exact || c.exact) return "any";  // nothing varies that could hide one
  if (!c.detectable) return "nothing";  // too few rounds for any, however large
  return size_on_scale(*c.detectable, c, unit);
}

/// As people count.
std::vector<std::size_t> round_numbers(const compare::Analysis& analysis) {
  std::vector<std::size_t> numbers;
  for (const std::size_t round : analysis.noisy_rounds) numbers.push_back(round + 1);
  return numbers;
}

std::string header(const ExperimentInput& input, const Style& style) {
  const auto& results = input.results;
  std::string text = fmt::format("{} in {} (order by seed {})", counted(results.arms.size(), "arm"),
                                 counted(results.rounds.size(), "round"), results.seed);
  if (results.is_interrupted) text += style.alarm("; interrupted, what follows is of the finished rounds");
  text += "\n";
  std::size_t width = 0;
  for (const compare::ArmResult& arm : results.arms) width = std::max(width, arm.name.size());
  for (std::size_t i = 0; i < results.arms.size(); ++i) {
    const compare::ArmResult& arm = results.arms[i];
    const std::string python = arm.python.empty() ? "" : fmt::format("CPython {}; ", arm.python);
    const std::string own = arm_text(input.plan.arms[i]);
    text += fmt::format("  {:{}}  {}{}{}\n", arm.name, width, python, own,
                        i == input.plan.baseline ? " (baseline)" : "");
    if (arm.failure)
      text += style.alarm(fmt::format("  {:{}}  failed: {}\n", "", width, printable(arm.failure->what)));
    if (arm.failure && !arm.failure->evidence.empty())
      text += fmt::format("  {:{}}  it wrote: {}\n", "", width,
                          printable(arm.failure->evidence.substr(arm.failure->evidence.rfind('\n') + 1)));
  }
  if (results.addresses_varied)
    text += "  the kernel did not let addresses be fixed: they vary from run to run\n";
  if (!input.analysis.noisy_rounds.empty())
    text +=
        fmt::format("  noisy rounds, none left out: {}\n", fmt::join(round_numbers(input.analysis), ", "));
  return text;
}

/// One line: "off against on".
std::string title(const ExperimentInput& input, std::size_t arm, const Style& style) {
  return style.bold(
      fmt::format("\n{} against {}\n", input.plan.arms[arm].name, input.plan.arms[input.plan.baseline].name));
}

std::string table(const ExperimentInput& input, std::size_t arm, const Style& style) {
  Table rows("lrrrlrl");
  rows.row({{"", Ink::dim},
            {input.plan.arms[input.plan.baseline].name, Ink::dim},
            {input.plan.arms[arm].name, Ink::dim},
            {"change", Ink::dim},
            {"interval", Ink::dim},
            {"would see", Ink::dim},
            {"verdict", Ink::dim}});
  for (const Finding& f : input.analysis.findings) {
    if (f.arm != arm || f.basis == Basis::missing) continue;
    const FindingText t = finding_text(input, f);
    rows.row({{t.metric},
              {t.baseline},
              {t.value},
              {t.change, t.changed ? Ink::bold : Ink::plain},
              {t.interval, Ink::dim},
              {t.detectable, Ink::dim},
              {t.verdict, t.changed ? Ink::bold : Ink::plain}});
  }
  return rows.text(style);
}

std::string why_text(const ExperimentInput& input, std::size_t arm, const Style& style) {
  std::string text;
  for (const Reason& reason : reasons(input, arm)) {
    text += fmt::format("  {} {}\n", style.dim("why"), reason.metrics);
    for (const std::string& line : reason.lines)
      text += fmt::format("    {}\n", cut_end(line, style.width - 4));
  }
  return text;
}

}  // namespace

FindingText finding_text(const ExperimentInput& input, const Finding& f) {
  const compare::Metric& metric = input.plan.metrics[f.metric];
  const Unit unit = metric.kind->unit;
  FindingText text;
  text.metric = printable(metric.title());
  text.verdict = verdict_text(f, unit);
  if (f.basis == Basis::missing) return text;
  text.baseline = amount(f.baseline, unit);
  text.value = amount(f.value, unit);
  text.interval = interval_text(f, unit);
  text.detectable = detectable_text(f, unit);
  if (f.depends_on_noise) text.verdict += " (not without the noisy rounds)";
  text.changed = f.has_verdict() && f.comparison.verdict == Verdict::changed;
  if (f.has_verdict())
    text.change = on_scale(f.comparison.estimate, f.comparison, unit);
  else
    text.change = f.baseline > 0 ? percent(f.value / f.baseline - 1) : difference(f.value - f.baseline, unit);
  if (f.basis == Basis::exact && f.comparison.estimate != 0 && unit == Unit::count &&
      f.comparison.scale == compare::Scale::log_ratio)
    text.change = fmt::format("{} ({})", difference(f.value - f.baseline, unit), text.change);
  return text;
}

std::string arm_text(const compare::Arm& arm) {
  std::vector<std::string> parts;
  if (!arm.python.empty()) parts.push_back("python " + arm.python);
  if (!arm.allocator.empty()) parts.push_back("allocator " + arm.allocator);
  if (!arm.gc.empty()) parts.push_back("gc " + arm.gc);
  for (const std::string& slots : arm.slots) parts.push_back("slots " + slots);
  for (const record::Variable& v : arm.environment) parts.push_back(fmt::format("{}={}", v.name, v.value));
  if (!arm.directory.empty()) parts.push_back("in " + arm.directory);
  const std::string own = fmt::format("{}", fmt::join(parts, "; "));
  return printable(fmt::format("{}{}{}", own, own.empty() ? "" : ": ", command_text(arm.command)));
}

std::string experiment_text(const ExperimentInput& input, const Style& style) {
  std::string text = header(input, style);
  if (input.results.arms[input.plan.baseline].failure)
    return text + style.alarm("\nThe baseline failed: nothing can be compared.\n");
  for (std::size_t arm = 0; arm < input.plan.arms.size(); ++arm) {
    if (arm == input.plan.baseline || input.results.arms[arm].failure) continue;
    text += title(input, arm, style) + table(input, arm, style) + why_text(input, arm, style);
  }
  return text;
}

}  // namespace heapledger::cli
