// The garbage collector's part of the text report.
#include <fmt/format.h>

#include <algorithm>

#include "../query/collections.h"
#include "report.h"
#include "table.h"
#include "units.h"

namespace heapledger::cli {

namespace {

using query::CollectionSums;

std::string pause_text(std::uint64_t ns) { return fmt::format("{:.3f} ms", static_cast<double>(ns) / 1e6); }

void add_row(Table& table, std::string name, const CollectionSums& s, Ink ink) {
  table.row({{std::move(name), ink},
             {count_text(s.collections), ink},
             {pause_text(s.pause_ns), ink},
             {pause_text(s.longest_ns), ink},
             {count_text(s.collected), ink},
             {count_text(s.uncollectable), ink},
             {count_text(s.freed_blocks), ink},
             {bytes_text(s.freed_bytes), ink}});
}

std::string sentences(const ledger::Process& p, const query::ProcessProfile& profile, const CollectionSums& all) {
  const std::uint64_t freed = profile.sums.allocated_bytes - std::min(profile.sums.allocated_bytes, profile.sums.end_bytes);
  std::string text = fmt::format("  {} of {} passed in it", share_text(all.pause_ns / 1000, p.duration_us), time_text(p.duration_us));
  if (p.cpu_us != 0)
    text += fmt::format(", and {} of {} of CPU time", share_text(all.cpu_ns / 1000, p.cpu_us), time_text(p.cpu_us));
  text += fmt::format(";\n  it freed {} of the {} that were freed, reference counts the rest.\n",
                      share_text(all.freed_bytes, freed), bytes_text(freed));
  if (const std::uint64_t missed = query::missed_collections(p); missed != 0)
    text += fmt::format("  {} before the recorder watched {} not in these figures.\n", counted(missed, "collection"),
                        missed == 1 ? "is" : "are");
  return text;
}

std::string process_text(const ReportInput& input, const Style& style, const query::ProcessProfile& profile) {
  const ledger::Process& p = input.reader.processes()[profile.process];
  const bool several = input.profile.processes.size() > 1;
  const std::string title =
      fmt::format("\n{}\n", style.bold(several ? fmt::format("Garbage collections of process {}", p.pid) : "Garbage collections"));
  if (!p.collections_watched && p.collections.empty())
    return title + style.dim("  not watched: no Python that ran, or the recorder had no part in it\n");
  const auto generations = query::collections_of(p);
  Table table("lrrrrrrr");
  table.row({{"generation", Ink::dim}, {"collections", Ink::dim}, {"pauses", Ink::dim}, {"longest", Ink::dim},
             {"collected", Ink::dim}, {"uncollectable", Ink::dim}, {"blocks freed", Ink::dim}, {"bytes", Ink::dim}});
  for (std::size_t g = 0; g < generations.size(); ++g)
    if (generations[g].collections != 0) add_row(table, fmt::format("{}", g), generations[g], Ink::plain);
  const CollectionSums all = query::total(generations);
  add_row(table, "all", all, Ink::bold);
  return title + table.text(style) + sentences(p, profile, all);
}

}  // namespace

std::string gc_text(const ReportInput& input, const Style& style) {
  std::string text;
  for (const query::ProcessProfile& profile : input.profile.processes) text += process_text(input, style, profile);
  return text;
}

}  // namespace heapledger::cli
