// Attributes that a recorded program used.
#include "learn_names.h"

#include <fmt/format.h>

#include "../advise/slots.h"
#include "../record/refusal.h"
#include "open.h"

namespace heapledger::cli {

namespace {

/// By process, those without Python left empty.
std::vector<query::ClassedBlocks> blocks_of_all(const ledger::Reader& reader) {
  std::vector<query::ClassedBlocks> blocks(reader.processes().size());
  const query::Slots slots(reader);
  for (std::size_t p = 0; p < blocks.size(); ++p) {
    if (reader.processes()[p].python_hex == 0) continue;
    query::Question question;
    question.filter.processes = {fmt::format("{}", p + 1)};
    blocks[p] = query::classed_blocks(reader, slots, query::profile(reader, slots, question, {}));
  }
  return blocks;
}

}  // namespace

record::LearnNames learn_from(const std::string& ledger) {
  if (ledger.empty()) return {};
  return [ledger](std::vector<advise::SlottedClass>& classes) {
    if (classes.empty()) throw record::BadUsage("--slots-from names a recording, but --slots names no class");
    const auto reader = open_ledger(ledger);
    advise::learn_names(*reader, blocks_of_all(*reader), classes);
  };
}

}  // namespace heapledger::cli
