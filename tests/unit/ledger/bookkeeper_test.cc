// Rows and totals against a model that keeps every page and every block by itself.
#include "../../../analyzer/ledger/bookkeeper.h"

#include <map>
#include <optional>
#include <random>
#include <set>
#include <tuple>

#include "../../../analyzer/ledger/file_format.h"
#include "ledger_oracle.h"

namespace heapledger::ledger {
namespace {

using read::Event;
using read::EventKind;
using testing::TempFolder;
using trace::Api;

constexpr std::uint64_t kPage = 4096;

/// What bytes are booked under.
using Key = std::tuple<Api, Account, std::uint32_t>;  // site's api, account, thread
using Live = std::map<Key, std::uint64_t>;

// ----------------------------------------------------------------------------------------------- model

class Model {
 public:
  void apply(const Event& e) {
    const std::uint64_t first = e.address / kPage, pages = e.size / kPage;
    switch (e.kind) {
      case EventKind::alloc:
        alloc(e);
        break;
      case EventKind::free:
        free(e);
        break;
      case EventKind::map:
        map(first, pages, e, e.flags);
        break;
      case EventKind::unmap:
        unmap(first, pages);
        break;
      case EventKind::remap_out:
        moved_flags_ = pages_.contains(first) ? pages_.at(first).flags : std::uint32_t{trace::kMapUsable};
        unmap(first, pages);
        break;
      case EventKind::remap_in:
        map(first, pages, e, moved_flags_);
        break;
      case EventKind::protect:
        for (auto at = pages_.lower_bound(first); at != pages_.end() && at->first < first + pages; ++at)
          at->second.flags = (at->second.flags & ~1u) | e.flags;
        break;
      case EventKind::retype:
      case EventKind::part:
        break;  // of no block of this model
      case EventKind::reuse:
        if (const auto found = blocks_.find(e.address); found != blocks_.end())
          found->second = {api(e), e.thread, found->second.size};
        break;
      case EventKind::stack:
        stacks_[e.address] = {api(e), e.thread, e.size};
        break;
      case EventKind::stack_end:
        stacks_.erase(e.address);
        break;
      case EventKind::brk:
        if (const std::int64_t change = static_cast<std::int64_t>(e.size) / 4096; change > 0)
          map(first, pages, e, trace::kMapUsable | e.flags);
        else
          unmap(first + static_cast<std::uint64_t>(change), static_cast<std::uint64_t>(-change));
        break;
      case EventKind::collection_begin:
      case EventKind::collection_end:
      case EventKind::nothing:
        break;
    }
    const std::uint64_t bytes = heap_bytes();
    if (bytes > peak_bytes) peak_bytes = bytes, peak_time_us = e.time_us;
  }

  [[nodiscard]] Live live() const {
    Live live;
    for (const auto& [page, p] : pages_) live[{p.api, account(p.flags), p.thread}] += kPage;
    for (const auto& [address, b] : blocks_) live[{b.api, Account::native, b.thread}] += b.size;
    for (const auto& [number, s] : stacks_) live[{s.api, Account::stack, s.thread}] += s.size;
    std::erase_if(live, [](const auto& entry) { return entry.second == 0; });
    return live;
  }
  [[nodiscard]] std::uint64_t heap_bytes() const {
    std::uint64_t bytes = 0;
    for (const auto& [page, p] : pages_) bytes += is_heap(account(p.flags)) ? kPage : 0;
    return bytes + block_bytes_;
  }
  [[nodiscard]] std::uint64_t live_blocks() const { return blocks_.size(); }

  std::uint64_t allocations = 0, allocated_bytes = 0, frees = 0, unknown_frees = 0, peak_bytes = 0,
                peak_time_us = 0;

