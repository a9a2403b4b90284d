// A ledger with classes, built row by row: for tests of what is said about types.
#pragma once

#include <string>
#include <vector>

#include "../../analyzer/ledger/reader.h"
#include "../../analyzer/ledger/writer.h"
#include "../../analyzer/query/types.h"
#include "../unit/ledger/ledger_oracle.h"

namespace heapledger::support {

class TypedLedger {
 public:
  TypedLedger() : writer_(path()) { writer_.begin_process(); }

  /// A class of Python in shop.py; its `class` statement stands in that line.
  std::uint32_t type(const std::string& name, std::uint32_t base, std::uint32_t line,
                     ledger::Type like = {}) {
    like.name = writer_.string(name);
    like.module = writer_.string("shop");
    like.base = base;
    if (line != 0) like.node = node(line);
    return writer_.type(like);
  }
  /// A type of C.
  std::uint32_t builtin(const std::string& name, ledger::Type like) {
    like.name = writer_.string(name);
    like.module = writer_.string("builtins");
    return writer_.type(like);
  }
  /// Blocks of a line of shop.py.
  std::uint32_t site(std::uint32_t line, std::uint32_t type, std::uint32_t caller = 0) {
    return writer_.site({.node = node(line, caller),
                         .api = trace::Api::py_obj_malloc,
                         .account = ledger::Account::python_object,
                         .type = type});
  }
  std::uint32_t node(std::uint32_t line, std::uint32_t caller = 0) {
    return writer_.node(caller, writer_.frame({writer_.string("run"), writer_.string("shop.py"), line, 1}));
  }
  /// Buffers of a line of shop.py.
  std::uint32_t buffers(std::uint32_t line, trace::Api api) {
    return writer_.site({.node = node(line), .api = api, .account = ledger::Account::python_buffer});
  }
  ledger::Writer& writer() { return writer_; }
  ledger::Process process{.pid = 7, .python_hex = 0x030b07f0, .threads = {{.tid = 7, .name = "main"}}};

  /// Ends the process and opens the file.
  const ledger::Reader& read() {
    writer_.end_process(process);
    writer_.finish({});
    reader_ = std::make_unique<ledger::Reader>(path());
    return *reader_;
  }

 private:
  std::string path() const { return folder_ / "typed.hl"; }
  ledger::testing::TempFolder folder_;
  ledger::Writer writer_;
  std::unique_ptr<ledger::Reader> reader_;
};

/// What the classes hold at the peak.
inline query::ClassedBlocks classed_at_peak(const ledger::Reader& reader) {
  query::Question question;
  question.filter.processes = {"1"};  // with a condition, the peak is looked for and not read from the file
  const query::Slots slots(reader);
  return query::classed_blocks(reader, slots, query::profile(reader, slots, question, {}));
}
inline std::vector<query::TypeSums> types_at_peak(const ledger::Reader& reader) {
  return classed_at_peak(reader).types;
}

}  // namespace heapledger::support
