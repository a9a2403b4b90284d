// What a run has printed, as far as an experiment wants to know it.
#pragma once

#include <cstdint>
#include <string>

namespace heapledger::compare {

/// A number that differs when contents differ, by all likelihood; of an unreadable file that of an empty one.
[[nodiscard]] std::uint64_t content_of(const std::string& path);

/// The last lines of a text file, at most five of at most 200 bytes; empty when there are none.
[[nodiscard]] std::string last_lines(const std::string& path);

}  // namespace heapledger::compare