 private:
  struct Page {
    Api api;
    std::uint32_t thread, flags;
  };
  struct Block {
    Api api;
    std::uint32_t thread;
    std::uint64_t size;
  };
  static Api api(const Event& e) { return static_cast<Api>(e.site); }
  static Account account(std::uint32_t flags) {
    return (flags & trace::kMapBacking) != 0  ? Account::backing
           : (flags & trace::kMapFile) != 0   ? Account::file
           : (flags & trace::kMapUsable) != 0 ? Account::mapping
                                              : Account::reserved;
  }
  void alloc(const Event& e) {
    block_bytes_ += e.size - blocks_[e.address].size;
    blocks_[e.address] = {api(e), e.thread, e.size};
    ++allocations, allocated_bytes += e.size;
  }
  void free(const Event& e) {
    const auto found = blocks_.find(e.address);
    if (found == blocks_.end()) return static_cast<void>(unknown_frees += e.inner ? 0 : 1);
    block_bytes_ -= found->second.size;
    blocks_.erase(found);
    ++frees;
  }
  void map(std::uint64_t first, std::uint64_t count, const Event& e, std::uint32_t flags) {
    for (std::uint64_t page = first; page < first + count; ++page) pages_[page] = {api(e), e.thread, flags};
    if (is_heap(account(flags))) ++allocations, allocated_bytes += count * kPage;
  }
  void unmap(std::uint64_t first, std::uint64_t count) {
    pages_.erase(pages_.lower_bound(first), pages_.lower_bound(first + count));
  }

  std::map<std::uint64_t, Page> pages_;
  std::map<std::uint64_t, Block> blocks_, stacks_;
  std::uint64_t block_bytes_ = 0;
  std::uint32_t moved_flags_ = 0;
};

// ---------------------------------------------------------------------------------------------- ledger

/// A ledger of one process, booked from events. Sites of blocks and mappings are known by their api.
struct Booked {
  Process process;
  std::uint64_t events = 0;
  std::vector<Row> rows;
  std::vector<Site> sites;
  std::vector<TimeMark> marks;
  std::map<std::uint64_t, std::uint64_t> continued;  ///< row -> life of its block

