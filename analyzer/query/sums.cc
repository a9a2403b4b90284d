// The scan that adds up blocks. Hot: one pass of `Worker::row` for each row of the ledger.
#include "sums.h"

#include <algorithm>

namespace heapledger::query {

namespace {

constexpr std::uint32_t kNoSlot = ~std::uint32_t{0};

// What a row's site means to the scan; 0: a tick.
constexpr unsigned kPlace = 1;   ///< function and file are wanted
constexpr unsigned kWanted = 2;  ///< and so is the account
constexpr unsigned kCounts = 4;  ///< an allocation, not a continuation
constexpr unsigned kHeap = 8;
constexpr unsigned kEnds = 16;   ///< its end can be a block's: an allocation, or an object that took one over

/// A block of a thread that no later allocation of that thread has judged yet.
struct Pending {
  std::uint64_t death = kNever;
  std::uint64_t size = 0;
  std::uint32_t slot = kNoSlot;  ///< kNoSlot: not wanted
  bool in_threads = false;       ///< whether the sums of the thread count it
};

struct ThreadEdge {
  std::uint64_t first_row = kNever;  ///< the thread's first heap allocation in this worker's rows
  Pending last;
};

/// What one worker adds up.
struct State {
  std::vector<Sums> slots;
  std::vector<std::vector<Sums>> threads;
  std::vector<std::vector<ThreadEdge>> edges;  ///< by process, thread
};

/// Positions at which blocks died inside a collection, by process; empty: there was none.
using CollectionPositions = std::vector<std::vector<bool>>;

struct Context {
  const ledger::Reader& reader;
  const Selection& selection;
  const Slots& slots;
  std::span<const Clock> clocks;
  std::span<const Instant> moments;
  std::vector<std::uint8_t> flags;  ///< by site
  CollectionPositions collections;
};

void count_temporary(Sums& sums, const Pending& block) noexcept {
  sums.temporary += 1;
  sums.temporary_bytes += block.size;
}

/// Rows of one group of one process.
class Worker {
 public:
  Worker(const Context& context, State& state, std::size_t process)
      : context_(context),
        clock_(context.clocks[process]),
        selection_(context.selection.of_process[process]),
        moment_(context.moments[process]),
        end_(Instant::before(selection_.end_row)),
        sums_(state.slots),
        threads_(state.threads[process]),
        edges_(state.edges[process]),
        collections_(context.collections[process]),
        process_(process) {}

  void group(const ledger::Group& g) {
    std::uint64_t row = g.first_row;
    const std::uint64_t end = row + g.site.size();
    while (row < end) {  // at most two phases: start-up and what follows
      const Slots::Table table = context_.slots.table(process_, row);
      const std::uint64_t stop = std::min(end, table.end);
      rows(g, row, stop, table.slot);
      row = stop;
    }
  }

 private:
  void rows(const ledger::Group& g, std::uint64_t begin, std::uint64_t end, const std::uint32_t* slots) {
    std::uint64_t mark = clock_.marks_until(begin);
    auto next = std::ranges::lower_bound(g.continued, begin, {}, &ledger::Continued::row);
    for (std::uint64_t row = begin; row < end; ++row) {
      while (mark < clock_.marks().size() && clock_.marks()[mark].row <= row) ++mark;
      const std::size_t i = row - g.first_row;
      const std::uint8_t flags = context_.flags[g.site[i]];
      if (flags == 0) continue;
      const std::uint64_t born_us = mark == 0 ? 0 : clock_.marks()[mark - 1].time_us;
      Ends ends{death_of(row, g.life[i], clock_.rows())};
      ends.block = ends.row;
      while (next != g.continued.end() && next->row < row) ++next;
      if (next != g.continued.end() && next->row == row) [[unlikely]] {
        ends.continued = true;
        ends.block = death_of(row, next->life, clock_.rows());
      }
      block(row, ends, born_us, g.size[i], g.thread[i], slots[g.site[i]], flags);
    }
  }

  /// Positions at which a row and its block end. They differ where another row continues the block.
  struct Ends {
    std::uint64_t row;
    std::uint64_t block = 0;
    bool continued = false;
  };

