// Sentences and their figures.
#include "record_messages.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "../ledger/reader.h"
#include "findings.h"

namespace heapledger::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMaxNamed = 5;

/// "4242 (python3), 4243 (sh) and 3 more"
std::string names_of(const std::vector<record::ProcessStat>& processes) {
  std::string names;
  for (std::size_t i = 0; i < std::min(processes.size(), kMaxNamed); ++i)
    names += fmt::format("{}{} ({})", i == 0 ? "" : ", ", processes[i].pid, processes[i].name);
  if (processes.size() > kMaxNamed) names += fmt::format(" and {} more", processes.size() - kMaxNamed);
  return names;
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr const char* kUnits[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return fmt::format("{} bytes", bytes);
  double value = static_cast<double>(bytes);
  unsigned unit = 0;
  for (; value >= 1023.95 && unit < 4; ++unit) value /= 1024;
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string count_text(std::uint64_t count) {
  std::string digits = std::to_string(count);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
  return count == 1 ? fmt::format("1 {}", one) : fmt::format("{} {}", count, many);
}

/// Every warning of the ledger that makes its figures lower bounds, and then all others; true when there is none of
/// the first kind.
bool print_warnings(const ledger::Reader& reader, bool quiet) {
  std::vector<ledger::Warning> all(reader.warnings().begin(), reader.warnings().end());
  all.insert(all.end(), reader.session().warnings.begin(), reader.session().warnings.end());
  for (const ledger::Process& process : reader.processes())
    for (const ledger::Warning& warning : process.warnings)
      all.push_back({fmt::format("process {}: {}", process.pid, warning.text), warning.incomplete});
  const auto middle = std::ranges::stable_partition(all, [](const auto& w) { return w.incomplete; }).begin();
  for (auto at = all.begin(); at != all.end(); ++at) {
    if (at >= middle && quiet) break;
    print_warning(fmt::format("{}{}", at < middle ? "incomplete: " : "", at->text));
  }
  return middle == all.begin();
}

}  // namespace

void print_waiting(const std::vector<record::ProcessStat>& rest) {
  fmt::print(stderr, "heapledger: the command has ended; waiting for {} that it started: {}. Ctrl-C stops waiting and "
             "keeps what is recorded so far.\n", counted(rest.size(), "process", "processes"), names_of(rest));
}

std::string still_running_warning(const std::vector<record::ProcessStat>& rest) {
  return fmt::format("{} still running when the recording was ended: {}",
                     rest.size() == 1 ? "one process was" : fmt::format("{} processes were", rest.size()), names_of(rest));
}

void print_never_loaded(const std::string& command, pid_t pid) {
  print_error(fmt::format("the recorder was never loaded into '{}' (process {}), so nothing was measured: {}", command, pid,
                          kReasonsNotLoaded));
}

void print_kept(const record::Output& output, bool is_packed) {
  fmt::print(stderr, "heapledger: the raw traces are kept in {}", output.folder);
  if (!is_packed)
    fmt::print(stderr, "; to pack them: heapledger pack {} -o {}", shell_word(output.folder), shell_word(output.ledger));
  fmt::print(stderr, "\n");
}

PackProgress::PackProgress(bool quiet) : silent_(quiet) {
  if (quiet) progress_.finish();
}

void PackProgress::operator()(std::uint64_t done, std::uint64_t total) {
  progress_.update(done, total);
  if (silent_ || ::isatty(STDERR_FILENO) == 1 || std::chrono::steady_clock::now() - start_ < 1s) return;
  silent_ = true;
  fmt::print(stderr, "heapledger: packing {} of raw traces\n", bytes_text(total));
}

bool print_recorded(const std::string& ledger, const ledger::PackSummary& summary, bool quiet) {
  const ledger::Reader reader(ledger);
  const bool is_whole = print_warnings(reader, quiet);
  if (quiet) return is_whole;
  fmt::print(stderr, "heapledger: {} written: {}, {} of {} in {:.1f} s\n", ledger, bytes_text(summary.ledger_bytes),
             count_text(summary.events) + (summary.events == 1 ? " event" : " events"),
             counted(summary.processes, "process", "processes"), static_cast<double>(reader.session().wall_us) / 1e6);
  fmt::print(stderr, "{}", findings(reader));
  fmt::print(stderr, "next: heapledger report {}\n", shell_word(ledger));
  return is_whole;
}

std::string shell_word(const std::string& text) {
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+=./,:@%";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) return text;
  std::string word(1, '\'');
  for (const char c : text) word.append(c == '\'' ? "'\\''" : std::string_view(&c, 1));
  word.push_back('\'');
  return word;
}

}  // namespace heapledger::cli