  [[nodiscard]] Key key(const Row& row) const {
    const Site& site = sites[row.site];
    return {site.api, site.account, row.thread};
  }
  /// What lived when the last event that is not later than `time_us` was over, by the clock of the ledger.
  [[nodiscard]] Live live_at(std::uint64_t time_us) const {
    for (const TimeMark& mark : marks)
      if (mark.time_us > time_us) return mark.row == 0 ? Live{} : live(mark.row - 1);
    return live(rows.size());
  }
  [[nodiscard]] Live live(std::uint64_t position) const {
    Live live;
    for (std::uint64_t i = 0; i < rows.size() && i <= position; ++i)
      if (rows[i].size != 0 && (rows[i].life == 0 || i + rows[i].life > position))
        live[key(rows[i])] += rows[i].size;
    return live;
  }
};

Booked book(std::vector<Event> events, std::uint32_t forked_from = 0) {
  const TempFolder folder;
  Booked booked;
  booked.process.forked_from = forked_from;
  booked.process.threads.resize(8);
  Writer writer(folder / "a.hl");
  writer.begin_process();
  const auto site = [&](std::uint32_t api, Account account, bool rest) {
    return writer.site({.node = 0, .api = static_cast<Api>(api), .account = account, .continuation = rest});
  };
  // Types are told apart by apis of the sites, too.
  const auto typed = [&](std::uint32_t, std::uint32_t type) { return site(type, Account::native, false); };
  const auto reused = [&](std::uint32_t api, std::uint32_t type) {
    return site(type != 0 ? type : api, Account::native, true);
  };
  Bookkeeper bookkeeper(writer, booked.process, {site, typed, reused});
  for (Event& event : events) {
    if (event.kind == EventKind::alloc) event.site = site(event.site, Account::native, false);
    bookkeeper.prefetch({&event, 1});
    bookkeeper.apply(event);
  }
  bookkeeper.finish();
  booked.events = bookkeeper.events();
  writer.end_process(booked.process);
  writer.finish({});
  const Reader reader(folder / "a.hl");
  EXPECT_TRUE(reader.warnings().empty());
  booked.rows = testing::read_rows(reader, 0);
  booked.sites.assign(reader.sites().begin(), reader.sites().end());
  Reader::Buffer buffer;
  for (std::size_t g = 0; g < reader.group_count(0); ++g)
    for (const Continued& c : reader.group(0, g, buffer).continued) booked.continued[c.row] = c.life;
  booked.marks.assign(reader.marks(0).begin(), reader.marks(0).end());
  return booked;
}

/// Events at 10, 20, 30 ... microseconds unless they have a time.
std::vector<Event> timed(std::vector<Event> events) {
  for (std::size_t i = 0; i < events.size(); ++i) events[i].time_us = 10 * (i + 1);
  return events;
}

/// Books the events and compares totals and the state behind every event (every `step`th of them).
Booked check(const std::vector<Event>& events, std::size_t step = 1) {
  const Booked booked = book(events);
  Model model;
  for (std::size_t i = 0; i < events.size(); ++i) {
    model.apply(events[i]);
    if (i % step != 0 && i + 1 != events.size()) continue;
    const bool last = i + 1 == events.size() || events[i + 1].time_us > events[i].time_us;
    if (!last) continue;
    EXPECT_EQ(booked.live_at(events[i].time_us), model.live()) << "behind event " << i;
    if (::testing::Test::HasFailure()) return booked;
  }
  const Process& p = booked.process;
  EXPECT_EQ(p.allocations, model.allocations);
  EXPECT_EQ(p.allocated_bytes, model.allocated_bytes);
  EXPECT_EQ(p.unknown_frees, model.unknown_frees);
  EXPECT_EQ(p.live_bytes, model.heap_bytes());
  EXPECT_EQ(p.peak_bytes, model.peak_bytes);
  EXPECT_EQ(p.peak_time_us, model.peak_time_us);
  std::uint64_t at_peak = 0;
  for (const auto& [key, bytes] : booked.live(p.peak_row))
    at_peak += is_heap(std::get<Account>(key)) ? bytes : 0;
  EXPECT_EQ(at_peak, p.peak_bytes) << "rows alive at peak_row";
  std::uint64_t allocations = 0, bytes = 0;
  for (const Row& row : booked.rows) {
    const Site& site = booked.sites[row.site];
    if (row.site == 0 || !is_heap(site.account) || site.continuation) continue;
    ++allocations, bytes += row.size;
  }
  EXPECT_EQ(allocations, p.allocations);
  EXPECT_EQ(bytes, p.allocated_bytes);
  return booked;
}

Event event(EventKind kind, std::uint64_t address, std::uint64_t size = 0, std::uint16_t flags = 0) {
  Event e;
  e.kind = kind, e.address = address, e.size = size, e.flags = flags, e.site = 1, e.shard = 0;
  return e;
}
/// The same in pages.
Event paged(EventKind kind, std::uint64_t page, std::int64_t pages = 0, std::uint16_t flags = 0) {
  return event(kind, page * kPage, static_cast<std::uint64_t>(pages) * kPage, flags);
}
Event inner(Event e) { return e.inner = true, e; }

// ---------------------------------------------------------------------------------------------- blocks

TEST(Bookkeeper, NoEvents) {
  const Booked booked = check({});
  EXPECT_TRUE(booked.rows.empty());
  EXPECT_EQ(booked.process.live_blocks, 0u);
}

TEST(Bookkeeper, BlocksLiveFromTheirAllocationToTheirFree) {
  using enum EventKind;
  const Booked booked =
      check(timed({event(alloc, 64, 100), event(alloc, 128, 50), event(free, 64), event(alloc, 64, 7),
                   event(free, 128), event(nothing, 0), event(free, 999), event(alloc, 8, 0)}));
  EXPECT_EQ(booked.process.frees, 2u);
  EXPECT_EQ(booked.process.live_blocks, 2u);
  EXPECT_EQ(booked.events, 7u) << "a stamp without an event is none";
}

TEST(Bookkeeper, DeathsAreNotDatedByTheNextBirth) {
  using enum EventKind;
  auto events = timed({event(alloc, 64, 100), event(free, 64), event(alloc, 64, 1)});
  events[2].time_us = 1'000'000;
  check(events);
}

TEST(Bookkeeper, FreesOfAForkedChildAreInherited) {
  const auto events = timed({event(EventKind::free, 64), inner(event(EventKind::free, 128))});
  EXPECT_EQ(book(events, 77).process.inherited_frees, 1u);
  EXPECT_EQ(book(events, 77).process.unknown_frees, 0u);
  EXPECT_EQ(book(events).process.unknown_frees, 1u);
  EXPECT_EQ(book(events).process.inherited_frees, 0u);
}

TEST(Bookkeeper, ABlockWhoseFreeWasNotRecordedEndsWithTheNextOneThere) {
  const Booked booked = check(timed({event(EventKind::alloc, 64, 100), event(EventKind::alloc, 64, 30)}));
  EXPECT_EQ(booked.process.live_bytes, 30u);
  EXPECT_EQ(booked.process.live_blocks, 1u);
  check(timed({event(EventKind::alloc, 64, 30), event(EventKind::alloc, 64, 100)}));
}

TEST(Bookkeeper, RandomBlocks) {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    std::mt19937_64 random(seed);
    std::vector<Event> events;
    std::set<std::uint64_t> live;
    for (std::uint64_t i = 0, now = 0; i < 5000; ++i) {
      Event e = event(EventKind::alloc, 16 * (1 + random() % 200), random() % 4096);
      e.thread = static_cast<std::uint32_t>(random() % 8),
      e.site = static_cast<std::uint32_t>(1 + random() % 4);
      if (live.contains(e.address) || random() % 4 == 0)
        e.kind = EventKind::free, e.size = 0, e.inner = random() % 9 == 0;
      if (e.kind == EventKind::alloc)
        live.insert(e.address);
      else
        live.erase(e.address);
      e.time_us = now += random() % 3 == 0 ? random() % 100 : 0;
      events.push_back(e);
    }
    const Booked booked = check(events, 7);
    EXPECT_EQ(booked.process.live_blocks, live.size());
    EXPECT_EQ(booked.process.frees, booked.process.allocations - live.size());
  }
}

// ---------------------------------------------------------------------------------------------- reuses

Event taken_over(std::uint64_t address, Api api, std::uint32_t thread = 0) {
  Event e = event(EventKind::reuse, address);
  return e.site = static_cast<std::uint32_t>(api), e.thread = thread, e;
}

TEST(Bookkeeper, AReusedBlockHasARowForEachOfItsObjects) {
  using enum EventKind;
  const Booked booked =
      check(timed({event(alloc, 64, 100), event(alloc, 128, 50), taken_over(64, Api::calloc, 3),
                   taken_over(64, Api::memalign), event(free, 64), taken_over(128, Api::calloc)}));
  const Process& p = booked.process;
  EXPECT_EQ(std::tuple(p.allocations, p.frees, p.live_blocks, p.reuses), std::tuple(2u, 1u, 1u, 3u));
  EXPECT_EQ(booked.continued, (std::map<std::uint64_t, std::uint64_t>{{0, 4}, {1, 0}, {2, 0}}))
      << "row 4 is a tick";
  EXPECT_TRUE(booked.sites[booked.rows[2].site].continuation);
}

TEST(Bookkeeper, AReuseOfAnUnknownBlockIsCounted) {
  const Booked booked = check(
      timed({taken_over(64, Api::calloc), event(EventKind::alloc, 64, 8), taken_over(72, Api::calloc)}));
  EXPECT_EQ(std::tuple(booked.process.reuses, booked.process.unknown_reuses), std::tuple(0u, 2u));
  EXPECT_EQ(booked.rows.size(), 1u);
}

TEST(Bookkeeper, ReusesInOneTickShareARowUnlessThePeakIsBetween) {
  using enum EventKind;
  std::vector<Event> events = {event(alloc, 64, 100), event(alloc, 128, 50), event(free, 128)};
  for (int i = 0; i < 1000; ++i) events.push_back(taken_over(64, i % 2 == 0 ? Api::calloc : Api::memalign));
  for (Event& e : events) e.time_us = 10;
  EXPECT_EQ(check(events).rows.size(), 3u);
  events.push_back(event(alloc, 256, 1000));  // the peak
  events.push_back(taken_over(64, Api::calloc)), events.push_back(taken_over(64, Api::calloc, 1));
  for (Event& e : events) e.time_us = 10;
  const Booked booked = check(events);
  EXPECT_EQ(booked.rows.size(), 6u) << "the peak keeps its row, and so does each thread";
  EXPECT_EQ(booked.live(booked.process.peak_row).count({Api::memalign, Account::native, 0}), 1u);
}

TEST(Bookkeeper, APartOfAnInstanceIsOneAsLongAsItIsThatObject) {
  const auto part = [](std::uint64_t address, Api as) {
    Event e = event(EventKind::part, address);
    return e.type = static_cast<std::uint32_t>(as), e;
  };
  std::vector<Event> events = {event(EventKind::alloc, 64, 100), event(EventKind::alloc, 128, 50),
                               part(64, Api::calloc),            taken_over(128, Api::memalign),
                               part(128, Api::mmap),             part(192, Api::mmap)};
  events.push_back(part(64, Api::calloc)), events.back().kind = EventKind::retype;  // it was on its way
  events.back().type = static_cast<std::uint32_t>(Api::realloc);
  for (std::uint64_t i = 0; i < kRowsPerGroup; ++i) events.push_back(event(EventKind::alloc, 4096 + 16 * i, 1));
  const std::size_t before = events.size();
  for (const Api as : {Api::sbrk, Api::operator_new}) events.push_back(part(64, as));  // of a group that is written
  events.push_back(part(4096, Api::mremap));
  const Booked first = book(timed({events.begin(), events.begin() + static_cast<std::ptrdiff_t>(before)}));
  EXPECT_EQ(first.sites[first.rows[0].site].api, Api::calloc);
  const Booked booked = book(timed(events));
  const auto api_of = [&](std::size_t row) { return booked.sites[booked.rows[row].site].api; };
  EXPECT_EQ(std::tuple(api_of(0), api_of(1), api_of(2), api_of(3), api_of(4)),
            std::tuple(Api::operator_new, Api::malloc, Api::mmap, Api::mremap, Api::malloc));
  EXPECT_TRUE(booked.sites[booked.rows[2].site].continuation);
  EXPECT_EQ(std::tuple(booked.process.allocations, booked.process.unknown_frees, booked.process.unknown_reuses),
            std::tuple(kRowsPerGroup + 2, 0u, 0u));
}

/// Times of birth and death of each allocation; 0: alive.
using Life = std::pair<std::uint64_t, std::uint64_t>;
std::vector<Life> lives(const Booked& booked) {
  const auto time_of = [&](std::uint64_t row) {
    std::uint64_t time = 0;
    for (const TimeMark& mark : booked.marks) time = mark.row <= row ? mark.time_us : time;
    return time;
  };
  std::vector<Life> lives;
  for (std::uint64_t row = 0; row < booked.rows.size(); ++row) {
    const Row& r = booked.rows[row];
    if (r.site == 0 || booked.sites[r.site].continuation) continue;
    const auto found = booked.continued.find(row);
    const std::uint64_t life = found != booked.continued.end() ? found->second : r.life;
    lives.emplace_back(time_of(row), life == 0 ? 0 : time_of(row + life));
  }
  return lives;
}

/// Some blocks, with reuses among them, at increasing times.
std::vector<Event> random_reuses(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Event> events;
  std::set<std::uint64_t> live;
  for (std::uint64_t i = 0, now = 0; i < 1500; ++i) {
    Event e = event(EventKind::alloc, 16 * (1 + random() % 100), random() % 512);
    e.thread = static_cast<std::uint32_t>(random() % 3),
    e.site = static_cast<std::uint32_t>(1 + random() % 4);
    if (random() % 2 == 0)
      e.kind = EventKind::reuse, e.size = 0;
    else if (live.contains(e.address))
      e.kind = EventKind::free, e.size = 0;
    if (e.kind == EventKind::alloc) live.insert(e.address);
    if (e.kind == EventKind::free) live.erase(e.address);
    e.time_us = now += random() % 3 == 0 ? 1 + random() % 100 : 0;
    events.push_back(e);
  }
  return events;
}

TEST(Bookkeeper, ReusesChangeWhereBlocksAreAndNothingElse) {
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    std::vector<Event> events = random_reuses(seed);
    const Booked with = check(events, 3);
    EXPECT_GT(with.process.reuses, 300u);
    std::erase_if(events, [](const Event& e) { return e.kind == EventKind::reuse; });
    const Booked without = book(events);
    EXPECT_EQ(lives(with), lives(without));
    EXPECT_EQ(std::tuple(with.process.frees, with.process.live_blocks, with.process.peak_bytes),
              std::tuple(without.process.frees, without.process.live_blocks, without.process.peak_bytes));
  }
}

