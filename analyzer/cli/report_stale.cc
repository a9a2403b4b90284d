// What the text report says of lines that may be those of earlier objects.
#include <fmt/format.h>

#include <algorithm>

#include "../query/free_lists.h"
#include "report.h"
#include "units.h"

namespace heapledger::cli {

namespace {

using query::Metric;
using query::StaleBound;

constexpr std::size_t kMostKinds = 3;        ///< named; the rest is "..."
constexpr std::uint64_t kWorthAFinding = 10;  ///< per cent of the peak

struct Count {
  std::string kind;
  std::uint64_t blocks, bytes;
};

/// Of those alive at the end or at the moment of the question; most blocks first. The collector frees objects.
std::vector<Count> counts(const std::vector<StaleBound>& bounds, Metric metric) {
  std::vector<Count> result;
  for (const StaleBound& b : bounds)
    if (metric != Metric::collected || b.seen)
      result.push_back(metric == Metric::end ? Count{b.kind, b.end_blocks, b.end_bytes}
                                             : Count{b.kind, b.blocks, b.bytes});
  std::erase_if(result, [](const Count& c) { return c.blocks == 0; });
  std::ranges::stable_sort(result, std::greater{}, &Count::blocks);
  return result;
}

/// "of at most 203,771 blocks (4.9 MiB: float 200,171, tuple 2,300, dict 221 ...)"
std::string summary(const std::vector<Count>& kinds, Metric metric) {
  if (metric == Metric::collected) return "of small objects (tuples, floats, lists, dicts ...)";
  Count all{};
  std::string names;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    all.blocks += kinds[i].blocks, all.bytes += kinds[i].bytes;
    if (i < kMostKinds) names += fmt::format("{}{} {}", i == 0 ? "" : ", ", kinds[i].kind, count_text(kinds[i].blocks));
  }
  return fmt::format("of at most {} ({}: {}{})", counted(all.blocks, "block"), bytes_text(all.bytes), names,
                     kinds.size() > kMostKinds ? " ..." : "");
}

/// What would make the lines right; empty: nothing would.
const char* remedy(const ledger::Reader& reader, const query::Profile& profile, const std::vector<StaleBound>& bounds) {
  const auto any = [&](trace::ReuseState state) {
    return std::ranges::any_of(profile.processes, [&](const query::ProcessProfile& p) {
      const ledger::Process& process = reader.processes()[p.process];
      return process.python_hex != 0 && process.reuse == state;
    });
  };
  if (std::ranges::none_of(bounds, &StaleBound::seen)) return "";
  if (any(trace::ReuseState::switched_off)) return " Without --reuse off they are right.";
  return any(trace::ReuseState::unseen) ? " On CPython 3.13 and later they are right." : "";
}

}  // namespace

std::string stale_text(const ledger::Reader& reader, const query::Slots& slots, const query::Profile& profile,
                       const Style& style, Metric metric) {
  const auto bounds = query::stale_bounds(reader, slots, profile);
  const auto kinds = counts(bounds, metric);
  if (kinds.empty()) return "";
  return style.dim(fmt::format("  The lines {} may be those of earlier objects,\n"
                               "  from which CPython made these without asking for memory.{}\n",
                               summary(kinds, metric), remedy(reader, profile, bounds)));
}

std::string stale_finding(const ledger::Reader& reader, const query::Slots& slots, const query::Profile& profile) {
  const auto kinds = counts(query::stale_bounds(reader, slots, profile), Metric::peak);
  std::uint64_t bytes = 0;
  for (const Count& c : kinds) bytes += c.bytes;
  if (kinds.empty() || bytes < profile.moment.bytes / 100 * kWorthAFinding) return "";
  return fmt::format("lines      those {} may be those of earlier objects\n", summary(kinds, Metric::peak));
}

}  // namespace heapledger::cli