  void block(std::uint64_t row, const Ends& ends, std::uint64_t born_us, std::uint64_t size,
             std::uint32_t thread, std::uint32_t slot, std::uint8_t flags) {
    const bool wanted = (flags & kPlace) != 0 && row >= selection_.first_row && row < selection_.end_row &&
                        selection_.threads[thread] != 0;
    const bool in_threads = wanted && (flags & kWanted) != 0;
    if ((flags & (kCounts | kHeap)) == (kCounts | kHeap)) {
      judge_last(edges_[thread], row, thread);
      edges_[thread].last = {ends.block, size, wanted ? slot : kNoSlot, in_threads};
    }
    if (!wanted) return;
    const std::uint64_t life_us = end_.holds(row, ends.block) ? 0 : clock_.time_of(ends.block) - born_us;
    add(sums_[slot], row, ends, life_us, size, flags);
    if (in_threads) add(threads_[thread], row, ends, life_us, size, flags);
  }

  void judge_last(ThreadEdge& edge, std::uint64_t row, std::uint32_t thread) {
    if (edge.first_row == kNever) edge.first_row = row;
    if (edge.last.slot == kNoSlot || edge.last.death > row) return;
    count_temporary(sums_[edge.last.slot], edge.last);
    if (edge.last.in_threads) count_temporary(threads_[thread], edge.last);
  }

  /// What is alive, and who collected it, goes by rows; allocations and their lives go by blocks.
  void add(Sums& sums, std::uint64_t row, const Ends& ends, std::uint64_t life_us, std::uint64_t size,
           std::uint8_t flags) const noexcept {
    const bool at_end = end_.holds(row, ends.row);
    if (moment_.holds(row, ends.row)) sums.peak_blocks += 1, sums.peak_bytes += size;
    if (at_end) sums.end_blocks += 1, sums.end_bytes += size;
    if ((flags & kEnds) != 0 && !at_end && !ends.continued && ends.row < collections_.size() &&
        collections_[ends.row]) {
      sums.collected += 1;
      sums.collected_bytes += size;
    }
    if ((flags & kCounts) == 0) return;
    sums.allocations += 1;
    sums.allocated_bytes += size;
    sums.frees += end_.holds(row, ends.block) ? 0 : 1;
    sums.life_us += life_us;
  }

