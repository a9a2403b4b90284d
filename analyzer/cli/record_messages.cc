// Sentences and their figures.
#include "record_messages.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <utility>

#include "../../trace/controls.h"
#include "../ledger/reader.h"
#include "controls_text.h"
#include "findings.h"
#include "terminal.h"
#include "units.h"

namespace heapledger::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMaxNamed = 5;

/// A line on stderr. One that is closed or broken is no reason to lose a recording: nothing is thrown.
template <class... Values>
void say(fmt::format_string<Values...> format, Values&&... values) {
  const std::string line =
      fmt::format("heapledger: {}\n", fmt::format(format, std::forward<Values>(values)...));
  std::fwrite(line.data(), 1, line.size(), stderr);
}

/// "4242 (python3), 4243 (sh) and 3 more"
std::string names_of(const std::vector<record::ProcessStat>& processes) {
  std::string names;
  for (std::size_t i = 0; i < std::min(processes.size(), kMaxNamed); ++i)
    names += fmt::format("{}{} ({})", i == 0 ? "" : ", ", processes[i].pid, printable(processes[i].name));
  if (processes.size() > kMaxNamed) names += fmt::format(" and {} more", processes.size() - kMaxNamed);
  return names;
}

std::string processes_text(std::uint64_t count) {
  return count == 1 ? "1 process" : fmt::format("{} processes", count_text(count));
}

/// The report shows all of them.
constexpr std::ptrdiff_t kMaxWarnings = 5;

/// Warnings of the ledger, those first that make its figures lower bounds: all that are printed when quiet.
/// True when there is none of that kind.
bool print_warnings(const ledger::Reader& reader, bool quiet) {
  std::vector<ledger::Warning> all(reader.warnings().begin(), reader.warnings().end());
  all.insert(all.end(), reader.session().warnings.begin(), reader.session().warnings.end());
  for (const ledger::Process& process : reader.processes())
    for (const ledger::Warning& warning : process.warnings)
      all.push_back({fmt::format("process {}: {}", process.pid, warning.text), warning.incomplete});
  const auto middle = std::ranges::stable_partition(all, [](const auto& w) { return w.incomplete; }).begin();
  const auto last = all.begin() + std::min((quiet ? middle : all.end()) - all.begin(), kMaxWarnings);
  for (auto at = all.begin(); at != last; ++at)
    say("warning: {}{}", at < middle ? "incomplete: " : "", printable(at->text));
  if (const auto more = all.end() - last; more > 0 && !quiet)
    say("warning: {} more: see heapledger report", more);
  return middle == all.begin();
}

/// What to do about a control that could not be applied.
std::string_view advice(const query::ControlSummary& control) {
  return control.name == trace::kControlSlots ? "correct --slots or leave this class out of it"
                                              : "record a Python program, or leave --gc out";
}

/// What became of the controls. True when each was applied.
bool print_controls(const ledger::Reader& reader, int status, bool quiet) {
  auto controls = query::control_summaries(reader);
  bool all_applied = true, has_slots = false;
  for (const query::ControlSummary& control : controls) {
    has_slots = has_slots || (control.applied != 0 && control.name == trace::kControlSlots);
    if (control.problems.empty()) continue;
    all_applied = false;
    say("error: {}; {}", control_text(control), advice(control));
  }
  std::erase_if(controls, [](const query::ControlSummary& control) { return control.applied == 0; });
  if (!controls.empty() && !quiet) say("the program ran with controls: {}", controls_text(controls));
  if (status != 0 && has_slots)
    say("note: it failed, and slots may be why: objects of these classes take no attribute that is not "
        "listed");
  return all_applied;
}

}  // namespace

void print_waiting(const std::vector<record::ProcessStat>& rest) {
  say("the command has ended; waiting for {} that it started: {}. Ctrl-C stops waiting and keeps what is "
      "recorded so far.",
      processes_text(rest.size()), names_of(rest));
}

std::string still_running_warning(const std::vector<record::ProcessStat>& rest) {
  return fmt::format("{} still running when the recording was ended: {}",
                     rest.size() == 1 ? "one process was" : fmt::format("{} processes were", rest.size()),
                     names_of(rest));
}

void print_never_loaded(const std::string& command, pid_t pid) {
  say("error: the recorder was never loaded into '{}' (process {}): nothing was measured; {}",
      command, pid, kReasonsNotLoaded);
}

void print_kept(const record::Output& output, bool is_packed) {
  if (is_packed)
    say("the raw traces are kept in {}", output.folder);
  else
    say("the raw traces are kept in {}; to pack them: heapledger pack {} -o {}", output.folder,
        shell_word(output.folder), shell_word(output.ledger));
}

PackProgress::PackProgress(bool quiet) : silent_(quiet) {
  if (quiet) progress_.finish();
}

void PackProgress::operator()(std::uint64_t done, std::uint64_t total) {
  progress_.update(done, total);
  if (silent_ || ::isatty(STDERR_FILENO) == 1 || std::chrono::steady_clock::now() - start_ < 1s) return;
  silent_ = true;
  say("packing {} of raw traces", bytes_text(total));
}

bool print_recorded(const std::string& ledger, const ledger::PackSummary& summary, int status, bool quiet) {
  const ledger::Reader reader(ledger);
  const bool is_whole = print_warnings(reader, quiet);
  const bool is_good = print_controls(reader, status, quiet) && is_whole;
  if (quiet) return is_good;
  const bool only = query::has_controls_only(reader);
  say("wrote {} ({}): {} of {} in {}", ledger, bytes_text(summary.ledger_bytes),
      only ? "controls and resident memory" : counted(summary.events, "event"),
      processes_text(summary.processes),
      time_text(reader.session().wall_us));
  const std::string rest =
      fmt::format("{}next: heapledger report {}\n", findings(reader), shell_word(ledger));
  std::fwrite(rest.data(), 1, rest.size(), stderr);
  return is_good;
}

}  // namespace heapledger::cli
