// The search for the peak: bounds for buckets of positions, then a replay of the few that can hold it.
#include "peak.h"

#include <algorithm>
#include <atomic>

namespace heapledger::query {

namespace {

constexpr std::uint64_t kMaxBuckets = 1 << 16;
constexpr unsigned kMinBucketBits = 6;

/// Bytes, or a difference of bytes: on the way figures go below zero. Sums wrap around (sizes in a damaged
/// file may be anything), comparisons are signed.
using Bytes = std::uint64_t;

bool greater(Bytes a, Bytes b) noexcept {
  return static_cast<std::int64_t>(a) > static_cast<std::int64_t>(b);
}

/// Bounds of one bucket; those of several workers, or of several stretches in one bucket, are added.
struct Bucket {
  Bytes born = 0;
  Bytes died = 0;
  Bytes rise = 0;  ///< at most so many bytes more than at the start of the bucket
};

struct Search {
  const ledger::Reader& reader;
  const Selection& selection;
  std::span<const Clock> clocks;
  const Timeline& timeline;
  unsigned bucket_bits = 0;
  std::size_t buckets = 0;

  [[nodiscard]] std::size_t bucket_of(std::uint64_t position) const noexcept {
    return position >> bucket_bits;
  }
  [[nodiscard]] std::uint64_t bucket_size() const noexcept { return std::uint64_t{1} << bucket_bits; }
};

/// Calls use(position, death position, size) for the selected rows of a group in order, stretch(first
/// position, end) before each run of neighbouring positions.
template <class Stretched, class Use>
void each_selected(const Search& search, std::size_t process, const ledger::Group& g, Stretched stretched,
                   Use use) {
  const ProcessSelection& wanted = search.selection.of_process[process];
  const std::uint64_t rows = search.clocks[process].rows();
  const std::uint64_t begin = std::max(g.first_row, wanted.first_row);
  const std::uint64_t end = std::min(g.first_row + g.site.size(), wanted.end_row);
  if (begin >= end) return;
  for (const Stretch& s : search.timeline.stretches(process, begin, end)) {
    stretched(s.first_row + s.shift, s.end_row + s.shift);
    for (std::uint64_t row = s.first_row; row < s.end_row; ++row) {
      const std::size_t i = row - g.first_row;
      if (search.selection.sites[g.site[i]] == 0 || wanted.threads[g.thread[i]] == 0) continue;
      const std::uint64_t death = death_of(row, g.life[i], rows);
      use(row + s.shift, search.timeline.death_position(process, death), g.size[i]);
    }
  }
}

/// First scan, one worker: bounds of the buckets.
class Bounds {
 public:
  explicit Bounds(const Search& search)
      : search_(search), buckets_(search.buckets), deaths_(search.bucket_size()) {}

  void group(std::size_t process, const ledger::Group& g) {
    each_selected(
        search_, process, g, [this](std::uint64_t first, std::uint64_t) { open(first); },
        [this](std::uint64_t position, std::uint64_t death, Bytes size) { block(position, death, size); });
    close();
  }
  [[nodiscard]] const std::vector<Bucket>& buckets() const noexcept { return buckets_; }

 private:
  /// Begins to follow a run of positions inside one bucket.
  void open(std::uint64_t first) {
    close();
    bucket_ = search_.bucket_of(first);
    next_ = first;
    level_ = high_ = 0;
  }
  void close() {
    buckets_[bucket_].rise += high_;
    high_ = 0;
    std::fill(deaths_.begin(), deaths_.end(), 0);
  }
  void block(std::uint64_t position, std::uint64_t death, Bytes size) {
    if (search_.bucket_of(position) != bucket_) open(position);
    for (; next_ <= position; ++next_) level_ -= deaths_[next_ & (search_.bucket_size() - 1)];
    level_ += size;
    if (greater(level_, high_)) high_ = level_;
    buckets_[bucket_].born += size;
    const std::size_t end = search_.bucket_of(death);
    if (end >= search_.buckets) return;
    buckets_[end].died += size;
    if (end == bucket_) deaths_[death & (search_.bucket_size() - 1)] += size;
  }

