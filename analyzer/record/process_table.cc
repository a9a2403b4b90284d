// Parsing of /proc, bounds and vanished processes included.
#include "process_table.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <map>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "output.h"

namespace heapledger::record {
namespace {

/// Field `index` of words parted by single spaces, from 0; 0 when it is missing.
template <class Number>
Number field(std::string_view words, unsigned index) {
  for (; index > 0 && !words.empty(); --index)
    words.remove_prefix(std::min(words.find(' '), words.size() - 1) + 1);
  Number value = 0;
  std::from_chars(words.data(), words.data() + words.size(), value);
  return value;
}

std::string read_small_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  char bytes[4096];
  const ssize_t size = ::read(file, bytes, sizeof bytes);
  ::close(file);
  return {bytes, static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

pid_t number_of(const std::string& name) {
  pid_t pid = 0;
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), pid);
  return parsed.ec == std::errc() && parsed.ptr == name.data() + name.size() ? pid : 0;
}

bool is_below(pid_t pid, pid_t ancestor, const std::map<pid_t, ProcessStat>& table) {
  // The table was read while processes came and went: a bound instead of trust in it being a tree.
  for (std::size_t steps = 0; steps <= table.size(); ++steps) {
    const auto found = table.find(pid);
    if (found == table.end()) return false;
    pid = found->second.parent;
    if (pid == ancestor) return true;
  }
  return false;
}

}  // namespace

std::uint64_t monotonic_ns() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000u + static_cast<std::uint64_t>(t.tv_nsec);
}

std::optional<ProcessStat> process_stat(pid_t pid) {
  const std::string line = read_small_file(fmt::format("/proc/{}/stat", pid));
  // The name may itself hold spaces and brackets: it ends at the last one.
  const std::size_t open = line.find('('), close = line.rfind(')');
  if (open == std::string::npos || close == std::string::npos || close + 2 >= line.size())
    return std::nullopt;
  const std::string_view fields = std::string_view(line).substr(close + 2);  // field 3 of proc(5) and on
  return ProcessStat{pid, field<pid_t>(fields, 1), fields.front(), line.substr(open + 1, close - open - 1),
                     field<std::uint64_t>(fields, 19)};
}

std::vector<ProcessStat> descendants_of(pid_t ancestor) {
  std::map<pid_t, ProcessStat> table;
  for (const std::string& name : names_in("/proc"))
    if (const pid_t pid = number_of(name); pid != 0)
      if (auto stat = process_stat(pid)) table.emplace(pid, *std::move(stat));
  std::vector<ProcessStat> found;
  for (const auto& [pid, stat] : table)
    if (stat.state != 'Z' && is_below(pid, ancestor, table)) found.push_back(stat);
  std::ranges::stable_sort(found, {}, &ProcessStat::start_ticks);
  return found;
}

ResidentMemory::ResidentMemory(pid_t pid)
    : file_(::open(fmt::format("/proc/{}/statm", pid).c_str(), O_RDONLY | O_CLOEXEC)) {
  // Asked after the file was opened: if the pid changed hands in between, readings fail at once.
  if (const auto stat = process_stat(pid)) process_ = {static_cast<std::uint32_t>(pid), stat->start_ticks};
}

ResidentMemory::~ResidentMemory() {
  if (file_ >= 0) ::close(file_);
}

ResidentMemory::ResidentMemory(ResidentMemory&& other) noexcept
    : file_(std::exchange(other.file_, -1)), process_(other.process_) {}

ResidentMemory& ResidentMemory::operator=(ResidentMemory&& other) noexcept {
  std::swap(file_, other.file_);
  process_ = other.process_;
  return *this;
}

bool ResidentMemory::read(read::RssReading& reading) const {
  static const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  char bytes[256];
  const ssize_t size = file_ < 0 ? -1 : ::pread(file_, bytes, sizeof bytes, 0);
  if (size <= 0) return false;
  const std::string_view fields(bytes, static_cast<std::size_t>(size));
  reading.resident = field<std::uint64_t>(fields, 1) * page;
  reading.file = field<std::uint64_t>(fields, 2) * page;
  return reading.resident != 0;  // a zombie has no memory left
}

}  // namespace heapledger::record
