// Random ledgers kept in memory, and the slow, obvious answers that queries are compared with.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "../../../analyzer/query/profile.h"
#include "../ledger/ledger_oracle.h"

namespace heapledger::query::testing {

using ledger::testing::TempFolder;

/// A row with what it means spelled out.
struct Block {
  std::size_t process = 0;
  std::uint64_t row = 0;
  std::uint32_t site = 0;
  std::uint32_t thread = 0;
  std::uint64_t size = 0;
  std::uint64_t death = kNever;  ///< position in its process
  std::uint64_t born_us = 0;     ///< of the session
};

struct World {
  std::vector<ledger::Process> processes;
  std::vector<std::vector<Block>> blocks;  ///< by process; ticks included
  std::vector<ledger::Frame> frames;
  std::vector<ledger::Node> nodes{{}};
  std::vector<ledger::Site> sites{{}};
  std::vector<std::string> strings{""};
};

struct WorldShape {
  std::uint64_t seed = 1;
  std::size_t processes = 1;
  std::uint64_t rows = 2000;  ///< of each process, about
  std::uint32_t threads = 3;
  std::uint32_t sites = 30;
  double keep = 0.3;     ///< how much lives long
  bool plateau = false;  ///< steady state: many moments that are nearly the peak
};

using Wanted = std::function<bool(const Block&)>;

class WorldWriter {
 public:
  WorldWriter(const std::string& path, const WorldShape& shape)
      : writer_(path), shape_(shape), random_(shape.seed) {
    dictionaries();
    for (std::size_t p = 0; p < shape.processes; ++p) process(p);
    writer_.finish({});
  }
  World world;

 private:
  std::uint64_t below(std::uint64_t n) {
    return std::uniform_int_distribution<std::uint64_t>(0, n - 1)(random_);
  }

  void dictionaries() {
    for (const char* text : {"main", "load", "parse", "work", "app.py", "/usr/lib/python3.11/json/decoder.py",
                             "<frozen importlib._bootstrap>", "lib/worker.py"}) {
      writer_.string(text);
      world.strings.emplace_back(text);
    }
    for (std::uint32_t i = 0; i < shape_.sites; ++i) {
      const auto function = static_cast<std::uint32_t>(1 + below(4));
      const ledger::Frame frame{function, static_cast<std::uint32_t>(5 + below(4)), i + 1, function * 10};
      writer_.frame(frame);
      world.frames.push_back(frame);
      const ledger::Node node{static_cast<std::uint32_t>(below(world.nodes.size())), i};
      writer_.node(node.parent, node.frame);
      world.nodes.push_back(node);
    }
    for (std::uint32_t i = 0; i < shape_.sites; ++i) {
      const auto account =
          static_cast<ledger::Account>(below(3) != 0 ? below(3) : below(ledger::kAccountCount));
      const ledger::Site site{static_cast<std::uint32_t>(below(world.nodes.size())),
                              static_cast<trace::Api>(below(trace::kApiCount)), account, below(12) == 0};
      const std::uint32_t number = writer_.site(site);
      if (number == world.sites.size()) world.sites.push_back(site);
    }
  }

  void process(std::size_t number);
  void row(std::vector<Block>& blocks, std::size_t number, std::uint64_t now_us);
  void free_some(std::vector<Block>& blocks);
  void totals(ledger::Process& process, const std::vector<Block>& blocks, std::uint64_t offset_us) const;

  ledger::Writer writer_;
  WorldShape shape_;
  std::mt19937_64 random_;
  std::vector<std::uint64_t> alive_;
};

/// Where every block of a session comes to life or goes, in the order that Timeline defines.
struct Change {
  std::uint64_t time_us;
  std::size_t process;
  std::uint64_t row;
};

inline std::vector<Change> changes_of(const World& world) {
  std::vector<Change> changes;
  for (std::size_t p = 0; p < world.processes.size(); ++p) {
    const std::uint64_t offset =
        (world.processes[p].start_monotonic_ns - world.processes[0].start_monotonic_ns) / 1000;
    for (const Block& b : world.blocks[p]) changes.push_back({b.born_us, p, b.row});
    changes.push_back({offset + world.processes[p].duration_us, p, world.blocks[p].size()});
  }
  std::sort(changes.begin(), changes.end(), [](const Change& a, const Change& b) {
    return std::tie(a.time_us, a.process, a.row) < std::tie(b.time_us, b.process, b.row);
  });
  return changes;
}

struct BrutePeak {
  std::uint64_t bytes = 0;
  std::uint64_t time_us = 0;
  std::size_t change = 0;                      ///< number of the change that brought it
  std::vector<std::set<std::uint64_t>> alive;  ///< by process: rows alive then
};

/// Replays block by block; calls judge(number of the change, live bytes, rows alive by process) after each
/// one.
template <class Judge>
void replay(const World& world, const Wanted& wanted, const std::vector<Change>& changes, Judge judge) {
  std::vector<std::multimap<std::uint64_t, std::uint64_t>> deaths(world.processes.size());
  std::vector<std::set<std::uint64_t>> alive(world.processes.size());
  std::uint64_t live = 0;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const Change& c = changes[i];
    const auto& blocks = world.blocks[c.process];
    auto& queue = deaths[c.process];
    const auto bury = [&](std::uint64_t row) {
      if (alive[c.process].erase(row) != 0) live -= blocks[row].size;
    };
    for (; !queue.empty() && queue.begin()->first <= c.row; queue.erase(queue.begin()))
      bury(queue.begin()->second);
    if (c.row == blocks.size()) {
      while (!alive[c.process].empty()) bury(*alive[c.process].begin());
    } else if (wanted(blocks[c.row])) {
      live += blocks[c.row].size;
      alive[c.process].insert(c.row);
      if (blocks[c.row].death != kNever) queue.emplace(blocks[c.row].death, c.row);
    }
    if (!judge(i, live, alive)) return;
  }
}