// ----------------------------------------------------------------------------------------- collections

Event collection(EventKind kind, std::uint16_t generation, std::uint64_t pause_ns = 0, std::uint64_t collected = 0) {
  Event e = event(kind, pause_ns, collected, generation);
  e.shard = read::kNoShard;
  return e;
}

TEST(Bookkeeper, PositionsTellWhatDiedInACollection) {
  using enum EventKind;
  auto events = timed({event(alloc, 64, 100), event(alloc, 128, 50), event(alloc, 192, 7), event(alloc, 256, 9),
                       event(free, 64), collection(collection_begin, 2), event(free, 128), event(alloc, 320, 3),
                       event(free, 192), collection(collection_end, 2, 777, 5), event(free, 256)});
  for (Event& e : events) e.time_us = 10;  // no help from the clock
  const Booked booked = book(events);
  ASSERT_EQ(booked.process.collections.size(), 1u);
  const Collection& c = booked.process.collections[0];
  EXPECT_EQ(std::tuple(c.generation, c.pause_ns, c.collected, c.freed_blocks, c.freed_bytes),
            std::tuple(2u, 777u, 5u, 2u, 57u));
  std::set<std::uint64_t> inside;
  for (std::uint64_t row = 0; row < booked.rows.size(); ++row) {
    const std::uint64_t death = row + booked.rows[row].life;
    if (booked.rows[row].life != 0 && death >= c.first && death <= c.last) inside.insert(booked.rows[row].size);
  }
  EXPECT_EQ(inside, (std::set<std::uint64_t>{50, 7}));
}

