// Checks of control options, and the variables that carry them.
#include "controls.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "../../trace/controls.h"
#include "../../trace/format.h"
#include "refusal.h"

namespace heapledger::record {
namespace {

constexpr const char* kGcForms = "off, threshold=G0[,G1[,G2]] or freeze";
constexpr const char* kSlotsForm = "MODULE:CLASS=NAME+NAME";

std::vector<std::string> parse_names(std::string_view text, const std::string& of) {
  std::vector<std::string> names;
  if (text.ends_with('+')) throw BadUsage(fmt::format("--slots: a name is missing behind '+' of {}", of));
  while (!text.empty()) {
    const std::string name(trace::take_part(text, '+'));
    if (!advise::is_identifier(name))
      throw BadUsage(fmt::format("--slots: '{}' of {} is no name of an attribute", name, of));
    if (std::ranges::find(names, name) != names.end())
      throw BadUsage(fmt::format("--slots: '{}' of {} is given twice", name, of));
    names.push_back(name);
  }
  return names;
}

/// The option, or the variable when there is no option.
std::string chosen(const char* option, const std::string& value, const char* name) {
  const char* variable = std::getenv(name);
  if (variable == nullptr || *variable == '\0') return value;
  if (!value.empty() && value != variable)
    throw BadUsage(fmt::format("{} says '{}' and the variable {} says '{}'; give one of them", option, value,
                               name, variable));
  return variable;
}

bool chosen_only(bool only) {
  const std::string events = chosen("--controls-only", only ? "none" : "", "HEAPLEDGER_EVENTS");
  if (events != "" && events != "all" && events != "none")
    throw BadUsage(
        fmt::format("the variable HEAPLEDGER_EVENTS says '{}', which is not one of all|none", events));
  return events == "none";
}

}  // namespace

std::vector<advise::SlottedClass> parse_slots(std::string_view text) {
  std::vector<advise::SlottedClass> classes;
  if (text.ends_with(',')) throw BadUsage("--slots: a class is missing behind the last ','");
  while (!text.empty()) {
    const trace::SlotsControl one = trace::take_slots(text);
    if (!advise::is_class_name(one.module, one.qualname))
      throw BadUsage(
          fmt::format("--slots: '{}' names no class; {} is wanted, for example shop:Book=title+price",
                      one.subject, kSlotsForm));
    advise::SlottedClass c{std::string(one.module), std::string(one.qualname), {}, one.listed};
    c.names = parse_names(one.names, subject(c));
    if (std::ranges::any_of(classes, [&](const auto& other) { return subject(other) == subject(c); }))
      throw BadUsage(fmt::format("--slots: {} is given twice", subject(c)));
    classes.push_back(std::move(c));
  }
  return classes;
}

std::string slots_value(const std::vector<advise::SlottedClass>& classes) {
  std::string value;
  for (const advise::SlottedClass& c : classes) {
    if (!c.listed)
      throw BadUsage(
          fmt::format("--slots: {0} has no names; list the attributes of its objects, {0}=NAME+NAME, or take them "
                      "from a recording of the program with --slots-from LEDGER",
                      subject(c)));
    value += fmt::format("{}{}={}", value.empty() ? "" : ",", subject(c), fmt::join(c.names, "+"));
  }
  if (value.size() >= trace::kMaxText)
    throw BadUsage(fmt::format("--slots: the list is longer than {} bytes; name fewer classes",
                               trace::kMaxText - 1));
  return value;
}

std::string gc_value(std::string_view word) {
  if (!word.empty() && trace::parse_gc(word).what == trace::GcControl::What::unknown)
    throw BadUsage(fmt::format("--gc: '{}' is not one of {}; thresholds are whole numbers up to 2147483647",
                               word, kGcForms));
  return std::string(word);
}

Controls read_controls(const std::vector<std::string>& gc, const std::vector<std::string>& slots, bool only,
                       const LearnNames& learn) {
  if (gc.size() > 1) throw BadUsage("--gc is given twice; one run has one collector");
  if (std::ranges::find(gc, "") != gc.end()) throw BadUsage(fmt::format("--gc is empty; give {}", kGcForms));
  if (std::ranges::find(slots, "") != slots.end())
    throw BadUsage(fmt::format("--slots is empty; give {}", kSlotsForm));
  Controls controls;
  controls.gc = gc_value(chosen("--gc", gc.empty() ? "" : gc.front(), "HEAPLEDGER_GC"));
  const std::string list = fmt::format("{}", fmt::join(slots, ","));
  controls.slots = parse_slots(chosen("--slots", list, "HEAPLEDGER_SLOTS"));
  if (learn) learn(controls.slots);
  (void)slots_value(controls.slots);
  controls.only = chosen_only(only);
  if (controls.only && controls.gc.empty() && controls.slots.empty())
    throw BadUsage("--controls-only records nothing and changes nothing without --gc or --slots");
  return controls;
}

std::vector<Variable> variables_of(const Controls& controls) {
  std::vector<Variable> variables;
  if (!controls.gc.empty()) variables.push_back({"HEAPLEDGER_GC", controls.gc});
  if (!controls.slots.empty()) variables.push_back({"HEAPLEDGER_SLOTS", slots_value(controls.slots)});
  if (controls.only) variables.push_back({"HEAPLEDGER_EVENTS", "none"});
  return variables;
}

}  // namespace heapledger::record
