// First part of the text report: what is wrong with the recording, and what was recorded.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "controls_text.h"
#include "message.h"
#include "report.h"
#include "table.h"
#include "units.h"

namespace heapledger::cli {

namespace {

std::string_view stacks_text(trace::StackState state) {
  switch (state) {
    case trace::StackState::verified:
      return "stacks verified by self-test";
    case trace::StackState::untested:
      return "stacks recorded, no self-test ran";
    case trace::StackState::mismatch:
      return "no stacks: the self-test failed";
    case trace::StackState::unsupported:
      return "no stacks: this version is not supported";
    case trace::StackState::switched_off:
      return "no stacks: switched off";
  }
  return "";
}

/// "CPython 3.11.7, stacks verified by self-test"; empty: no interpreter.
std::string interpreter_text(const ledger::Process& process) {
  if (process.python_version.empty()) return "";
  const std::string version = process.python_version.substr(0, process.python_version.find(' '));
  return printable(fmt::format("CPython {}, {}", version, stacks_text(process.stacks)));
}

/// Every kind of interpreter of the session once, with the number of its processes unless it is all of them.
std::vector<std::string> interpreters(const ledger::Reader& reader) {
  std::map<std::string, std::size_t> kinds;
  for (const ledger::Process& p : reader.processes()) {
    const std::string kind = interpreter_text(p);
    if (!kind.empty()) ++kinds[kind];
  }
  if (kinds.empty()) return {"no interpreter found: native program"};
  std::vector<std::string> lines;
  for (const auto& [kind, count] : kinds) {
    const auto all = reader.processes().size();
    lines.push_back(count == all
                        ? kind
                        : fmt::format("{} ({} of {} processes)", kind, count_text(count), count_text(all)));
  }
  return lines;
}

/// Whether objects from Python's free lists have the lines that made them; empty: nobody asked.
std::vector<std::string> reuse_lines(const ledger::Reader& reader) {
  std::uint64_t followed = 0, objects = 0, taken = 0, lost = 0;
  for (const ledger::Process& p : reader.processes()) {
    followed += p.reuse == trace::ReuseState::followed;
    taken += p.reuse == trace::ReuseState::taken;
    lost += p.reuse == trace::ReuseState::lost;
    objects += p.reuses;
  }
  std::vector<std::string> lines;
  const auto add = [&](std::uint64_t count, const std::string& text) {
    const auto all = reader.processes().size();
    if (count == 0) return;
    lines.push_back(
        all == 1 ? text : fmt::format("{} ({} of {} processes)", text, count_text(count), count_text(all)));
  };
  add(followed, fmt::format("followed: {} moved a block to another line", counted(objects, "object")));
  add(taken, "not followed: the program has a tracer of references of its own (tracemalloc is one)");
  add(lost, "followed until the program set a tracer of references of its own (tracemalloc is one)");
  return lines;
}

std::string warnings_text(const ReportInput& input, const Style& style) {
  const auto all = notices(input.reader);
  if (all.empty()) return "";
  const bool incomplete = all.front().incomplete;
  std::string text =
      style.alarm(incomplete ? "INCOMPLETE RECORDING: all figures below are lower bounds" : "WARNING") + "\n";
  for (const Notice& n : all) {
    const std::string about = n.pid == 0 ? "" : fmt::format("process {}: ", n.pid);
    text += fmt::format("{} {}\n", style.alarm(n.incomplete ? "  !!" : "  ! "), printable(about + n.text));
  }
  return text + "\n";
}

/// "12.400 s, exit status 0": of the command, or of the program that its first process became.
std::string outcome_text(const ledger::Reader& reader) {
  const ledger::Session& session = reader.session();
  const ledger::Process& process = reader.processes()[last_of_chain(reader, 0)];
  const std::string time = time_text(session.wall_us != 0 ? session.wall_us : session_us(reader));
  const std::string status =
      status_text(session.exit_status != -1 ? session.exit_status : process.exit_status);
  if (!status.empty()) return fmt::format("{}, {}", time, status);
  return process.clean_end ? time : fmt::format("{}, then killed, crashed or still running", time);
}

}  // namespace

std::vector<Notice> notices(const ledger::Reader& reader) {
  std::vector<Notice> all;
  for (const auto& w : reader.warnings()) all.push_back({0, w.text, w.incomplete});
  for (const auto& w : reader.session().warnings) all.push_back({0, w.text, w.incomplete});
  for (const auto& p : reader.processes()) {
    for (const auto& w : p.warnings) all.push_back({p.pid, w.text, w.incomplete});
    const bool told =
        std::any_of(p.warnings.begin(), p.warnings.end(), [](const auto& w) { return w.incomplete; });
    if (p.lost_events != 0 && !told) {
      all.push_back({p.pid, fmt::format("{} seen but not recorded", counted(p.lost_events, "event")), true});
    }
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Notice& a, const Notice& b) { return a.incomplete > b.incomplete; });
  return all;
}

std::size_t last_of_chain(const ledger::Reader& reader, std::size_t process) {
  const auto processes = reader.processes();
  for (std::size_t p = process + 1; p < processes.size(); ++p) {
    if (processes[p].pid == processes[process].pid) process = p;
  }
  return process;
}

std::uint64_t session_us(const ledger::Reader& reader) {
  const auto offsets = query::process_offsets(reader);
  std::uint64_t end = 0;
  for (std::size_t p = 0; p < offsets.size(); ++p)
    end = std::max(end, offsets[p] + reader.processes()[p].duration_us);
  return end;
}

std::uint64_t resident_peak(const ledger::Reader& reader, std::size_t process) {
  std::uint64_t most = 0;
  for (const auto& sample : reader.rss(process)) most = std::max(most, sample.resident);
  return most;
}

std::string command_text(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += ' ';
    text += shell_word(word);
  }
  return text;
}

std::string header_text(const ReportInput& input, const Style& style) {
  const auto& session = input.reader.session();
  const auto processes = input.reader.processes();
  std::string text = warnings_text(input, style);
  if (processes.empty()) return text + "The ledger holds no process.\n";
  Table table("ll");
  const auto line = [&](const char* name, std::string value) {
    table.row({{name, Ink::dim}, {std::move(value)}});
  };
  const ledger::Process& started = processes[last_of_chain(input.reader, 0)];
  line("Command", command_text(session.command.empty() ? started.arguments : session.command));
  for (std::string& kind : interpreters(input.reader)) line("Python", std::move(kind));
  for (std::string& reuse : reuse_lines(input.reader)) line("Free lists", std::move(reuse));
  if (std::string controls = controls_text(query::control_summaries(input.reader)); !controls.empty())
    line("Controls", std::move(controls));
  if (query::has_controls_only(input.reader))
    line("Recorded", "controls and resident memory only: no allocation was recorded");
  line("Ran",
       fmt::format("{}, on {}", outcome_text(input.reader), date_text(processes.front().start_realtime_ns)));
  if (processes.size() > 1) line("Processes", count_text(processes.size()));
  if (!input.request.conditions.empty()) {
    std::string conditions = "blocks that match";
    for (const std::string& condition : input.request.conditions) conditions.append(" ").append(condition);
    line("Only", printable(conditions));
  }
  return text + table.text(style, 0);
}

}  // namespace heapledger::cli