TEST(Bookkeeper, CollectionsThatBeganOrEndedOutOfSight) {
  using enum EventKind;
  const Booked booked = book(timed({collection(collection_end, 0, 5), collection(collection_begin, 1),
                                    collection(collection_begin, 0), collection(collection_end, 0, 8),
                                    collection(collection_begin, 2)}));
  ASSERT_EQ(booked.process.collections.size(), 3u);
  EXPECT_EQ(booked.process.collections[0].pause_ns, 8u);
  EXPECT_EQ(booked.process.collections[0].ending, trace::CollectionEnding::seen);
  for (const std::size_t open : {1u, 2u}) {
    EXPECT_EQ(booked.process.collections[open].ending, trace::CollectionEnding::left) << "the process was killed in them";
    EXPECT_EQ(booked.process.collections[open].generation, open);
  }
}

TEST(Bookkeeper, CollectionsNestInAThread) {
  using enum EventKind;
  const Booked booked = book(timed({event(alloc, 64, 100), event(alloc, 128, 50), event(alloc, 192, 7),
                                    collection(collection_begin, 2), event(free, 64), collection(collection_begin, 1),
                                    event(free, 128), collection(collection_end, 1, 5, 1), event(free, 192),
                                    collection(collection_end, 2, 9, 2)}));
  ASSERT_EQ(booked.process.collections.size(), 2u);
  const Collection &inner = booked.process.collections[0], &outer = booked.process.collections[1];
  EXPECT_EQ(std::tuple(inner.generation, inner.pause_ns, inner.freed_bytes), std::tuple(1u, 5u, 50u));
  EXPECT_EQ(std::tuple(outer.generation, outer.pause_ns, outer.freed_bytes), std::tuple(2u, 9u, 107u));
}

