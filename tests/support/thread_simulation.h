// Threads that trade blocks, one step of one thread at a time, recorded as the shim would: a seeded generator of raw
// traces that knows what really happened.
//
// An operation is a row of steps (stamp, the real call, the record) and the scheduler may stop a thread between any two
// of them, so that stamps, real calls and records of different threads interleave as they do in a program. The allocator
// hands out the block freed last: addresses change their owner all the time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <utility>
#include <vector>

#include "trace_builder.h"

namespace heapledger::support {

/// Something that really happened to a block. `place`: the position of its event among those of its lane.
struct Happening {
  bool is_free = false;
  std::uint32_t lane = 0;
  std::uint64_t address = 0, size = 0;
  std::uint32_t site = 0;
  std::uint64_t time_us = 0;  ///< as recorded
  std::uint32_t period = 0;   ///< see Simulation::run
  std::size_t place = 0;
  bool recorded = false;
};

struct Shape {
  std::uint32_t threads = 4;
  std::uint32_t regions = 4;   ///< of 64 KiB that addresses come from: 1 is contention in one shard
  std::uint32_t slots = 64;    ///< addresses a region
  double tick = 0.01;          ///< probability that the coarse clock moves on after a step
  std::uint64_t tick_us = 4000;
  std::uint32_t stalled = 0;   ///< so many threads stop for good somewhere in an operation
};

class Simulation {
 public:
  Simulation(const Shape& shape, std::uint64_t seed) : shape_(shape), random_(seed), threads_(shape.threads) {
    for (std::uint32_t region = 0; region < shape.regions; ++region)
      for (std::uint32_t slot = 0; slot < shape.slots; ++slot)
        free_.push_back(0x7f00'0000'0000 + (std::uint64_t{region} << 16) + 64 * slot);
    for (std::uint32_t i = 0; i < shape.threads; ++i) {
      threads_[i].lane = i;
      for (std::uint32_t site = 1; site <= kSites; ++site) trace.lane(i).site(Api::malloc, 0, 0, site);
    }
  }

  /// Runs the first `threads` threads for so many steps, finishes what they began, and lets the clock move on: events of
  /// different calls (periods) have different times.
  void run(std::uint32_t threads, std::uint64_t steps) {
    run_and_kill(threads, steps);
    for (Thread& thread : threads_)
      while (!thread.stalled && thread.step != Step::choose) advance(thread);
    now_us_ += 2 * shape_.tick_us;
    ++period_;
  }

  /// The same, but the process is killed behind the last step: what was not recorded by then is lost.
  void run_and_kill(std::uint32_t threads, std::uint64_t steps) {
    for (std::uint64_t i = 0; i < steps; ++i) {
      Thread& thread = threads_[below(threads)];
      if (stalled_ < shape_.stalled && thread.step != Step::choose && below(200) == 0)
        thread.stalled = true, ++stalled_;
      if (!thread.stalled) advance(thread);
      if (chance(shape_.tick)) now_us_ += shape_.tick_us;
    }
  }

  static constexpr std::uint32_t kSites = 5;

  TraceBuilder trace;
  std::vector<Happening> happenings;  ///< in their true order; those with `recorded` are in the trace

  /// Stamps that are in no record although a later one of their shard is.
  [[nodiscard]] std::uint64_t missing_stamps() const {
    std::uint64_t missing = 0;
    for (const auto& [shard, recorded] : recorded_) missing += recorded.last + 1 - recorded.count;
    return missing;
  }

 private:
  enum class Step { choose, real, stamp, record, give_back };
  enum class Call { alloc, free, late_free, realloc, failed_realloc };
  struct Thread {
    std::uint32_t lane = 0;
    bool stalled = false;
    Step step = Step::choose;
    Call call = Call::alloc;
    std::uint64_t old = 0, block = 0, size = 0;
    std::uint32_t site = 0, before = 0, after = 0;
    std::size_t died = 0, born = 0;  ///< positions in happenings
    std::size_t events = 0;          ///< recorded by its lane
  };

  std::uint64_t below(std::uint64_t n) { return std::uniform_int_distribution<std::uint64_t>(0, n - 1)(random_); }
  bool chance(double p) { return std::bernoulli_distribution(p)(random_); }

