// Definitions of a raw trace as dictionary entries of the ledger: code objects become functions, files and lines.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "../read/event.h"
#include "model.h"
#include "writer.h"

namespace heapledger::ledger {

/// Receives what the lanes of one process define. Numbers it returns are the ledger's own.
class Symbols final : public read::Definitions {
 public:
  Symbols(Writer& writer, Process& process) : writer_(writer), process_(process) {
    process_.threads.assign(1, Thread{});  // of events before a lane says whose it is
  }

  std::uint32_t code(const trace::Code& code) override;
  std::uint32_t node(std::uint32_t parent, std::uint32_t code, std::uint32_t offset) override;
  std::uint32_t site(std::uint32_t parent, std::uint32_t code, std::uint32_t offset, trace::Api api) override;
  std::uint32_t type(const trace::Type& type, std::uint32_t base, std::uint32_t owner) override;
  std::uint32_t part(std::uint32_t owner, trace::Part part) override;
  void attribute(std::uint32_t type, const trace::Attribute& attribute) override;
  void type_object(std::uint64_t address, std::uint32_t site) override;
  std::uint32_t thread(const trace::Thread& thread) override;
  void process(const trace::Process& process) override;
  void interpreter(const trace::Interpreter& interpreter) override;
  void self_test(const trace::SelfTest& test) override;
  void collections_before(const trace::CollectionsBefore& before) override;
  void collections_unseen(const trace::CollectionsUnseen& unseen) override;
  void control(const trace::Control& control) override;

  /// Ledger site for objects of a type that were allocated under `site`.
  std::uint32_t typed_site(std::uint32_t site, std::uint32_t type);
  /// The same for objects that began in the block of an earlier one.
  std::uint32_t reused_site(std::uint32_t site, std::uint32_t type);
  /// Ledger site for a mapping recorded under `site` that is booked in `account`.
  std::uint32_t mapping_site(std::uint32_t site, Account account, bool rest);

 private:
  struct CodeText {
    std::uint32_t function = 0, file = 0, first_line = 0;
    std::vector<std::byte> line_table;
    std::unordered_map<std::uint32_t, std::uint32_t> frames;  ///< offset -> frame
  };
  std::uint32_t frame_of(std::uint32_t code, std::uint32_t offset);

  Writer& writer_;
  Process& process_;
  std::vector<CodeText> codes_{1};
  std::unordered_map<std::uint64_t, std::uint32_t> type_objects_;  ///< address -> node that allocated it
  std::unordered_map<std::uint64_t, std::uint32_t> threads_;  ///< serial number in the trace -> index
  std::vector<Site> sites_{1};  ///< by ledger site number, sparse entries default
};

}  // namespace heapledger::ledger