TEST(Bookkeeper, OfACollectionWhoseEndWasNotSeenOnlyTheBeginIsKnown) {
  using enum EventKind;
  Event end = collection(collection_end, 2);
  end.type = static_cast<std::uint32_t>(trace::CollectionEnding::unseen);
  const Booked booked = book(timed({event(alloc, 64, 100), collection(collection_begin, 2), event(free, 64), end}));
  ASSERT_EQ(booked.process.collections.size(), 1u);
  EXPECT_EQ(booked.process.collections[0].ending, trace::CollectionEnding::unseen);
  EXPECT_EQ(booked.process.collections[0].freed_bytes, 0u);
}

TEST(Bookkeeper, WhatOtherThreadsFreeInACollectionHasPositionsOfItsOwn) {
  using enum EventKind;
  auto events = timed({event(alloc, 64, 100), event(alloc, 128, 50), event(alloc, 192, 7), event(alloc, 256, 9),
                       collection(collection_begin, 2), event(free, 64), event(free, 128), event(free, 192),
                       event(free, 256), collection(collection_end, 2, 777, 5)});
  events[6].lane = events[7].lane = 1;  // 50 and 7 are freed by another thread
  events[6].thread = events[7].thread = 1;
  for (Event& e : events) e.time_us = 10;
  const Booked booked = book(events);
  ASSERT_EQ(booked.process.collections.size(), 1u);
  const Collection& c = booked.process.collections[0];
  EXPECT_EQ(c.freed_bytes, 109u);
  const auto& foreign = booked.process.foreign_deaths;
  ASSERT_EQ(foreign.size(), 2u);
  for (std::uint64_t row = 0; row < booked.rows.size(); ++row) {
    if (booked.rows[row].life == 0) continue;
    const std::uint64_t death = row + booked.rows[row].life;
    EXPECT_TRUE(death >= c.first && death <= c.last);
    const std::uint64_t size = booked.rows[row].size;
    EXPECT_EQ(death >= foreign[0] && death <= foreign[1], size == 50 || size == 7) << size;
  }
}