  const Search& search_;
  std::vector<Bucket> buckets_;
  std::vector<Bytes> deaths_;  ///< of this bucket's own blocks, by position in the bucket
  std::size_t bucket_ = 0;
  std::uint64_t next_ = 0;  ///< deaths before this position are taken off level_
  Bytes level_ = 0;
  Bytes high_ = 0;
};

std::vector<Bucket> bound(const Search& search, const ProgressFn& progress) {
  const Effort effort{workers_for(search.buckets * sizeof(Bucket)), progress};
  std::vector<Bounds> workers(effort.workers, Bounds(search));
  scan(search.reader, search.timeline.processes(), effort,
       [&](unsigned w, std::size_t process, const ledger::Group& g) { workers[w].group(process, g); });
  std::vector<Bucket> sum(search.buckets);
  for (const Bounds& worker : workers) {
    for (std::size_t b = 0; b < sum.size(); ++b) {
      sum[b].born += worker.buckets()[b].born;
      sum[b].died += worker.buckets()[b].died;
      sum[b].rise += worker.buckets()[b].rise;
    }
  }
  return sum;
}

/// A bucket that may hold the peak.
struct Candidate {
  std::size_t bucket;
  Bytes start;  ///< alive when the bucket begins, before the deaths of its first position
  Bytes bound;
};

std::vector<Candidate> candidates(const std::vector<Bucket>& buckets) {
  std::vector<Candidate> result;
  Bytes level = 0;
  for (std::size_t b = 0; b < buckets.size(); ++b) {
    if (buckets[b].rise != 0) result.push_back({b, level, level + buckets[b].rise});
    level += buckets[b].born - buckets[b].died;
  }
  std::sort(result.begin(), result.end(), [](const Candidate& x, const Candidate& y) {
    return x.bound != y.bound ? greater(x.bound, y.bound) : x.bucket < y.bucket;
  });
  return result;
}

/// Second scan: changes at every position of some buckets.
std::vector<Bytes> replay(const Search& search, std::span<const Candidate> batch,
                          const ProgressFn& progress) {
  constexpr std::uint32_t kNone = ~std::uint32_t{0};
  std::vector<std::uint32_t> place(search.buckets, kNone);
  for (std::uint32_t i = 0; i < batch.size(); ++i) place[batch[i].bucket] = i;
  std::vector<Bytes> changes(batch.size() << search.bucket_bits);
  const auto change = [&](std::uint64_t position, Bytes bytes) {
    const std::size_t bucket = search.bucket_of(position);
    if (bucket >= search.buckets || place[bucket] == kNone) return;
    const std::uint64_t at = position & (search.bucket_size() - 1);
    std::atomic_ref(changes[(std::uint64_t{place[bucket]} << search.bucket_bits) + at])
        .fetch_add(bytes, std::memory_order_relaxed);
  };
  scan(search.reader, search.timeline.processes(), {workers_for(1), progress},
       [&](unsigned, std::size_t process, const ledger::Group& g) {
         each_selected(
             search, process, g, [](std::uint64_t, std::uint64_t) {},
             [&](std::uint64_t position, std::uint64_t death, Bytes size) {
               change(position, size);
               change(death, 0 - size);
             });
       });
  return changes;
}

/// Takes the peak of a batch into `best`.
void judge(const Search& search, std::span<const Candidate> batch, std::span<const Bytes> changes,
           Peak& best) {
  for (std::size_t c = 0; c < batch.size(); ++c) {
    Bytes level = batch[c].start;
    for (std::uint64_t i = 0; i < search.bucket_size(); ++i) {
      level += changes[(c << search.bucket_bits) + i];
      if (!greater(level, 0)) continue;
      const std::uint64_t position = (std::uint64_t{batch[c].bucket} << search.bucket_bits) + i;
      const bool first = level == best.bytes && position < best.position;
      if (greater(level, best.bytes) || first) best = {level, position};
    }
  }
}

bool can_improve(const Search& search, const Candidate& c, const Peak& best) {
  return greater(c.bound, best.bytes) ||
         (c.bound == best.bytes && c.bucket < search.bucket_of(best.position));
}

}  // namespace

Peak find_peak(const ledger::Reader& reader, const Selection& selection, std::span<const Clock> clocks,
               const Timeline& timeline, const ProgressFn& progress, std::uint64_t replay_bytes) {
  Search search{reader, selection, clocks, timeline};
  search.bucket_bits = kMinBucketBits;
  while (timeline.positions() >> search.bucket_bits >= kMaxBuckets) ++search.bucket_bits;
  search.buckets = search.bucket_of(timeline.positions()) + 1;
  const std::vector<Candidate> all = candidates(bound(search, progress));
  Peak best;
  const std::size_t batch_size = std::max<std::size_t>(1, replay_bytes / sizeof(Bytes) >> search.bucket_bits);
  for (std::size_t at = 0; at < all.size() && can_improve(search, all[at], best); at += batch_size) {
    const auto batch = std::span(all).subspan(at, std::min(batch_size, all.size() - at));
    judge(search, batch, replay(search, batch, progress), best);
  }
  return best;
}

}  // namespace heapledger::query
