// When to sample, and whom.
#include "rss_sampler.h"

#include <sys/stat.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "output.h"

namespace heapledger::record {
namespace {

constexpr std::uint64_t kMillisecond = 1'000'000;
constexpr std::uint64_t kShortestPause = 10 * kMillisecond;
constexpr std::uint64_t kLongestPause = 1000 * kMillisecond;
constexpr std::uint64_t kPausePerProcess = 1 * kMillisecond;
/// A pause is this part of the time so far, so that a run of four minutes has 1,400 samples, and any plot
/// enough points.
constexpr std::uint64_t kSamplesPerRun = 250;
/// Readings are written in bundles: what a killed recorder loses at most.
constexpr std::uint64_t kWritePause = 100 * kMillisecond;
/// File systems stamp changes with a clock of some milliseconds: a change within that time of a listing may
/// be hidden.
constexpr std::int64_t kStampGrain = 50 * static_cast<std::int64_t>(kMillisecond);

/// A folder with the traces of a hundred thousand short processes takes long to list: 1 / 300 of the time at
/// most.
constexpr std::uint64_t kListingShare = 300;

std::int64_t nanoseconds(const timespec& t) { return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec; }

std::int64_t realtime_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return nanoseconds(now);
}

}  // namespace

RssSampler::RssSampler(std::string folder, read::SessionWriter& log)
    : folder_(std::move(folder)), log_(log), begin_ns_(monotonic_ns()), due_ns_(begin_ns_) {}

int RssSampler::step(std::uint64_t now_ns) {
  if (now_ns >= due_ns_) {
    find_processes(now_ns);
    sample(now_ns);
    due_ns_ = now_ns + pause_ns(now_ns);
  }
  return static_cast<int>((due_ns_ - now_ns + kMillisecond - 1) / kMillisecond);
}

void RssSampler::find_processes(std::uint64_t now_ns) {
  struct stat status {};
  if (now_ns < list_due_ns_ || ::stat(folder_.c_str(), &status) != 0) return;
  const std::int64_t changed = nanoseconds(status.st_mtim);
  if (changed == folder_changed_ns_ && !list_again_) return;
  folder_changed_ns_ = changed;
  list_again_ = realtime_ns() - changed < kStampGrain;
  for (const std::string& name : names_in(folder_)) {
    const pid_t pid = pid_of_raw_trace(name);
    if (pid == 0 || !seen_.insert(name).second) continue;
    ResidentMemory process(pid);
    const auto same = [&](const ResidentMemory& other) { return other.process() == process.process(); };
    if (std::ranges::none_of(processes_, same)) processes_.push_back(std::move(process));
  }
  list_due_ns_ = now_ns + kListingShare * (monotonic_ns() - now_ns);
}

void RssSampler::sample(std::uint64_t now_ns) {
  std::erase_if(processes_, [&](const ResidentMemory& process) {
    read::RssReading reading{now_ns, 0, 0};
    if (!process.read(reading)) return true;
    log_.rss(process.process(), reading);
    return false;
  });
  if (now_ns < write_due_ns_) return;
  log_.flush();
  write_due_ns_ = now_ns + kWritePause;
}

std::uint64_t RssSampler::pause_ns(std::uint64_t now_ns) const {
  const std::uint64_t wanted =
      std::max((now_ns - begin_ns_) / kSamplesPerRun, processes_.size() * kPausePerProcess);
  return std::clamp(wanted, kShortestPause, kLongestPause);
}

}  // namespace heapledger::record
