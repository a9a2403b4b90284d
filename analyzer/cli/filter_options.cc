// Filter options: declaration and reading.
#include "filter_options.h"

#include <fmt/format.h>

#include "command.h"
#include "units.h"

namespace heapledger::cli {

void FilterOptions::declare(Arguments& arguments) {
  arguments.section("Filters (several of one kind: any of them; kinds together: all of them)");
  arguments.list("--pid", "PID|N", filter.processes, "Process, by pid or by its number in the report");
  arguments.list("--thread", "TID|NAME", filter.threads, "Allocating thread, by tid or by name");
  arguments.list("--function", "PATTERN", filter.functions,
                 "Stacks with such a function: part of its name, or a glob");
  arguments.list("--file", "PATTERN", filter.files, "Stacks with such a file: part of its path, or a glob");
  arguments.list("--type", "CLASS", filter.types, "Instances of a Python class: module.Class, Class, or a glob");
  arguments.list("--account", "NAME", filter.accounts,
                 "python_object, python_buffer, native, mapping, backing, ...");
  arguments.text("--from", "TIME", from,
                 "Blocks allocated at this time or later: 1.5s, 200ms, from the start");
  arguments.text("--to", "TIME", to, "... and before this time, which then counts as the end");
}

std::uint64_t time_option(const char* name, const std::string& text) {
  const auto time = parse_time(text);
  if (!time) throw UsageError(fmt::format("{} {}: write a time like 1.5s, 200ms or 2min", name, text));
  return *time;
}

query::Filter FilterOptions::compiled() const {
  query::Filter result = filter;
  if (!from.empty()) result.from_us = time_option("--from", from);
  if (!to.empty()) result.to_us = time_option("--to", to);
  if (result.from_us && result.to_us && *result.from_us >= *result.to_us) {
    throw UsageError(fmt::format("--from {} is not before --to {}", from, to));
  }
  return result;
}

std::vector<std::string> FilterOptions::conditions() const {
  std::vector<std::string> result;
  const auto add = [&](const char* name, const std::vector<std::string>& words) {
    for (const std::string& word : words) result.push_back(fmt::format("{} {}", name, word));
  };
  add("--pid", filter.processes);
  add("--thread", filter.threads);
  add("--function", filter.functions);
  add("--file", filter.files);
  add("--type", filter.types);
  add("--account", filter.accounts);
  if (!from.empty()) result.push_back("--from " + from);
  if (!to.empty()) result.push_back("--to " + to);
  return result;
}

}  // namespace heapledger::cli