  void advance(Thread& t) {
    switch (t.step) {
      case Step::choose: return choose(t);
      case Step::real: return real(t);
      case Step::stamp:
        t.after = trace.stamps().take_for(t.block);
        t.step = Step::record;
        return;
      case Step::record: return record(t);
      case Step::give_back:
        free_.push_back(t.old);
        t.step = Step::choose;
        return;
    }
  }

  /// Begins an operation; one that ends a block takes its stamp first.
  void choose(Thread& t) {
    t.site = static_cast<std::uint32_t>(1 + below(kSites));
    t.size = below(50) == 0 ? random_() >> 20 : 1 + below(4096);
    const bool can_take = !shared_.empty();
    t.call = !can_take || (below(5) < 2 && !free_.empty()) ? Call::alloc
             : below(3) != 0                               ? Call::free
             : below(8) == 0                               ? Call::late_free
             : below(4) == 0                               ? Call::failed_realloc
                                                           : Call::realloc;
    t.step = Step::real;
    if (t.call == Call::alloc) return;
    const std::size_t i = below(shared_.size());
    t.old = std::exchange(shared_[i], shared_.back());
    shared_.pop_back();
    t.before = trace.stamps().take_for(t.old);
    if (t.call == Call::free) t.died = happened(t, true, t.old), t.step = Step::record;
  }

  std::size_t happened(const Thread& t, bool is_free, std::uint64_t address) {
    happenings.push_back({is_free, t.lane, address, is_free ? 0 : t.size, is_free ? 0 : t.site, 0, period_});
    return happenings.size() - 1;
  }

  void take_block(Thread& t) {
    t.block = free_.back();
    free_.pop_back();
    t.born = happened(t, false, t.block);
    t.step = Step::stamp;
  }

  void real(Thread& t) {
    switch (t.call) {
      case Call::alloc:
        if (free_.empty()) t.step = Step::choose;
        else take_block(t);
        return;
      case Call::realloc:  // in place, to another block, or without success
        if (free_.empty()) t.call = Call::failed_realloc, t.step = Step::record;
        else t.died = happened(t, true, t.old), move_block(t);
        return;
      case Call::late_free:
        t.died = happened(t, true, t.old);
        free_.push_back(t.old);
        t.step = Step::record;
        return;
      case Call::free:
      case Call::failed_realloc: t.step = Step::record; return;
    }
  }
  void move_block(Thread& t) {
    if (below(3) == 0) free_.push_back(t.old);  // taken again at once: grown in place
    else free_.insert(free_.begin() + static_cast<std::ptrdiff_t>(below(free_.size())), t.old);
    take_block(t);
  }

  void written(Thread& t, std::size_t happening, std::uint32_t stamp) {
    Happening& h = happenings[happening];
    h.recorded = true, h.time_us = now_us_, h.place = t.events;
    count_stamp(t, h.address, stamp);
  }
  void count_stamp(Thread& t, std::uint64_t address, std::uint32_t stamp) {
    Recorded& r = recorded_[trace::shard_of(address)];
    ++r.count, ++t.events;
    r.last = std::max(r.last, stamp);
  }

  void record(Thread& t) {
    LaneBuilder& lane = trace.lane(t.lane).at(now_us_);
    t.step = Step::choose;
    switch (t.call) {
      case Call::alloc:
        lane.alloc(t.site, t.block, t.size, t.after);
        written(t, t.born, t.after);
        return shared_.push_back(t.block);
      case Call::free:
        t.step = Step::give_back;
        [[fallthrough]];
      case Call::late_free:
        lane.free(t.old, 0, t.before);
        return written(t, t.died, t.before);
      case Call::realloc:
        lane.realloc(t.site, t.old, t.block, t.size, t.before, t.after);
        written(t, t.died, t.before);
        written(t, t.born, t.after);
        return shared_.push_back(t.block);
      case Call::failed_realloc:
        lane.void_stamp(t.old, t.before);
        count_stamp(t, t.old, t.before);
        return shared_.push_back(t.old);
    }
  }

  struct Recorded {
    std::uint32_t count = 0, last = 0;
  };

  Shape shape_;
  std::mt19937_64 random_;
  std::vector<Thread> threads_;
  std::vector<std::uint64_t> free_;    ///< of the allocator, last in first out
  std::vector<std::uint64_t> shared_;  ///< blocks that any thread may free
  std::map<std::uint32_t, Recorded> recorded_;  ///< stamps by shard
  std::uint64_t now_us_ = 0;
  std::uint32_t period_ = 0, stalled_ = 0;
};

}  // namespace heapledger::support
