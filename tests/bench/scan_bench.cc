// How fast a ledger is scanned, and in how much memory: makes a ledger of many blocks, then profiles it.
//   scan_bench LEDGER [ROWS]     writes LEDGER when it does not exist, then measures
// Prints, for each kind of question, blocks per second, processor time a block and the greatest resident
// size.
#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include "../../analyzer/ledger/reader.h"
#include "../../analyzer/ledger/writer.h"
#include "../../analyzer/query/profile.h"

namespace {

using heapledger::ledger::Reader;
using heapledger::ledger::Writer;
using heapledger::query::Filter;

constexpr std::uint32_t kSites = 5000;
constexpr std::uint32_t kThreads = 4;

void write_sites(Writer& writer) {
  const std::uint32_t file = writer.string("app.py");
  std::uint32_t node = 0;
  for (std::uint32_t s = 0; s < kSites; ++s) {
    const std::uint32_t function = writer.string(fmt::format("function_{}", s / 10));
    const std::uint32_t parent = s % 30 == 0 ? 0 : node;
    node = writer.node(parent, writer.frame({function, file, s, s / 10 * 10}));
    writer.site(
        {node, heapledger::trace::Api::py_obj_malloc, heapledger::ledger::Account::python_object, false});
  }
}

struct Alive {
  std::uint64_t row;
  std::uint64_t size;
};

/// Most blocks die young, one in eight lives long; the program grows for half of the time and shrinks then.
void write(const std::string& path, std::uint64_t rows) {
  Writer writer(path);
  write_sites(writer);
  writer.begin_process();
  std::mt19937_64 random(1);
  heapledger::ledger::Process process;
  std::vector<Alive> alive;
  std::uint64_t live = 0;
  std::uint32_t thread = 0, site = 1;
  for (std::uint64_t row = 0; row < rows; ++row) {
    if (row % 3000 == 0) writer.time(row / 3);
    const std::uint64_t r = random();
    if (r % 64 == 0) thread = static_cast<std::uint32_t>(r >> 40) % kThreads;
    if (r % 4 == 0) site = 1 + static_cast<std::uint32_t>(r >> 20) % (r % 16 == 0 ? kSites : 100);
    const std::uint64_t size = 16 + (site * 8) % 500;
    alive.push_back({writer.row(site, thread, size), size});
    live += size;
    if (live > process.peak_bytes) process.peak_bytes = live, process.peak_row = row;
    const unsigned deaths = (r >> 8) % 16 < (row < rows / 2 ? 14 : 15) ? 1 : row < rows / 2 ? 0 : 2;
    for (unsigned d = 0; d < deaths && !alive.empty(); ++d) {
      const std::size_t i = (r >> 50) % 4 != 0 ? alive.size() - 1 : (r >> 12) % alive.size();
      writer.death(alive[i].row);
      live -= alive[i].size;
      alive[i] = alive.back();
      alive.pop_back();
    }
  }
  process.duration_us = rows / 3;
  for (std::uint32_t t = 0; t < kThreads; ++t) process.threads.push_back({t, "t"});
  writer.end_process(process);
  writer.finish({});
}

void forget_resident() { std::ofstream("/proc/self/clear_refs") << "5"; }

double resident_mib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::strtod(line.c_str() + 6, nullptr) / 1024;
  }
  return 0;
}

double processor_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

void measure(const char* name, const std::string& path, const Filter& filter) {
  forget_resident();
  const auto start = std::chrono::steady_clock::now();
  const double processor_start = processor_seconds();
  const Reader reader(path);
  const heapledger::query::Slots slots(reader);
  const auto profile = heapledger::query::profile(reader, slots, {filter, {}}, {});
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const auto rows = static_cast<double>(reader.row_count(0));
  fmt::print(
      "{:<26}{:7.2f} s {:6.1f} M blocks/s {:6.1f} ns CPU a block   peak {:>11} bytes   RSS {:6.1f} MiB\n",
      name, seconds, rows / seconds / 1e6, (processor_seconds() - processor_start) / rows * 1e9,
      profile.moment.bytes, resident_mib());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const std::string path = argv[1];
  if (!std::filesystem::exists(path))
    write(path, argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 20'000'000);
  const Reader reader(path);
  fmt::print(
      "{} rows, {:.2f} B a row\n", reader.row_count(0),
      static_cast<double>(std::filesystem::file_size(path)) / static_cast<double>(reader.row_count(0)));
  Filter thread, function;
  thread.threads = {"1"};
  function.functions = {"function_1*"};
  measure("whole (stored peak)", path, {});
  measure("one thread (peak search)", path, thread);
  measure("functions (peak search)", path, function);
}
