// Turns the events of one process into rows of the ledger, and keeps its running totals.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>
#include <unordered_map>
#include <vector>

#include "../read/event.h"
#include "block_table.h"
#include "model.h"
#include "range_table.h"
#include "reused_rows.h"
#include "writer.h"

namespace heapledger::ledger {

/// Sites of the ledger that a site of the trace turns into.
struct DerivedSites {
  /// By what a range is at the moment; `rest`: it continues an earlier row.
  std::function<std::uint32_t(std::uint32_t site, Account account, bool rest)> mapping;
  /// By the type of an object.
  std::function<std::uint32_t(std::uint32_t site, std::uint32_t type)> typed;
  /// The same of an object that continues the block of an earlier one.
  std::function<std::uint32_t(std::uint32_t site, std::uint32_t type)> reused;
};

class Bookkeeper {
 public:
  /// `process` receives totals; both must outlive this. `sites` gives the ledger sites of objects, mappings and stacks.
  Bookkeeper(Writer& writer, Process& process, DerivedSites sites)
      : writer_(writer), process_(process), sites_(std::move(sites)) {}

  /// Before some dozen events are applied: memory that they need and that is not in the caches is on its way then.
  void prefetch(std::span<const read::Event> events) const {
    blocks_.prefetch(events.size(), [&](std::size_t i) { return events[i].address; });
  }
  void apply(const read::Event& event);
  /// Totals that are only known at the end.
  void finish();

  [[nodiscard]] std::uint64_t events() const { return events_; }

 private:
  using Range = RangeTable::Range;

  void advance(std::uint64_t time_us);
  void born(std::uint64_t size);
  void alloc(const read::Event& event);
  void free(const read::Event& event);
  void map(const read::Event& event, std::uint32_t flags);
  void unmap(std::uint64_t start, std::uint64_t end);
  void protect(const read::Event& event);
  void remap_in(const read::Event& event);
  void move_break(const read::Event& event);
  void thread_stack(const read::Event& event);
  std::uint32_t typed_site(std::uint32_t site, std::uint32_t type);
  std::uint32_t reused_site(std::uint32_t site, std::uint32_t type);
  void reuse(const read::Event& event);
  /// The row of a block ends, and the block with it.
  void end_block(std::uint64_t row);
  void retype(const read::Event& event);
  void part(const read::Event& event);
  void collection_begin(const read::Event& event);
  void collection_end(const read::Event& event);
  /// Whether the thread of the event is in a collection.
  [[nodiscard]] bool is_collecting(const read::Event& event) const;
  /// While somebody collects: deaths by others get positions of their own, which are noted.
  void apply_meanwhile(const read::Event& event);
  void apply_alone(const read::Event& event);
  /// A collection of which nothing but the begin is known, or as much as was until the process left.
  void leave_collection(Collection left, trace::CollectionEnding ending);
  /// A row of nothing, if somebody died since the last row: deaths before and behind it have different positions.
  void separate();
  /// Books a range as a row; `rest` for what goes on living after a cut or a change.
  void open(Range range, bool rest);
  void close(const Range& range);
  /// Books what a cut or a change left of a range, and the end of its allocation if that is nothing.
  void reopen(const Range& range, std::initializer_list<Range> rest);
  static Account account_of(std::uint32_t flags);

  Writer& writer_;
  Process& process_;
  DerivedSites sites_;
  struct TypedSite {
    std::uint32_t type = 0;  ///< that its objects had last
    std::uint32_t site = 0;
  };
  std::vector<TypedSite> typed_;   ///< by site
  std::vector<TypedSite> reused_;  ///< the same of objects in the blocks of earlier ones
  ReusedRows reused_rows_;
  BlockTable blocks_;
  RangeTable ranges_;
  std::unordered_map<std::uint64_t, std::uint64_t> stacks_;      ///< number -> row
  std::unordered_map<std::uint32_t, std::uint32_t> moved_flags_; ///< lane -> flags of the range in a remap
  std::unordered_map<std::uint64_t, std::uint32_t> pieces_;      ///< allocation -> ranges that it is now
  std::unordered_map<std::uint32_t, std::vector<Collection>> collecting_;  ///< by lane, outermost first
  std::uint64_t live_ = 0;
  std::uint64_t live_blocks_ = 0;
  std::uint64_t rows_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t time_us_ = 0;
  bool deaths_since_row_ = false;
  bool deaths_are_foreign_ = false;  ///< those since the last row, while somebody collects
};

}  // namespace heapledger::ledger
