// What advice is made from, and its three sections.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "../advise/growth.h"
#include "report.h"

namespace heapledger::cli {

/// All parts must outlive it.
struct AdviceInput {
  const ledger::Reader& reader;
  const query::Slots& slots;
  const query::Profile& profile;  ///< of the process alone, at its peak
  const advise::GrowthReport& growth;
  std::size_t number;  ///< of the process
  std::string ledger;  ///< as the user wrote it
  std::uint64_t top;   ///< lines of a section; 0: all
  [[nodiscard]] const ledger::Process& process() const { return reader.processes()[number]; }
  [[nodiscard]] std::size_t shown(std::size_t lines) const {
    return top == 0 ? lines : std::min<std::size_t>(top, lines);
  }
};

[[nodiscard]] std::string advice_header(const AdviceInput& input, const Style& style);
/// Classes that slots would make smaller.
[[nodiscard]] std::string advice_on_slots(const AdviceInput& input, const Style& style);
/// Whether the garbage collector is worth its time.
[[nodiscard]] std::string advice_on_collector(const AdviceInput& input, const Style& style);
/// What only grows: caches and leaks.
[[nodiscard]] std::string advice_on_growth(const AdviceInput& input, const Style& style);

/// One JSON object, schema "heapledger-advice/1": docs/advise-json.md.
[[nodiscard]] std::string advice_json(const AdviceInput& input);

/// Growth of all slots of one line and type.
struct GrownLine {
  query::GroupKey key;
  std::uint32_t type = 0;
  advise::Growth sums;
};
/// What holds most first.
[[nodiscard]] std::vector<GrownLine> grown_lines(const AdviceInput& input);
/// "shop:Item", as --slots wants it.
[[nodiscard]] std::string slots_word(const ledger::Reader& reader, std::uint32_t type);

/// The line below a piece of advice.
[[nodiscard]] std::string verify_text(const Style& style, std::string_view command);
/// The command that was recorded, as typed into a shell.
[[nodiscard]] std::string program_of(const AdviceInput& input);

}  // namespace heapledger::cli
