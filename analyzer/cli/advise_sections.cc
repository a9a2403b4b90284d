// The sections of heapledger advise.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "../advise/collector.h"
#include "../advise/slots.h"
#include "../query/types.h"
#include "advise.h"
#include "message.h"
#include "table.h"
#include "units.h"

namespace heapledger::cli {

namespace {

std::string title(const Style& style, std::string_view text) {
  return fmt::format("\n{}\n", style.bold(text));
}

/// Classes with fewer instances need no word on why they cannot have slots.
constexpr std::uint64_t kLeastInstances = 100;

/// What is less than this is not worth a line.
std::uint64_t least_bytes(const AdviceInput& input) {
  constexpr std::uint64_t kLeastPart = 1000;
  return std::max<std::uint64_t>(input.process().peak_bytes / kLeastPart, 1024);
}

std::string percent(double share) { return fmt::format("{:.1f} %", 100 * share); }

// ------------------------------------------------------------------------------------------------ slots

/// What no recording knows of a class.
constexpr const char* kWithSlots =
    "  the run below leaves a class as it is if the class has a value of its own for one of the attributes (a\n"
    "  default, a cached_property); a program that uses the __dict__ of an instance ends in an AttributeError\n";

std::string slots_command(const AdviceInput& input, const std::vector<advise::SlotsAdvice>& advice) {
  std::vector<std::string> words;
  for (const advise::SlotsAdvice& a : advice) {
    for (const std::uint32_t type : a.chain) {
      const std::string word = slots_word(input.reader, type);
      if (std::ranges::find(words, word) == words.end()) words.push_back(word);
    }
  }
  return fmt::format("heapledger record --slots-from {} --slots {} -o slotted.hl -- {}",
                     shell_word(input.ledger), shell_word(fmt::format("{}", fmt::join(words, ","))),
                     program_of(input));
}

std::string each_text(const advise::SlotsAdvice& a) {
  return fmt::format("{:.0f} -> {} B", a.plain_bytes, a.slotted_bytes);
}

void add_row(Table& table, const AdviceInput& input, const Style& style, const advise::SlotsAdvice& a) {
  table.row({{bytes_text(a.saved_bytes), Ink::bold},
             {share_text(a.saved_bytes, input.profile.totals.peak_bytes)},
             {count_text(a.instances)},
             {each_text(a)},
             {printable(query::type_name(input.reader, a.type))}});
  constexpr std::size_t kColumn = 4;
  if (!a.attributes.empty())
    table.line(kColumn, style.dim(cut_end(printable(fmt::format("with {}", fmt::join(a.attributes, ", "))),
                                          style.width / 2)));
}

/// Classes that hold much and cannot have slots.
std::string refusals(const AdviceInput& input, const Style& style,
                     const std::vector<advise::SlotsAdvice>& refused) {
  std::string text;
  for (std::size_t i = 0; i < input.shown(refused.size()); ++i) {
    text += style.dim(fmt::format("    not {} ({} at the peak): {}\n",
                                  printable(query::type_name(input.reader, refused[i].type)),
                                  counted(refused[i].instances, "instance"), printable(refused[i].refusal)));
  }
  return text;
}

// ------------------------------------------------------------------------------------------- collector

std::string collector_evidence(const advise::CollectorAdvice& a) {
  return fmt::format(
      "  {} took {:.1f} ms, {} of the time ({} of CPU time); they found {} and freed {}, {} at once at "
      "most\n",
      counted(a.all.collections, "collection"), static_cast<double>(a.all.pause_ns) / 1e6,
      percent(a.wall_share), percent(a.cpu_share), counted(a.all.collected, "object"),
      bytes_text(a.all.freed_bytes), bytes_text(a.most_freed_bytes));
}

std::string without_collector(const AdviceInput& input, const Style& style,
                              const advise::CollectorAdvice& a) {
  return fmt::format(
             "  off: saves {} of CPU time at most; {} of garbage in cycles, and what that kept, would wait for "
             "the end\n",
             percent(a.cpu_share), bytes_text(a.all.freed_bytes)) +
         verify_text(style, fmt::format("heapledger record --gc off -o gc-off.hl -- {}", program_of(input)));
}

/// `share`: of CPU time, that young collections take.
std::string with_threshold(const AdviceInput& input, const Style& style, const advise::CollectorAdvice& a,
                           double share) {
  if (a.threshold >= advise::kHigherThreshold || a.typical_births >= advise::kHigherThreshold)
    return fmt::format(
        "  a higher threshold: half of the collections came after {} allocations or more; it may be a high one "
        "already\n",
        count_text(a.typical_births));
  const std::string now =
      a.threshold_known ? fmt::format("the {} of this run", count_text(a.threshold))
                        : fmt::format("{}, as this CPython begins with, if the program set no other one",
                                      count_text(a.threshold));
  return fmt::format(
             "  a higher threshold, {} and not {}: saves up to {}, most of what young collections take; up to {} "
             "of garbage would wait\n",
             count_text(advise::kHigherThreshold), now, percent(share), bytes_text(a.waiting_bytes)) +
         verify_text(style, fmt::format("heapledger record --gc threshold={} -o gc-threshold.hl -- {}",
                                        advise::kHigherThreshold, program_of(input)));
}

// ---------------------------------------------------------------------------------------------- growth

std::string place(const Places& places, const GrownLine& line) {
  return fmt::format("{} {}", places.where(line.key, query::GroupBy::line),
                     places.function(line.key, query::GroupBy::line));
}

/// Whether instances can be in a weak dictionary.
bool weakly_referable(const ledger::Type& t) {
  return (t.flags & trace::kHeapType) != 0 &&
         (t.weaklist_offset != 0 || (t.flags & trace::kManagedWeakref) != 0);
}

/// A command that looks at this process again, and a moment of it in the session's time.
std::string again(const AdviceInput& input, std::string_view command) {
  const bool alone = input.reader.processes().size() == 1;
  return fmt::format("heapledger {} {}{}", command, shell_word(input.ledger),
                     alone ? "" : fmt::format(" --pid {}", input.process().pid));
}
std::string moment(const AdviceInput& input, std::uint64_t process_us) {
  const auto own = std::ranges::find(input.profile.processes, input.number, &query::ProcessProfile::process);
  const std::uint64_t begin_us = own != input.profile.processes.end() ? own->offset_us : 0;
  return fmt::format("{:.3f}s", static_cast<double>(begin_us + process_us) / 1e6);
}

std::string growing(const AdviceInput& input, const Style& style, const Places& places,
                    const std::vector<GrownLine>& lines) {
  Table table("rrrl");
  table.row({{"held", Ink::dim},
             {"blocks", Ink::dim},
             {"in the last half", Ink::dim},
             {"what, and where it comes from", Ink::dim}});
  std::size_t rows = 0;
  for (const GrownLine& line : lines) {
    if (!line.sums.steady() || line.sums.total_bytes() < least_bytes(input) ||
        rows == input.shown(lines.size()))
      continue;
    ++rows;
    std::uint64_t later = 0;
    for (std::size_t part = advise::kParts / 2; part < advise::kParts; ++part) later += line.sums.bytes[part];
    const std::string what =
        line.type != 0 ? query::type_name(input.reader, line.type) : "buffers and tables";
    table.row({{bytes_text(line.sums.total_bytes()), Ink::bold},
               {count_text(line.sums.total_blocks())},
               {share_text(later, line.sums.total_bytes())},
               {printable(what), Ink::plain, place(places, line), Ink::dim}});
  }
  if (rows == 0) return style.dim("  nothing grows steadily and stays\n");
  const std::uint64_t end_us = input.growth.end_us;
  return table.text(style) + verify_text(style, fmt::format("{} --by peak --at {} --from {}", again(input, "report"),
                                                            moment(input, end_us), moment(input, end_us / 2)));
}

std::string tables(const AdviceInput& input, const Style& style, const Places& places,
                   const std::vector<GrownLine>& lines) {
  std::string text;
  std::size_t rows = 0;
  for (const GrownLine& line : lines) {
    if (line.sums.table_bytes < least_bytes(input) || rows++ >= input.shown(lines.size())) continue;
    text += fmt::format("  a table that only grew, {} times to {}: {}\n", line.sums.table_growths,
                        bytes_text(line.sums.table_bytes), style.dim(place(places, line)));
    const std::string where = places.where(line.key, query::GroupBy::line) + " ";
    // One ends when the next has begun: the largest blocks of that place.
    text += verify_text(style, fmt::format("{} --function {} | grep -F {} | sort -nk5 | tail -{}", again(input, "dump"),
                                           shell_word(places.function(line.key, query::GroupBy::line)), shell_word(where),
                                           line.sums.table_growths + 1));
  }
  return text;
}

/// Classes that grow and allow weak references, each with the sums of all its lines: what holds most first.
std::vector<GrownLine> weak_classes(const AdviceInput& input, const std::vector<GrownLine>& lines) {
  std::vector<GrownLine> classes;
  for (const GrownLine& line : lines) {
    if (line.type == 0 || !line.sums.steady() || !weakly_referable(input.reader.types()[line.type])) continue;
    const auto known = std::ranges::find(classes, line.type, &GrownLine::type);
    if (known != classes.end()) known->sums.add(line.sums);
    else classes.push_back(line);
  }
  std::erase_if(classes, [](const GrownLine& c) { return c.sums.instances() == 0; });
  std::ranges::stable_sort(
      classes, [](const GrownLine& a, const GrownLine& b) { return a.sums.total_bytes() > b.sums.total_bytes(); });
  return classes;
}

/// What weak references could release.
std::string weak_caches(const AdviceInput& input, const Style& style, const std::vector<GrownLine>& lines) {
  std::string text;
  auto classes = weak_classes(input, lines);
  classes.resize(input.shown(classes.size()));
  for (const GrownLine& one : classes) {
    const std::string name = printable(query::type_name(input.reader, one.type));
    text += fmt::format(
        "  if only a cache holds the {} of {}, a weakref.WeakValueDictionary would let them go: {} and what "
        "they hold\n",
        counted(one.sums.instances(), "instance"), name, bytes_text(one.sums.total_bytes()));
    text += verify_text(style, fmt::format("{} --at {} --type {}", again(input, "report"),
                                           moment(input, input.growth.end_us), shell_word(name)));
  }
  return text;
}

}  // namespace

std::string slots_word(const ledger::Reader& reader, std::uint32_t type) {
  const ledger::Type& t = reader.types()[type];
  return fmt::format("{}:{}", reader.string(t.module), reader.string(t.name));
}

std::vector<GrownLine> grown_lines(const AdviceInput& input) {
  std::map<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t>, GrownLine> lines;
  std::map<const GrownLine*, advise::Growth> steady;  // of the stacks that grow by themselves
  const auto same = query::same_names(input.reader);
  for (const advise::Growth& g : input.growth.slots) {
    const ledger::Site& site = input.reader.sites()[input.slots.site(g.slot)];
    if (site.node == 0) continue;
    const query::GroupKey key = query::frame_key(input.reader, site.node, query::GroupBy::line);
    GrownLine& line = lines[{key.file, key.line, key.function, same[site.type]}];
    line.key = key;
    line.type = same[site.type];
    line.sums.add(g);
    if (g.steady()) steady[&line].add(g);
    if (g.only_grew() && g.table_bytes > line.sums.table_bytes) {
      line.sums.table_bytes = g.table_bytes;
      line.sums.table_growths = g.table_growths;
    }
  }
  std::vector<GrownLine> result;
  for (auto& [key, line] : lines) {
    // What one caller of a line keeps may grow while what others got from it stays as it is.
    if (const auto part = steady.find(&line); part != steady.end() && !line.sums.steady()) {
      line.sums.bytes = part->second.bytes;
      line.sums.blocks = part->second.blocks;
      line.sums.part_blocks = part->second.part_blocks;
    }
    result.push_back(line);
  }
  std::ranges::stable_sort(result, [](const GrownLine& a, const GrownLine& b) {
    return a.sums.total_bytes() > b.sums.total_bytes();
  });
  return result;
}

std::string advice_on_slots(const AdviceInput& input, const Style& style) {
  const auto blocks = query::classed_blocks(input.reader, input.slots, input.profile);
  std::string text = title(style, "Slots");
  if (blocks.types.empty()) return text + style.dim("  nothing is known: no types were recorded\n");
  auto advice = advise::slots_advice(input.reader, input.process(), blocks);
  const auto split = std::ranges::stable_partition(advice, [](const auto& a) { return a.refusal.empty(); });
  std::vector<advise::SlotsAdvice> refused(split.begin(), split.end());
  std::ranges::stable_sort(refused, [](const auto& a, const auto& b) { return a.instances > b.instances; });
  std::erase_if(refused, [](const auto& a) { return a.instances < kLeastInstances; });
  advice.erase(split.begin(), split.end());
  std::erase_if(advice, [&](const auto& a) { return a.saved_bytes < least_bytes(input); });
  advice.resize(input.shown(advice.size()));
  if (advice.empty())
    return text + style.dim("  no class would save memory with __slots__\n") +
           refusals(input, style, refused);
  text += style.dim(kWithSlots);
  Table table("rrrrl");
  table.row({{"saves", Ink::dim},
             {"of the peak", Ink::dim},
             {"instances", Ink::dim},
             {"each", Ink::dim},
             {"class, and the attributes seen", Ink::dim}});
  std::uint64_t saved_rounded = 0;
  for (const advise::SlotsAdvice& a : advice) {
    add_row(table, input, style, a);
    saved_rounded += a.saved_rounded;
  }
  text += table.text(style);
  text += style.dim(
      fmt::format("  in the steps of 16 bytes that pymalloc cuts: {} together\n", bytes_text(saved_rounded)));
  return text + verify_text(style, slots_command(input, advice)) + refusals(input, style, refused);
}

std::string advice_on_collector(const AdviceInput& input, const Style& style) {
  const ledger::Process& p = input.process();
  std::string text = title(style, "Garbage collector");
  if (!p.collections_watched) return text + style.dim("  not watched: nothing is known\n");
  const advise::CollectorAdvice a = advise::collector_advice(p, input.growth.end_row);
  text += collector_evidence(a);
  if (!a.wholly_seen)
    return text + fmt::format("  {};\n  the shares are of what was seen, and no advice follows from them\n", unseen_text(p));
  if (!a.worth_a_change) return text + "  leave it as it is: there is nothing to gain\n";
  const double young =
      a.all.pause_ns == 0 ? 0 : static_cast<double>(a.young_pause_ns) / static_cast<double>(a.all.pause_ns);
  if (a.explicitly) {
    text +=
        "  nearly all of that were full ones without young ones in between, as only gc.collect() makes them:\n"
        "  neither off nor a higher threshold changes what the program asks for itself\n";
  } else {
    text += without_collector(input, style, a);
    if (young * a.cpu_share >= advise::kLeastShare)
      text += with_threshold(input, style, a, young * a.cpu_share);
  }
  if ((1 - young) * a.cpu_share >= advise::kLeastShare) {
    text += fmt::format(
        "  freeze after the imports: full collections, {} of CPU time, need not look at what start-up left\n",
        percent((1 - young) * a.cpu_share));
    text += verify_text(
        style, fmt::format("heapledger record --gc freeze -o gc-freeze.hl -- {}", program_of(input)));
  }
  return text;
}

std::string advice_on_growth(const AdviceInput& input, const Style& style) {
  Places places(input.reader);
  const auto lines = grown_lines(input);
  return title(style, fmt::format("Caches and leaks: held when the program ended, at {}",
                                  time_text(input.growth.end_us))) +
         growing(input, style, places, lines) + tables(input, style, places, lines) +
         weak_caches(input, style, lines) +
         stale_text(input.reader, input.slots, input.profile, style, query::Metric::collected);
}

}  // namespace heapledger::cli