// -------------------------------------------------------------------------------------------- mappings

TEST(Bookkeeper, AMappingUnmappedInPieces) {
  using enum EventKind;
  const Booked booked = check(timed({paged(map, 10, 10, 1), paged(unmap, 10, 2), paged(unmap, 18, 5),
                                     paged(unmap, 14, 1), paged(unmap, 0, 100)}));
  EXPECT_EQ(booked.process.allocations, 1u);
  EXPECT_EQ(booked.process.frees, 1u);
  EXPECT_EQ(booked.process.live_blocks, 0u);
}

TEST(Bookkeeper, MapFixedReplacesWhatWasThere) {
  using enum EventKind;
  check(timed({paged(map, 10, 10, 1), paged(map, 12, 3, 1), paged(map, 5, 30, 0), paged(map, 5, 30, 1),
               paged(unmap, 0, 99)}));
}

TEST(Bookkeeper, ReservedSpaceCountsOnceItIsUsable) {
  using enum EventKind;
  const Booked booked =
      check(timed({paged(map, 100, 50, 0), paged(protect, 100, 10, 1), paged(protect, 120, 5, 1),
                   paged(protect, 104, 2, 0), paged(unmap, 100, 50), event(alloc, 64, 16)}));
  EXPECT_EQ(booked.process.live_blocks, 1u) << "the block; what was reserved is gone";
}

TEST(Bookkeeper, ProtectionOfNothingChangesNothing) {
  using enum EventKind;
  check(timed(
      {paged(map, 10, 10, 0), paged(protect, 12, 0, 1), paged(protect, 10, 0, 1), paged(unmap, 10, 10)}));
  check(timed({paged(map, 10, 10, 1), paged(protect, 12, 0, 0), paged(unmap, 10, 10)}));
}

TEST(Bookkeeper, AccountsOfMappings) {
  using enum EventKind;
  const Booked booked =
      check(timed({paged(map, 0, 1, trace::kMapUsable), paged(map, 1, 2, 0),
                   paged(map, 3, 4, trace::kMapUsable | trace::kMapFile | trace::kMapShared),
                   paged(map, 7, 8, trace::kMapUsable | trace::kMapBacking),
                   paged(map, 15, 16, trace::kMapFile), paged(protect, 0, 31, 0), paged(protect, 0, 31, 1)}));
  EXPECT_EQ(booked.process.live_bytes, 3 * kPage);
}

TEST(Bookkeeper, MovedMappingsKeepTheirKind) {
  using enum EventKind;
  const auto move = [](std::uint64_t from, std::int64_t pages, std::uint64_t to, std::int64_t count) {
    return std::vector{paged(remap_out, from, pages), paged(remap_in, to, count)};
  };
  std::vector<Event> events{paged(map, 0, 10, 1), paged(map, 20, 10, 0),
                            paged(map, 40, 10, trace::kMapFile | 1)};
  for (const auto& part : {move(0, 10, 0, 15), move(0, 15, 100, 5), move(20, 10, 200, 20),
                           move(40, 4, 300, 4), move(44, 6, 44, 2), move(500, 1, 600, 1)})
    events.insert(events.end(), part.begin(), part.end());
  check(timed(events));
}

