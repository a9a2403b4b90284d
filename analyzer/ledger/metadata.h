// Metadata of a process and of the session as JSON texts inside the ledger.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "model.h"

namespace heapledger::ledger {

/// A process and what a reader must find of it elsewhere in the file.
struct ProcessRecord {
  Process process;
  std::uint64_t rows = 0;
  std::uint32_t sites = 0;  ///< its rows name sites below this number
};

/// Texts may hold any bytes: those that are not UTF-8 are written as arrays of numbers.
[[nodiscard]] std::string process_text(const ProcessRecord& record);
[[nodiscard]] std::string session_text(const Session& session);

/// Missing, foreign or mistyped keys leave the default. Nothing: not a JSON object.
[[nodiscard]] std::optional<ProcessRecord> parse_process(std::span<const std::byte> text);
[[nodiscard]] std::optional<Session> parse_session(std::span<const std::byte> text);

}  // namespace heapledger::ledger
