// Figures as people read them: bytes, counts, times, shares; and times as people type them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace heapledger::cli {

/// "812.3 MiB", "512 B"; always one decimal above bytes.
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);
/// "1,234,567"
[[nodiscard]] std::string count_text(std::uint64_t count);
/// "8.213 s", "2 min 05.1 s", "1 h 02 min"
[[nodiscard]] std::string time_text(std::uint64_t time_us);
/// "63.0%"; "-" of nothing.
[[nodiscard]] std::string share_text(std::uint64_t part, std::uint64_t whole);
/// "1 block", "2 blocks": the count with the word, s added when it is not 1.
[[nodiscard]] std::string counted(std::uint64_t count, std::string_view word);
/// "2026-03-01 12:00:00 UTC"
[[nodiscard]] std::string date_text(std::uint64_t realtime_ns);
/// How a process ended, from a status of wait(2): "exit status 0", "killed by SIGKILL"; -1: "".
[[nodiscard]] std::string status_text(std::int32_t wait_status);

/// Microseconds of "1.5", "1.5s", "200ms", "2min"; nothing when it is none of these.
[[nodiscard]] std::optional<std::uint64_t> parse_time(std::string_view text);

}  // namespace heapledger::cli