TEST(Bookkeeper, ThreadStacks) {
  using enum EventKind;
  const Booked booked =
      check(timed({event(stack, 7, 4000), event(stack, 8, 5000), event(stack_end, 7), event(stack_end, 9),
                   event(alloc, 64, 1), event(stack_end, 8), event(stack, 9, 6000)}));
  EXPECT_EQ(booked.process.allocated_bytes, 1u) << "stacks are no heap";
}

TEST(Bookkeeper, TheBreakGrowsAndShrinks) {
  using enum EventKind;
  const Booked booked = check(timed({paged(brk, 50, 4), paged(brk, 54, 4), paged(brk, 58, -1),
                                     paged(brk, 57, -4), paged(brk, 53, 10), paged(brk, 63, -13)}));
  EXPECT_EQ(booked.process.live_bytes, 0u);
  EXPECT_EQ(booked.process.peak_bytes, 13 * kPage);
}

TEST(Bookkeeper, RandomMappings) {
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    std::vector<Event> events;
    const auto add = [&](Event e) {
      e.site = static_cast<std::uint32_t>(1 + random() % 3),
      e.thread = static_cast<std::uint32_t>(random() % 3);
      events.push_back(e);
    };
    std::uint64_t end = 1000;  // of the program's break
    for (int i = 0; i < 1500; ++i) {
      const std::uint64_t page = random() % 64, to = random() % 64;
      const auto pages = static_cast<std::int64_t>(1 + random() % 12),
                 size = static_cast<std::int64_t>(1 + random() % 12);
      const auto flags = static_cast<std::uint16_t>(random() % 3 == 0 ? random() % 16 : random() % 2);
      switch (random() % 10) {
        case 0:
        case 1:
        case 2:
          add(paged(EventKind::map, page, pages, flags));
          break;
        case 3:
        case 4:
          add(paged(EventKind::unmap, page, pages));
          break;
        case 5:
        case 6:
          add(paged(EventKind::protect, page, pages, flags & 1));
          break;
        case 7:
          add(paged(EventKind::remap_out, page, pages)), add(paged(EventKind::remap_in, to, size));
          break;
        case 8: {
          const std::int64_t change =
              end > 1000 && random() % 2 == 0
                  ? -std::min<std::int64_t>(pages, static_cast<std::int64_t>(end - 1000))
                  : pages;
          add(paged(EventKind::brk, end, change));
          end += static_cast<std::uint64_t>(change);
          break;
        }
        case 9:
          add(event(EventKind::stack, static_cast<std::uint64_t>(i), random() % 9000));
          add(event(EventKind::stack_end, random() % static_cast<std::uint64_t>(i + 1)));
          break;
      }
    }
    check(timed(events), 3);
    if (HasFailure()) return;
  }
}

// -------------------------------------------------------------------------------------------- hostile

/// What a reader lets through need not make sense together.
TEST(Bookkeeper, AnyPlausibleEventsAreSurvived) {
  std::mt19937_64 random(1);
  const std::uint64_t odd[] = {1, 8, kPage, 0x7fff'ffff'f000, std::uint64_t{1} << 56, (std::uint64_t{1} << 57) - 1};
  std::vector<Event> events;
  for (int i = 0; i < 20'000; ++i) {
    const auto number = [&] { return random() % 3 == 0 ? odd[random() % std::size(odd)] : kPage * (1 + random() % 20); };
    Event e = event(static_cast<EventKind>(random() % 11), number(), number(), static_cast<std::uint16_t>(random()));
    if (e.kind == EventKind::brk && random() % 2 == 0) e.size = 0 - (e.address % e.size);
    if (e.kind == EventKind::protect) e.flags &= 1;
    e.inner = random() % 2 == 0, e.time_us = random() % 50 == 0 ? random() >> 10 : 0;
    events.push_back(e);
  }
  EXPECT_GE(book(events).rows.size(), 1000u);
}

}  // namespace
}  // namespace heapledger::ledger