  const Context& context_;
  const Clock& clock_;
  const ProcessSelection& selection_;
  const Instant moment_;
  const Instant end_;
  std::vector<Sums>& sums_;
  std::vector<Sums>& threads_;
  std::vector<ThreadEdge>& edges_;
  const std::vector<bool>& collections_;
  const std::size_t process_;
};

bool is_end_known(const ledger::Collection& c) { return c.ending != trace::CollectionEnding::unseen; }

CollectionPositions collection_positions(const ledger::Reader& reader, std::span<const Clock> clocks) {
  CollectionPositions result(reader.processes().size());
  for (std::size_t p = 0; p < result.size(); ++p) {
    auto collections = reader.processes()[p].collections;
    if (collections.empty()) continue;
    std::ranges::sort(collections, {}, &ledger::Collection::first);
    result[p].resize(clocks[p].rows() + 1);
    std::uint64_t at = 0;  // each position once, however many claim it
    for (const ledger::Collection& c : collections)
      for (at = std::max(at, c.first); is_end_known(c) && at <= c.last && at < result[p].size(); ++at)
        result[p][at] = true;
    const auto& foreign = reader.processes()[p].foreign_deaths;
    for (std::size_t i = 0; i + 1 < foreign.size(); i += 2)
      for (at = foreign[i]; at <= foreign[i + 1] && at < result[p].size(); ++at) result[p][at] = false;
  }
  return result;
}

std::vector<std::uint8_t> site_flags(const ledger::Reader& reader, const Selection& selection) {
  const auto sites = reader.sites();
  std::vector<std::uint8_t> flags(sites.size(), 0);
  for (std::size_t s = 1; s < sites.size(); ++s) {
    const bool heap = is_heap(sites[s].account);
    const bool ends = !sites[s].continuation || sites[s].account == ledger::Account::python_object;
    const unsigned f = (selection.places[s] != 0 ? kPlace : 0u) | (selection.sites[s] != 0 ? kWanted : 0u) |
                       (sites[s].continuation ? 0u : kCounts) | (heap ? kHeap : 0u) | (ends ? kEnds : 0u);
    flags[s] = static_cast<std::uint8_t>(f);
  }
  return flags;
}

void add(std::vector<Sums>& into, const std::vector<Sums>& from) {
  for (std::size_t i = 0; i < from.size(); ++i) into[i] += from[i];
}

/// Judges the last block of each thread in one worker's rows by the first allocation in a later worker's.
void join_edges(const std::vector<State>& states, std::size_t process, Collected& result) {
  std::vector<Sums>& threads = result.threads[process];
  std::vector<Pending> open(threads.size());
  const auto judge = [&](std::size_t thread, std::uint64_t next_row) {
    const Pending& block = open[thread];
    if (block.slot == kNoSlot || block.death == kNever || block.death > next_row) return;
    count_temporary(result.slots[block.slot], block);
    if (block.in_threads) count_temporary(threads[thread], block);
  };
  for (const State& state : states) {
    for (std::size_t t = 0; t < state.edges[process].size(); ++t) {
      const ThreadEdge& edge = state.edges[process][t];
      if (edge.first_row == kNever) continue;
      judge(t, edge.first_row);
      open[t] = edge.last;
    }
  }
  for (std::size_t t = 0; t < open.size(); ++t) judge(t, kNever);
}

std::vector<State> make_states(const Context& context, unsigned workers) {
  State state;
  state.slots.resize(context.slots.count());
  for (const ledger::Process& process : context.reader.processes()) {
    state.threads.emplace_back(process.threads.size());
    state.edges.emplace_back(process.threads.size());
  }
  return std::vector<State>(workers, state);
}

}  // namespace

Sums& Sums::operator+=(const Sums& o) noexcept {
  peak_bytes += o.peak_bytes;
  peak_blocks += o.peak_blocks;
  end_bytes += o.end_bytes;
  end_blocks += o.end_blocks;
  allocated_bytes += o.allocated_bytes;
  allocations += o.allocations;
  frees += o.frees;
  temporary_bytes += o.temporary_bytes;
  temporary += o.temporary;
  collected_bytes += o.collected_bytes;
  collected += o.collected;
  life_us += o.life_us;
  return *this;
}

std::uint64_t value(const Sums& sums, Metric metric) noexcept {
  switch (metric) {
    case Metric::peak:
      return sums.peak_bytes;
    case Metric::end:
      return sums.end_bytes;
    case Metric::allocated:
      return sums.allocated_bytes;
    case Metric::count:
      return sums.allocations;
    case Metric::temporary:
      return sums.temporary;
    case Metric::collected:
      return sums.collected_bytes;
  }
  return 0;
}

Collected collect(const ledger::Reader& reader, const Selection& selection, const Slots& slots,
                  std::span<const Clock> clocks, std::span<const Instant> moments,
                  const ProgressFn& progress) {
  const Context context{reader, selection, slots, clocks, moments, site_flags(reader, selection),
                        collection_positions(reader, clocks)};
  const Effort effort{workers_for(slots.count() * sizeof(Sums)), progress};
  std::vector<State> states = make_states(context, effort.workers);
  scan(reader, selection.processes, effort,
       [&](unsigned worker, std::size_t process, const ledger::Group& g) {
         Worker(context, states[worker], process).group(g);
       });
  Collected result{std::move(states.front().slots), std::move(states.front().threads)};
  for (std::size_t w = 1; w < states.size(); ++w) {
    add(result.slots, states[w].slots);
    for (std::size_t p = 0; p < result.threads.size(); ++p) add(result.threads[p], states[w].threads[p]);
  }
  for (const std::size_t process : selection.processes) join_edges(states, process, result);
  return result;
}

}  // namespace heapledger::query
