// Finds the moment, then adds up.
#include "profile.h"

#include <algorithm>

#include "peak.h"

namespace heapledger::query {

namespace {

struct Scope {
  const ledger::Reader& reader;
  const Selection& selection;
  std::span<const Clock> clocks;
  std::span<const std::uint64_t> offsets;
  const ProgressFn& progress;
};

/// The stored peak holds only for all blocks of a process, and only if the file was not cut off before it.
bool has_stored_peak(const Scope& scope, std::size_t process) {
  const ledger::Process& p = scope.reader.processes()[process];
  return scope.selection.whole && p.peak_row < scope.clocks[process].rows();
}

Peak peak_of(const Scope& scope, const Timeline& timeline) {
  const auto processes = timeline.processes();
  if (processes.size() == 1 && has_stored_peak(scope, processes.front())) {
    const ledger::Process& p = scope.reader.processes()[processes.front()];
    return {p.peak_bytes, p.peak_row};
  }
  return find_peak(scope.reader, scope.selection, scope.clocks, timeline, scope.progress);
}

/// `common` is the peak of all selected processes together.
std::vector<ProcessProfile> process_peaks(const Scope& scope, const Peak& common) {
  std::vector<ProcessProfile> result;
  for (const std::size_t process : scope.selection.processes) {
    const Timeline own(scope.clocks, scope.offsets, std::span(&process, 1));
    const Peak peak = scope.selection.processes.size() == 1 ? common : peak_of(scope, own);
    ProcessProfile& p = result.emplace_back();
    p.process = process;
    p.offset_us = scope.offsets[process];
    p.peak_bytes = peak.bytes;
    p.peak_time_us = peak.bytes == 0 ? p.offset_us : own.time_of(peak.position);
  }
  return result;
}

/// By process: what is alive at that time of the session.
std::vector<Instant> instants_at(const Scope& scope, std::uint64_t session_us) {
  std::vector<Instant> result(scope.clocks.size());
  for (const std::size_t p : scope.selection.processes) {
    if (session_us < scope.offsets[p]) continue;
    const std::uint64_t own_us = session_us - scope.offsets[p];
    if (own_us > scope.clocks[p].end_us()) continue;  // gone, with all its blocks
    result[p] = Instant::before(scope.clocks[p].first_row_at(own_us + 1));
  }
  return result;
}

std::vector<Instant> instants_at_peak(const Scope& scope, const Timeline& timeline, const Peak& peak) {
  std::vector<Instant> result(scope.clocks.size());
  if (peak.bytes == 0) return result;
  for (const std::size_t p : scope.selection.processes) result[p] = timeline.instant(p, peak.position);
  return result;
}

void sort_out(const Scope& scope, const Slots& slots, Collected collected, Profile& result) {
  result.slots = std::move(collected.slots);
  result.threads = std::move(collected.threads);
  const auto sites = scope.reader.sites();
  for (std::size_t slot = 0; slot < slots.count(); ++slot) {
    const std::uint32_t site = slots.site(slot);
    result.wanted.push_back(scope.selection.sites[site]);
    if (site == 0) continue;
    result.accounts[static_cast<unsigned>(sites[site].account)] += result.slots[slot];
    if (result.wanted[slot] != 0) result.totals += result.slots[slot];
  }
  for (ProcessProfile& p : result.processes) {
    for (const Sums& thread : result.threads[p.process]) p.sums += thread;
  }
}

}  // namespace

Profile profile(const ledger::Reader& reader, const Slots& slots, const Question& question,
                const ProgressFn& progress) {
  std::vector<Clock> clocks;
  for (std::size_t p = 0; p < reader.processes().size(); ++p) clocks.emplace_back(reader, p);
  const auto offsets = process_offsets(reader);
  const Selection selection = compile(question.filter, reader, clocks);
  const Scope scope{reader, selection, clocks, offsets, progress};

  Profile result;
  const Timeline timeline(clocks, offsets, selection.processes);
  const Peak peak = peak_of(scope, timeline);
  result.processes = process_peaks(scope, peak);
  result.at_peak = !question.at_us;
  const auto instants =
      question.at_us ? instants_at(scope, *question.at_us) : instants_at_peak(scope, timeline, peak);
  sort_out(scope, slots, collect(reader, selection, slots, clocks, instants, progress), result);
  result.moment = {result.totals.peak_bytes, result.totals.peak_blocks,
                   question.at_us.value_or(peak.bytes == 0 ? 0 : timeline.time_of(peak.position))};
  return result;
}

}  // namespace heapledger::query