/// Peak of some processes together, by replaying twice: to find the moment, and to see what is alive then.
inline BrutePeak brute_peak(const World& world, const Wanted& wanted,
                            const std::vector<std::size_t>& processes) {
  std::vector<Change> changes = changes_of(world);
  std::erase_if(changes,
                [&](const Change& c) { return std::ranges::find(processes, c.process) == processes.end(); });
  BrutePeak best;
  best.alive.resize(world.processes.size());
  replay(world, wanted, changes, [&](std::size_t i, std::uint64_t live, const auto&) {
    if (live > best.bytes) best.bytes = live, best.change = i, best.time_us = changes[i].time_us;
    return true;
  });
  if (best.bytes == 0) return best;
  replay(world, wanted, changes, [&](std::size_t i, std::uint64_t, const auto& alive) {
    if (i == best.change) best.alive = alive;
    return i < best.change;
  });
  return best;
}

/// Whether a heap allocation is freed before the next one of its thread.
inline bool brute_temporary(const World& world, const Block& block) {
  const auto counts = [&](const Block& b) {
    return b.site != 0 && !world.sites[b.site].continuation && is_heap(world.sites[b.site].account);
  };
  if (!counts(block) || block.death == kNever) return false;
  const auto& blocks = world.blocks[block.process];
  for (std::uint64_t r = block.row + 1; r < block.death && r < blocks.size(); ++r) {
    if (blocks[r].thread == block.thread && counts(blocks[r])) return false;
  }
  return true;
}

inline void WorldWriter::free_some(std::vector<Block>& blocks) {
  const double share = shape_.plateau && alive_.size() > 50 ? 0.6 : 0.5 - shape_.keep / 2;
  while (!alive_.empty() && std::uniform_real_distribution<>(0, 1)(random_) < share) {
    const std::size_t i = below(3) != 0 ? alive_.size() - 1 : below(alive_.size());
    writer_.death(alive_[i]);
    blocks[alive_[i]].death = blocks.size();
    alive_.erase(alive_.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

inline void WorldWriter::row(std::vector<Block>& blocks, std::size_t number, std::uint64_t now_us) {
  Block b;
  b.process = number;
  b.row = blocks.size();
  b.site = below(20) == 0 ? 0 : static_cast<std::uint32_t>(below(world.sites.size()));
  b.thread = static_cast<std::uint32_t>(below(shape_.threads));
  b.size = b.site == 0 ? 0 : below(below(50) == 0 ? 100'000 : 300);
  b.born_us = now_us;
  writer_.row(b.site, b.thread, b.size);
  blocks.push_back(b);
  if (b.site != 0) alive_.push_back(b.row);
}

/// What pack stores, computed by replay.
inline void WorldWriter::totals(ledger::Process& process, const std::vector<Block>& blocks,
                                std::uint64_t offset_us) const {
  World one;
  one.sites = world.sites;
  one.processes = {process};
  one.blocks = {blocks};
  for (Block& b : one.blocks[0]) b.process = 0, b.born_us -= offset_us;
  const BrutePeak peak =
      brute_peak(one, [&](const Block& b) { return b.site != 0 && is_heap(one.sites[b.site].account); }, {0});
  process.peak_bytes = peak.bytes;
  process.peak_row = peak.bytes == 0 ? 0 : *peak.alive[0].rbegin();
}

inline void WorldWriter::process(std::size_t number) {
  ledger::Process process;
  process.pid = static_cast<std::uint32_t>(4000 + number);
  process.start_monotonic_ns = 1'000'000'000 + number * below(20'000'000);
  process.stacks = trace::StackState::verified;
  for (std::uint32_t t = 0; t < shape_.threads; ++t)
    process.threads.push_back({100 + t, fmt::format("T{}", t)});
  const std::uint64_t offset_us =
      number == 0 ? 0 : (process.start_monotonic_ns - world.processes[0].start_monotonic_ns) / 1000;
  writer_.begin_process();
  std::vector<Block> blocks;
  alive_.clear();
  std::uint64_t now_us = 0;
  const std::uint64_t rows = shape_.rows == 0 ? 0 : shape_.rows / 2 + below(shape_.rows);
  while (blocks.size() < rows) {
    if (below(20) == 0) writer_.time(now_us += 1 + below(1500));
    row(blocks, number, offset_us + now_us);
    free_some(blocks);
  }
  process.duration_us = now_us + below(3000);
  totals(process, blocks, offset_us);
  writer_.end_process(process);
  world.processes.push_back(process);
  world.blocks.push_back(std::move(blocks));
}

/// A random ledger, read and profiled whole.
struct Profiled {
  explicit Profiled(const WorldShape& shape)
      : world(WorldWriter(folder / "w.hl", shape).world),
        reader(folder / "w.hl"),
        slots(reader),
        profile(query::profile(reader, slots, {}, {})) {}
  TempFolder folder;
  World world;
  ledger::Reader reader;
  Slots slots;
  Profile profile;
};

}  // namespace heapledger::query::testing
