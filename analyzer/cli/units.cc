// Figures as text and back.
#include "units.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <array>
#include <charconv>
#include <csignal>
#include <cstring>
#include <ctime>

namespace heapledger::cli {

std::string bytes_text(std::uint64_t bytes) {
  static constexpr std::array kUnits{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (value >= 1023.95 &&
         unit + 1 < kUnits.size()) {  // what would be printed as 1024.0 is 1.0 of the next unit
    value /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string count_text(std::uint64_t count) {
  std::string text = std::to_string(count);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, 1, ',');
  return text;
}

std::string time_text(std::uint64_t time_us) {
  const std::uint64_t seconds = time_us / 1'000'000;
  if (seconds < 60) return fmt::format("{}.{:03} s", seconds, time_us / 1000 % 1000);
  if (seconds < 3600)
    return fmt::format("{} min {:02}.{} s", seconds / 60, seconds % 60, time_us / 100'000 % 10);
  return fmt::format("{} h {:02} min", seconds / 3600, seconds / 60 % 60);
}

std::string share_text(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "-";
  return fmt::format("{:.1f}%", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string counted(std::uint64_t count, std::string_view word) {
  return fmt::format("{} {}{}", count_text(count), word, count == 1 ? "" : "s");
}

std::string date_text(std::uint64_t realtime_ns) {
  const auto seconds = static_cast<std::time_t>(realtime_ns / 1'000'000'000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::string status_text(std::int32_t wait_status) {
  if (wait_status == -1) return "";
  if (WIFEXITED(wait_status)) return fmt::format("exit status {}", WEXITSTATUS(wait_status));
  if (!WIFSIGNALED(wait_status)) return fmt::format("wait status {}", wait_status);
  const char* name = sigabbrev_np(WTERMSIG(wait_status));
  return name == nullptr ? fmt::format("killed by signal {}", WTERMSIG(wait_status))
                         : fmt::format("killed by SIG{}", name);
}

std::optional<std::uint64_t> parse_time(std::string_view text) {
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc{} || !(value >= 0)) return {};  // also not a number
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  double factor = 0;
  if (unit.empty() || unit == "s") factor = 1e6;
  if (unit == "ms") factor = 1e3;
  if (unit == "min") factor = 60e6;
  if (factor == 0 || value * factor > 1e18) return {};
  return static_cast<std::uint64_t>(value * factor + 0.5);
}

}  // namespace heapledger::cli
