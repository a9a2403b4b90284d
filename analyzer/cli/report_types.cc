// The classes of the text report: how many instances, how big, how long they live, where they are defined.
#include <fmt/format.h>

#include <algorithm>

#include "../query/lifetimes.h"
#include "../query/types.h"
#include "report.h"
#include "table.h"
#include "units.h"

namespace heapledger::cli {

namespace {

using query::Sums;
using query::TypeSums;

std::string each_text(std::uint64_t bytes, std::uint64_t count) {
  return count == 0 ? "-" : fmt::format("{:.1f} B", static_cast<double>(bytes) / static_cast<double>(count));
}

/// Bytes of an instance with its parts: at the moment, or else over the whole run.
std::string each_text(const TypeSums& t) {
  const Sums all = t.all();
  return t.instances.peak_blocks != 0 ? each_text(all.peak_bytes, t.instances.peak_blocks)
                                      : each_text(all.allocated_bytes, t.instances.allocations);
}

std::string life_text(const Sums& s) { return s.frees == 0 ? "-" : time_text(s.life_us / s.frees); }

std::string defined_at(const ReportInput& input, const TypeSums& t, const Places& places) {
  if (t.node == 0) return "";
  using query::GroupBy;
  return places.where(query::frame_key(input.reader, t.node, GroupBy::line), GroupBy::line);
}

constexpr std::size_t kPlace = 28;  ///< columns of where a class is defined; its end says most

void add_row(Table& table, const ReportInput& input, const TypeSums& t, const Places& places) {
  const Sums all = t.all();
  table.row({{bytes_text(all.peak_bytes), Ink::bold},
             {share_text(all.peak_bytes, input.profile.totals.peak_bytes)},
             {count_text(t.instances.peak_blocks)},
             {each_text(t)},
             {bytes_text(all.end_bytes), Ink::dim},
             {count_text(t.instances.allocations), Ink::dim},
             {life_text(t.instances), Ink::dim},
             {cut_start(printable(query::type_name(input.reader, t.type)), kSoftWidth)},
             {cut_start(defined_at(input, t, places), kPlace), Ink::dim}});
}

/// What has no type, for the sum to be that of the totals.
void add_rest(Table& table, const ReportInput& input, std::span<const TypeSums> shown,
              std::span<const TypeSums> rest) {
  Sums others, typed;
  for (const TypeSums& t : rest) others += t.all();
  for (const TypeSums& t : shown) typed += t.all();
  typed += others;
  const auto add = [&](const Sums& s, std::string name) {
    if (s.peak_bytes == 0 && s.end_bytes == 0) return;
    table.row({{bytes_text(s.peak_bytes), Ink::dim},
               {share_text(s.peak_bytes, input.profile.totals.peak_bytes)},
               {count_text(s.peak_blocks)},
               {},
               {bytes_text(s.end_bytes), Ink::dim},
               {count_text(s.allocations), Ink::dim},
               {},
               {std::move(name), Ink::dim}});
  };
  if (!rest.empty())
    add(others, fmt::format("({} more {})", count_text(rest.size()), rest.size() == 1 ? "class" : "classes"));
  Sums untyped = input.profile.totals;
  untyped.peak_bytes -= std::min(untyped.peak_bytes, typed.peak_bytes);
  untyped.peak_blocks -= std::min(untyped.peak_blocks, typed.peak_blocks);
  untyped.end_bytes -= std::min(untyped.end_bytes, typed.end_bytes);
  untyped.allocations -= std::min(untyped.allocations, typed.allocations);
  add(untyped, "(no objects: buffers, tables, native)");
}

/// Lives of the blocks of one class, or of some.
std::string lives_text(const ReportInput& input, const Style& style) {
  if (input.request.question.filter.types.empty()) return "";
  const query::Lifetimes lives = query::lifetimes(input.reader, input.request.question.filter, {});
  if (lives.blocks() == 0) return "";
  constexpr const char* kNames[] = {"under 1 ms", "to 10 ms", "to 100 ms", "to 1 s", "to 10 s", "longer"};
  std::string text;
  const auto add = [&](std::uint64_t blocks, std::string_view name) {
    if (blocks != 0)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", share_text(blocks, lives.blocks()), name);
  };
  for (std::size_t i = 0; i < lives.freed.size(); ++i) add(lives.freed[i], kNames[i]);
  add(lives.alive, "until the end");
  return fmt::format("  {} {}\n", style.dim("lives:"), text);
}

}  // namespace

std::string types_text(const ReportInput& input, const Style& style, const Places& places) {
  const auto types = query::sum_types(input.reader, input.slots, input.profile);
  const std::string when =
      input.profile.at_peak ? "at the peak" : fmt::format("at {}", time_text(input.profile.moment.time_us));
  std::string text = fmt::format("\n{}\n", style.bold(fmt::format("Instances {}, by class", when)));
  if (types.empty()) return text + style.dim("  nothing: no Python that was recorded with its types\n");
  const std::size_t shown =
      input.request.top == 0 ? types.size() : std::min<std::size_t>(input.request.top, types.size());
  Table table("rrrrrrrsl");
  table.row({{"bytes", Ink::dim},
             {"share", Ink::dim},
             {"instances", Ink::dim},
             {"each", Ink::dim},
             {"at the end", Ink::dim},
             {"made", Ink::dim},
             {"mean life", Ink::dim},
             {"class", Ink::dim},
             {"defined at", Ink::dim}});
  for (const TypeSums& t : std::span(types).first(shown)) add_row(table, input, t, places);
  add_rest(table, input, std::span(types).first(shown), std::span(types).subspan(shown));
  return text + table.text(style) + lives_text(input, style) +
         stale_text(input.reader, input.slots, input.profile, style, query::Metric::peak);
}

}  // namespace heapledger::cli
