// Cost of a ledger: nanoseconds and bytes a row when it is written, rows per second when it is decoded.
// The streams come from a simulated program, made before the clock runs; what was found:
// analyzer/ledger/README.md.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "../../analyzer/ledger/reader.h"
#include "../../analyzer/ledger/writer.h"

namespace {

using heapledger::ledger::Process;
using heapledger::ledger::Reader;
using heapledger::ledger::Writer;

constexpr std::uint32_t kFunctions = 300;
constexpr std::uint32_t kSteps = 6;      ///< allocations a function makes in one pass
constexpr std::uint32_t kContexts = 10;  ///< callers that each function has: sites differ by caller
constexpr std::uint32_t kSites = kFunctions * kSteps * kContexts;

/// What kind of program: shares of allocations, the rest are temporaries that die with their function.
struct Program {
  const char* name;
  double returned;       ///< die with the caller
  double kept;           ///< live in a pool until another block takes their place
  double random_sizes;   ///< steps whose size is drawn anew each time
  std::size_t pool;      ///< blocks
  bool random_eviction;  ///< from the pool; otherwise the oldest goes
};

const Program kPrograms[] = {
    {"temporaries", 0.1, 0.0, 0.05, 1, false},
    {"cache", 0.1, 0.2, 0.2, 100'000, false},
    {"mixed", 0.2, 0.1, 0.2, 200'000, true},
    {"random", 0.2, 0.5, 0.8, 200'000, true},
};

/// A birth (site, size), or the death of an earlier row (site 0, row in `size`).
struct Event {
  std::uint32_t site;
  std::uint64_t size;
};

/// Runs functions that call each other in loops and notes what they allocate.
class Simulation {
 public:
  Simulation(const Program& program, std::uint64_t rows) : program_(program), rows_(rows) {
    std::vector<std::uint64_t> results;
    while (born_ < rows_) {
      call(0, static_cast<std::uint32_t>(random_() % kFunctions), 0, results);
      kill(results);
    }
  }
  std::vector<Event> events;

 private:
  double share() { return std::uniform_real_distribution<>(0, 1)(random_); }

  /// The same step of the same function decides the same way, as code does.
  double trait(std::uint32_t function, std::uint32_t step, std::uint32_t which) const {
    std::minstd_rand random(1 + function * 1000 + step * 10 + which);
    random.discard(3);
    return std::uniform_real_distribution<>(0, 1)(random);
  }

  void kill(std::vector<std::uint64_t>& rows) {
    for (; !rows.empty(); rows.pop_back()) events.push_back({0, rows.back()});
  }

  void keep(std::uint64_t row) {
    if (pool_.size() < program_.pool) {
      pool_.push_back(row);
      return;
    }
    const std::size_t i = program_.random_eviction ? random_() % pool_.size() : oldest_++ % pool_.size();
    events.push_back({0, pool_[i]});
    pool_[i] = row;
  }

  void call(unsigned depth, std::uint32_t function, std::uint32_t caller,
            std::vector<std::uint64_t>& results) {
    const std::uint64_t passes = 1 + random_() % (1 + function % 7);
    for (std::uint64_t pass = 0; pass < passes && born_ < rows_; ++pass) {
      std::vector<std::uint64_t> locals;
      for (std::uint32_t step = 0; step < kSteps; ++step) {
        allocate(function, step, caller, locals, results);
        if (depth < 6 && trait(function, step, 3) < 0.3 && share() < 0.7) {
          call(depth + 1, (function * 7 + step) % kFunctions, function, locals);
        }
      }
      kill(locals);
    }
  }

  void allocate(std::uint32_t function, std::uint32_t step, std::uint32_t caller,
                std::vector<std::uint64_t>& locals, std::vector<std::uint64_t>& results) {
    const std::uint32_t site = 1 + (function * kSteps + step) * kContexts + caller % kContexts;
    const bool drawn = trait(function, step, 1) < program_.random_sizes;
    const std::uint64_t size = drawn ? 16 + random_() % 2000 : 16 + 8 * (site / kContexts % 60);
    events.push_back({site, size});
    const std::uint64_t row = born_++;
    const double fate = trait(function, step, 2);
    if (fate < program_.kept) {
      keep(row);
    } else {
      (fate < program_.kept + program_.returned ? results : locals).push_back(row);
    }
  }

  const Program& program_;
  std::uint64_t rows_, born_ = 0;
  std::mt19937_64 random_{1};
  std::vector<std::uint64_t> pool_;
  std::size_t oldest_ = 0;
};

constexpr std::uint64_t kRows = 3'000'000;

const std::vector<Event>& events_of(std::size_t program) {
  static std::vector<Event> events[std::size(kPrograms)];
  if (events[program].empty()) events[program] = Simulation(kPrograms[program], kRows).events;
  return events[program];
}

void add_sites(Writer& writer) {
  for (std::uint32_t i = 0; i < kSites; ++i) {
    const std::uint32_t frame = writer.frame({writer.string(fmt::format("f{}", i / kSteps)), 0, i, 1});
    writer.site({writer.node(i % 50 == 0 ? 0 : i, frame), heapledger::trace::Api::malloc});
  }
}

std::string path_of(std::size_t program) {
  return (std::filesystem::temp_directory_path() / fmt::format("ledger_bench-{}-{}.hl", ::getpid(), program))
      .string();
}

void write_events(Writer& writer, const std::vector<Event>& events) {
  writer.begin_process();
  for (const Event& e : events) {
    if (e.site != 0) {
      writer.row(e.site, 0, e.size);
    } else {
      writer.death(e.size);
    }
  }
}

benchmark::Counter time_of(std::uint64_t things) {
  return {static_cast<double>(things), benchmark::Counter::kIsRate | benchmark::Counter::kInvert};
}

/// row(), death() and end_process(): everything that grows with the rows.
void write_rows(benchmark::State& state) {
  const auto program = static_cast<std::size_t>(state.range(0));
  const auto& events = events_of(program);
  const std::string path = path_of(program);
  Process process;
  process.threads.resize(1);
  for (auto _ : state) {
    state.PauseTiming();
    Writer writer(path);
    add_sites(writer);
    state.ResumeTiming();
    write_events(writer, events);
    writer.end_process(process);
    state.PauseTiming();
    writer.finish({});
    state.ResumeTiming();
  }
  const auto deaths = static_cast<double>(events.size() - kRows);
  state.SetLabel(kPrograms[program].name);
  state.counters["time/row"] = time_of(state.iterations() * kRows);
  state.counters["deaths/row"] = deaths / static_cast<double>(kRows);
  state.counters["B/row"] =
      static_cast<double>(std::filesystem::file_size(path)) / static_cast<double>(kRows);
}

/// All columns of all groups, in one thread. Reads what write_rows left.
void decode_rows(benchmark::State& state) {
  const auto program = static_cast<std::size_t>(state.range(0));
  const Reader reader(path_of(program));
  Reader::Buffer buffer;
  for (auto _ : state) {
    for (std::size_t g = 0; g < reader.group_count(0); ++g)
      benchmark::DoNotOptimize(reader.group(0, g, buffer));
  }
  state.SetLabel(kPrograms[program].name);
  state.counters["rows/s"] =
      benchmark::Counter(static_cast<double>(state.iterations() * kRows), benchmark::Counter::kIsRate);
}

/// Dictionary look-ups of values that are there already, as packing does for every new site of every thread.
void intern_again(benchmark::State& state) {
  const std::string path = path_of(99);
  Writer writer(path);
  add_sites(writer);
  for (auto _ : state) add_sites(writer);
  state.counters["time/site"] = time_of(state.iterations() * kSites);
}

BENCHMARK(write_rows)->DenseRange(0, std::size(kPrograms) - 1)->Unit(benchmark::kMillisecond);
BENCHMARK(decode_rows)->DenseRange(0, std::size(kPrograms) - 1)->Unit(benchmark::kMillisecond);
BENCHMARK(intern_again)->Unit(benchmark::kMillisecond);

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  for (std::size_t i = 0; i < std::size(kPrograms); ++i) std::filesystem::remove(path_of(i));
}
