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

/// Share of the time that was asked about, and of CPU time where that is of the same time.
std::string time_sentence(const ledger::Process& p, query::TimeWindow window, const CollectionSums& all) {
  const std::uint64_t end = std::min(window.to_us, p.duration_us);
  const std::uint64_t duration = end - std::min(end, window.from_us);
  std::string text = fmt::format("  {} of {} passed in it", share_text(all.pause_ns / 1000, duration), time_text(duration));
  if (p.cpu_us != 0 && duration == p.duration_us)
    text += fmt::format(", and {} of {} of CPU time", share_text(all.cpu_ns / 1000, p.cpu_us), time_text(p.cpu_us));
  return text;
}

/// Like with like: what it freed of the blocks that the filter selects.
std::string freed_sentence(const query::ProcessProfile& profile, const query::Filter& filter, std::uint64_t by_all) {
  const std::uint64_t freed = profile.sums.allocated_bytes - std::min(profile.sums.allocated_bytes, profile.sums.end_bytes);
  if (filter.whole())
    return fmt::format("  it freed {} of the {} that were freed, reference counts the rest.\n", share_text(by_all, freed),
                       bytes_text(freed));
  return fmt::format("  of the selected blocks {} were freed, {} of it by the collector.\n", bytes_text(freed),
                     share_text(std::min(profile.sums.collected_bytes, freed), freed));
}

/// Whether the filter says more than which process and which times.
bool selects_blocks(const query::Filter& f) {
  return !f.threads.empty() || !f.functions.empty() || !f.files.empty() || !f.accounts.empty() || !f.types.empty();
}

std::string sentences(const ReportInput& input, const query::ProcessProfile& profile, const CollectionSums& all) {
  const ledger::Process& p = input.reader.processes()[profile.process];
  const query::Filter& filter = input.request.question.filter;
  std::string text = time_sentence(p, window_of(input, profile), all) + ";\n" + freed_sentence(profile, filter, all.freed_bytes);
  if (selects_blocks(filter)) text += "  Collections are those of the whole process, whichever blocks are selected.\n";
  if (all.unfinished != 0)
    text += fmt::format("  {} of them {} no end that was seen: the process left in it, or the recorder's callback was taken away.\n",
                        count_text(all.unfinished), all.unfinished == 1 ? "has" : "have");
  if (const std::uint64_t missed = query::missed_collections(p); missed != 0)
    text += fmt::format("  {} before the recorder watched {} not in these figures.\n", counted(missed, "collection"),
                        missed == 1 ? "is" : "are");
  if (const std::string unseen = unseen_text(p); !unseen.empty()) text += "  " + unseen + ".\n";
  return text;
}

std::string process_text(const ReportInput& input, const Style& style, const query::ProcessProfile& profile) {
  const ledger::Process& p = input.reader.processes()[profile.process];
  const bool several = input.profile.processes.size() > 1;
  const std::string title =
      fmt::format("\n{}\n", style.bold(several ? fmt::format("Garbage collections of process {}", p.pid) : "Garbage collections"));
  if (!p.collections_watched && p.collections.empty())
    return title + style.dim("  not watched: no Python that ran, or the recorder had no part in it\n");
  const auto generations = query::collections_within(p, window_of(input, profile));
  Table table("lrrrrrrr");
  table.row({{"generation", Ink::dim}, {"collections", Ink::dim}, {"pauses", Ink::dim}, {"longest", Ink::dim},
             {"collected", Ink::dim}, {"uncollectable", Ink::dim}, {"blocks freed", Ink::dim}, {"bytes", Ink::dim}});
  for (std::size_t g = 0; g < generations.size(); ++g)
    if (generations[g].collections != 0) add_row(table, fmt::format("{}", g), generations[g], Ink::plain);
  const CollectionSums all = query::total(generations);
  add_row(table, "all", all, Ink::bold);
  return title + table.text(style) + sentences(input, profile, all);
}

}  // namespace

query::TimeWindow window_of(const ReportInput& input, const query::ProcessProfile& profile) {
  const query::Filter& filter = input.request.question.filter;
  query::TimeWindow window;
  const auto in_process = [&](std::uint64_t us) { return us - std::min(us, profile.offset_us); };
  if (filter.from_us) window.from_us = in_process(*filter.from_us);
  if (filter.to_us) window.to_us = in_process(*filter.to_us);
  return window;
}

std::string unseen_text(const ledger::Process& p) {
  const std::uint64_t unseen = query::unseen_collections(p);
  if (unseen != 0)
    return fmt::format("{} {} not seen: the program took the recorder's callback away; what they freed counts as freed by "
                       "reference counts",
                       counted(unseen, "collection"), unseen == 1 ? "was" : "were");
  return p.callback_gone ? "In the end the recorder's callback was not in gc.callbacks any more; no collection came after that" : "";
}

std::string gc_text(const ReportInput& input, const Style& style) {
  std::string text;
  for (const query::ProcessProfile& profile : input.profile.processes) text += process_text(input, style, profile);
  return text;
}

}  // namespace heapledger::cli
