// Reading of the session log: whatever is whole counts, the rest is named once. Writing: session_writer.cc.
#include "session.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

namespace heapledger::read {
namespace {

using Json = nlohmann::json;

/// A log of a week with many processes is some hundred megabytes; what is greater is no log of ours.
constexpr std::uintmax_t kMaxLogBytes = std::uintmax_t{1} << 30;
/// More than the pixels of any screen; a thinned process keeps between half of it and all of it.
constexpr std::size_t kMaxReadings = 8192;

std::uint64_t number(const Json& line, const char* field) {
  const auto found = line.find(field);
  if (found == line.end() || !found->is_number_unsigned()) return 0;
  return found->get<std::uint64_t>();
}

std::string text(const Json& line, const char* field) {
  const auto found = line.find(field);
  return found != line.end() && found->is_string() ? found->get<std::string>() : std::string();
}

ProcessKey key_of(const Json& line) {
  const std::uint64_t pid = number(line, "pid");
  return {pid <= UINT32_MAX ? static_cast<std::uint32_t>(pid) : 0, number(line, "start_ticks")};
}

void read_command(const Json& line, SessionLog& log) {
  if (const auto argv = line.find("argv"); argv != line.end() && argv->is_array())
    for (const Json& word : *argv) log.command.push_back(word.is_string() ? word.get<std::string>() : "");
  log.directory = text(line, "cwd");
  log.command_process = key_of(line);
  log.start_monotonic_ns = number(line, "start_monotonic_ns");
  log.start_realtime_ns = number(line, "start_realtime_ns");
  log.tool_version = text(line, "tool_version");
  if (number(line, "schema") > kSessionSchema)
    log.warnings.push_back(
        {"the session log was written by a newer version of heapledger: parts of it may be missing "
         "here; read it with that version",
         false});
}

void read_exit(const Json& line, SessionLog& log) {
  const auto status = line.find("status");
  if (status == line.end() || !status->is_number_integer()) return;
  const auto value = status->get<std::int64_t>();
  if (value < INT32_MIN || value > INT32_MAX) return;
  log.processes[key_of(line)].exit = {static_cast<std::int32_t>(value), number(line, "t_ns")};
}

void read_warning(const Json& line, SessionLog& log) {
  const auto incomplete = line.find("incomplete");
  const bool is_incomplete = incomplete != line.end() && incomplete->is_boolean() && incomplete->get<bool>();
  if (std::string words = text(line, "text"); !words.empty()) log.warnings.push_back({words, is_incomplete});
}

/// False: this is no line of a session log.
bool read_line(std::string_view bytes, SessionLog& log) {
  const Json line = Json::parse(bytes, nullptr, /*allow_exceptions=*/false);
  if (!line.is_object()) return false;
  const std::string type = text(line, "type");
  if (type == "command") {
    if (log.command_process.pid == 0 && log.command.empty()) read_command(line, log);
  } else if (type == "rss") {
    log.processes[key_of(line)].rss.push_back(
        {number(line, "t_ns"), number(line, "resident"), number(line, "file")});
  } else if (type == "exit") {
    read_exit(line, log);
  } else if (type == "warning") {
    read_warning(line, log);
  } else if (type == "end") {
    log.end_monotonic_ns = number(line, "t_ns");
  }
  return !type.empty();
}

/// Of each run of `step` readings the greatest stays.
void thin_out(std::vector<RssReading>& rss) {
  if (rss.size() <= kMaxReadings) return;
  const std::size_t step = (rss.size() + kMaxReadings - 1) / kMaxReadings;
  std::vector<RssReading> kept;
  for (std::size_t first = 0; first < rss.size(); first += step) {
    const auto begin = rss.begin() + static_cast<std::ptrdiff_t>(first);
    const auto end = rss.begin() + static_cast<std::ptrdiff_t>(std::min(first + step, rss.size()));
    kept.push_back(*std::max_element(
        begin, end, [](const RssReading& a, const RssReading& b) { return a.resident < b.resident; }));
  }
  rss = std::move(kept);
}

void put_in_order(SessionLog& log) {
  const auto earlier = [](const RssReading& a, const RssReading& b) { return a.t_ns < b.t_ns; };
  for (auto& [key, process] : log.processes) {
    if (!std::ranges::is_sorted(process.rss, earlier)) std::ranges::stable_sort(process.rss, earlier);
    thin_out(process.rss);
  }
}

void read_lines(std::string_view bytes, SessionLog& log) {
  std::size_t damaged = 0;
  for (std::size_t end; (end = bytes.find('\n')) != std::string_view::npos; bytes.remove_prefix(end + 1))
    if (!read_line(bytes.substr(0, end), log)) ++damaged;
  // What is left has no end of line: the write that a crash tore. It is no damage worth a word.
  if (damaged != 0)
    log.warnings.push_back(
        {fmt::format(
             "{} of the session log {} damaged and left out: memory readings or exit statuses may be missing",
             damaged == 1 ? "one line" : fmt::format("{} lines", damaged), damaged == 1 ? "is" : "are"),
         false});
}

}  // namespace

std::optional<ProcessExit> SessionLog::command_exit() const {
  const auto process = processes.find(command_process);
  return command_process.pid == 0 || process == processes.end() ? std::nullopt : process->second.exit;
}

SessionLog read_session_log(const std::string& path) {
  SessionLog log;
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return log;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  std::ifstream file(path, std::ios::binary);
  if (error || !file || size > kMaxLogBytes) {
    log.warnings.push_back(
        {fmt::format("the session log {} cannot be read: command, exit statuses and resident "
                     "memory are missing; check its permissions and size",
                     path),
         false});
    return log;
  }
  log.found = true;
  const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  read_lines(bytes, log);
  put_in_order(log);
  return log;
}

}  // namespace heapledger::read
