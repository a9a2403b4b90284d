// The parallel loop over groups of rows.
#include "scan.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

namespace heapledger::query {

namespace {

struct Task {
  std::size_t process;
  std::size_t group;
};

/// What the workers of one scan share.
struct Shared {
  const ledger::Reader& reader;
  const Effort& effort;
  const VisitFn& visit;
  std::vector<Task> tasks;
  std::atomic<std::uint64_t> done{0};
  std::atomic<bool> stop{false};
  std::mutex mutex;
  std::exception_ptr error;  ///< under mutex
};

void visit_run(Shared& shared, unsigned worker, std::size_t begin, std::size_t end) {
  ledger::Reader::Buffer buffer;
  for (std::size_t i = begin; i < end && !shared.stop.load(std::memory_order_relaxed); ++i) {
    const Task& task = shared.tasks[i];
    shared.visit(worker, task.process, shared.reader.group(task.process, task.group, buffer));
    const auto done = shared.done.fetch_add(1, std::memory_order_relaxed) + 1;
    if (worker == 0 && shared.effort.progress) shared.effort.progress(done, shared.tasks.size());
  }
}

void work(Shared& shared, unsigned worker, unsigned workers) noexcept {
  const std::size_t count = shared.tasks.size();
  try {
    visit_run(shared, worker, count * worker / workers, count * (worker + 1) / workers);
  } catch (...) {
    shared.stop = true;
    const std::lock_guard lock(shared.mutex);
    if (!shared.error) shared.error = std::current_exception();
  }
}

}  // namespace

unsigned workers_for(std::uint64_t state_bytes) {
  constexpr std::uint64_t kStateBudget = 64 * 1024 * 1024;
  const std::uint64_t affordable = kStateBudget / std::max<std::uint64_t>(state_bytes, 1);
  const std::uint64_t processors = std::clamp(std::thread::hardware_concurrency(), 1u, 16u);
  return static_cast<unsigned>(std::clamp<std::uint64_t>(affordable, 1, processors));
}

void scan(const ledger::Reader& reader, std::span<const std::size_t> processes, const Effort& effort,
          const VisitFn& visit) {
  Shared shared{reader, effort, visit, {}, {}, {}, {}, {}};
  for (const std::size_t process : processes) {
    for (std::size_t g = 0; g < reader.group_count(process); ++g) shared.tasks.push_back({process, g});
  }
  const unsigned workers = std::max(effort.workers, 1u);
  std::vector<std::thread> threads;
  for (unsigned w = 1; w < workers; ++w) threads.emplace_back(work, std::ref(shared), w, workers);
  work(shared, 0, workers);
  for (std::thread& thread : threads) thread.join();
  if (shared.error) std::rethrow_exception(shared.error);
}

}  // namespace heapledger::query
