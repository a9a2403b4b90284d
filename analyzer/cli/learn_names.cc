// Attributes that a recorded program used.
#include "learn_names.h"

#include "../advise/slots.h"
#include "../record/refusal.h"
#include "open.h"

namespace heapledger::cli {

record::LearnNames learn_from(const std::string& ledger) {
  if (ledger.empty()) return {};
  return [ledger](std::vector<advise::SlottedClass>& classes) {
    if (classes.empty()) throw record::BadUsage("--slots-from names a recording, but --slots names no class");
    advise::learn_names(*open_ledger(ledger), classes);
  };
}

}  // namespace heapledger::cli
