// Packing: inputs are found, read process by process, and written as one ledger.
#include "pack.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fmt/format.h>
#include <limits>

#include "../read/merge.h"
#include "../read/raw_trace.h"
#include "../read/session.h"
#include "bookkeeper.h"
#include "error.h"
#include "symbols.h"
#include "writer.h"

namespace heapledger::ledger {

namespace {

namespace fs = std::filesystem;

struct Inputs {
  std::vector<read::RawTrace> traces;  ///< in order of their start
  std::vector<read::SessionLog> logs;
  std::vector<Warning> warnings;
};

void add_trace(Inputs& inputs, const std::string& path, bool required) {
  try {
    inputs.traces.emplace_back(path);
  } catch (const FileError& error) {
    if (required) throw;
    inputs.warnings.push_back({error.what(), true});
  }
}

void add_folder(Inputs& inputs, const std::string& path) {
  std::error_code error;
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(path, error))
    if (entry.path().extension() == ".raw") files.push_back(entry.path().string());
  if (error) throw FileError(fmt::format("{}: cannot be read: {}", path, error.message()));
  std::sort(files.begin(), files.end());
  for (const std::string& file : files) add_trace(inputs, file, false);
  if (auto log = read::read_session_log((fs::path(path) / read::kSessionLogName).string()); log.found)
    inputs.logs.push_back(std::move(log));
}

Inputs find_inputs(const std::vector<std::string>& paths) {
  Inputs inputs;
  for (const std::string& path : paths) {
    std::error_code ignored;
    if (fs::is_directory(path, ignored)) {
      add_folder(inputs, path);
    } else {
      add_trace(inputs, path, true);
    }
  }
  if (inputs.traces.empty()) {
    const std::string why = inputs.warnings.empty() ? "" : fmt::format(" ({})", inputs.warnings.front().text);
    throw FileError(fmt::format("{}: no raw trace is there{}; record a program first: heapledger record -- CMD",
                                paths.empty() ? "no input" : paths.front(), why));
  }
  std::stable_sort(inputs.traces.begin(), inputs.traces.end(), [](const auto& a, const auto& b) {
    return a.header().start_monotonic_ns < b.header().start_monotonic_ns;
  });
  return inputs;
}

std::string_view stop_text(trace::StopReason reason) {
  switch (reason) {
    case trace::StopReason::none: break;
    case trace::StopReason::disk_full: return "the disk was full";
    case trace::StopReason::file_size_limit: return "the process may not write files as large (ulimit -f)";
    case trace::StopReason::open_failed:
      return "the trace could not be opened again (limit of open files, lost permission, or removed)";
    case trace::StopReason::map_failed: return "no address space was left (ulimit -v)";
    case trace::StopReason::internal: return "the recorder found an error in itself";
  }
  return "of an unknown reason";
}

std::string count_of(std::uint64_t n, std::string_view what) {
  return fmt::format(fmt::runtime("{} {}{}"), n, what, n == 1 ? "" : "s");
}

/// Each thread loses at most the record that it is writing when the process is killed; a few are no loss of meaning.
constexpr std::uint64_t kTornRecords = 64;

void add_warnings(Process& process, const read::RawTrace& trace, const read::Merger& merger) {
  const auto warn = [&](bool incomplete, std::string text) { process.warnings.push_back({std::move(text), incomplete}); };
  const read::RawHeader& header = trace.header();
  if (header.stop_reason != trace::StopReason::none)
    warn(true, fmt::format("recording stopped {:.3f} s after its start because {}; {} lost",
                           static_cast<double>(header.stop_monotonic_ns - header.start_monotonic_ns) / 1e9,
                           stop_text(header.stop_reason),
                           count_of(header.lost_events + merger.dropped_events(), "event")));
  else if (header.lost_events != 0)
    warn(true, fmt::format("{} could not be written", count_of(header.lost_events, "event")));
  for (const std::string& damage : trace.damage()) warn(true, "the raw trace is damaged: " + damage);
  if (merger.damaged_lanes() != 0)
    warn(true, fmt::format("records of {} could not be read to their end", count_of(merger.damaged_lanes(), "thread")));
  if (const std::uint64_t missing = merger.missing_stamps(); missing != 0)
    warn(header.clean_end || missing > kTornRecords,
         fmt::format("{} missing{}", missing == 1 ? "1 record is" : fmt::format("{} records are", missing),
                     header.clean_end ? "" : ", being written when the process was killed"));
  if (header.lost_children != 0)
    warn(true, fmt::format("{} of it could not create a trace: lost permission, or another root folder",
                           header.lost_children == 1 ? "1 forked child"
                                                     : fmt::format("{} forked children", header.lost_children)));
  if (header.missed_interpreters != 0)
    warn(false, fmt::format("the garbage collections of {} beside the main one are not known",
                            count_of(header.missed_interpreters, "interpreter")));
  if (header.handler_events != 0)
    warn(header.handler_events > kTornRecords,
         fmt::format("{} of signal handlers that interrupted the recorder are not in the figures",
                     count_of(header.handler_events, "allocator call")));
  if (process.unknown_frees != 0)
    warn(false, fmt::format("{} of blocks that were allocated before the recording began or out of its sight",
                            count_of(process.unknown_frees, "free")));
  using trace::StackState;
  if (process.stacks == StackState::mismatch)
    warn(true, "Python stacks are off: the self-test of the stack reader failed on this interpreter");
  if (process.stacks == StackState::unsupported && !process.python_version.empty())
    warn(true, fmt::format("Python stacks are off: the layout of Python {} is not known", process.python_version));
}

/// The interpreter's version is needed for the first line that is decoded, and stands in the lane that found it.
class InterpreterProbe final : public read::NoDefinitions {
 public:
  explicit InterpreterProbe(Process& process) : process_(process) {}
  void interpreter(const trace::Interpreter& found) override { process_.python_hex = found.version_hex; }

 private:
  Process& process_;
};

void find_interpreter(const read::RawTrace& trace, Process& process) {
  constexpr std::uint64_t kLook = 100'000;  // events; an interpreter that comes later is found when it is met
  InterpreterProbe probe(process);
  if (trace.lanes().empty()) return;
  read::LaneReader lane(0, trace.lanes().front(), probe);
  read::Event event;
  for (std::uint64_t i = 0; i < kLook && process.python_hex == 0 && lane.next(event); ++i) {
  }
}

class Packer {
 public:
  explicit Packer(const PackOptions& options)
      : options_(options), inputs_(find_inputs(options.inputs)), writer_(options.output) {
    for (const auto& trace : inputs_.traces) total_ += trace.committed_bytes();
  }

  PackSummary run() {
    for (const read::RawTrace& trace : inputs_.traces) pack_process(trace);
    writer_.finish(session());
    summary_.processes = inputs_.traces.size();
    summary_.raw_bytes = total_;
    std::error_code ignored;
    summary_.ledger_bytes = fs::file_size(options_.output, ignored);
    return summary_;
  }

 private:
  void pack_process(const read::RawTrace& trace) {
    const read::RawHeader& header = trace.header();
    Process process;
    process.pid = header.pid;
    process.parent_pid = header.parent_pid;
    process.forked_from = header.forked_from;
    process.start_monotonic_ns = header.start_monotonic_ns;
    process.start_realtime_ns = header.start_realtime_ns;
    process.clean_end = header.clean_end;
    process.cpu_us = header.cpu_ns / 1000;
    process.handler_events = header.handler_events;
    process.raw_bytes = trace.committed_bytes();
    const bool stopped = header.stop_reason != trace::StopReason::none;
    const std::uint64_t stop_us = stopped ? (header.stop_monotonic_ns - header.start_monotonic_ns) / 1000
                                          : std::numeric_limits<std::uint64_t>::max();
    find_interpreter(trace, process);
    writer_.begin_process();
    Symbols symbols(writer_, process);
    read::Merger merger(trace, symbols, stop_us);
    Bookkeeper book(
        writer_, process,
        {.mapping = [&](auto site, auto account, bool rest) { return symbols.mapping_site(site, account, rest); },
         .typed = [&](auto site, auto type) { return symbols.typed_site(site, type); },
         .reused = [&](auto site, auto type) { return symbols.reused_site(site, type); }});
    replay(merger, book, process, trace.committed_bytes());
    book.finish();
    process.lost_events = header.lost_events + merger.dropped_events();
    add_warnings(process, trace, merger);
    add_log(process, header);
    summary_.events += book.events();
    writer_.end_process(process);
  }

  void replay(read::Merger& merger, Bookkeeper& book, Process& process, std::uint64_t bytes) {
    std::array<read::Event, 64> batch;
    std::uint64_t batches = 0, done = 0;
    while (const std::size_t n = merger.next(batch)) {
      book.prefetch({batch.data(), n});
      for (std::size_t i = 0; i < n; ++i) book.apply(batch[i]);
      // An event can stand behind later ones: it was held up between its stamp and its clock.
      for (std::size_t i = 0; i < n; ++i) process.duration_us = std::max(process.duration_us, batch[i].time_us);
      done += n * 4;  // about as many bytes as events take; only progress depends on it
      if ((++batches & 0x3fff) == 0 && options_.progress) options_.progress(done_ + std::min(done, bytes), total_);
    }
    done_ += bytes;
    if (options_.progress) options_.progress(done_, total_);
  }

  void add_log(Process& process, const read::RawHeader& header) {
    for (const read::SessionLog& log : inputs_.logs) {
      const auto found = log.processes.find({header.pid, header.start_ticks});
      if (found == log.processes.end()) continue;
      if (found->second.exit) process.exit_status = found->second.exit->status;
      for (const read::RssReading& reading : found->second.rss) {
        if (reading.t_ns < header.start_monotonic_ns) continue;
        writer_.rss({(reading.t_ns - header.start_monotonic_ns) / 1000, reading.resident, reading.file});
      }
    }
  }

  Session session() const {
    Session session;
    session.warnings = inputs_.warnings;
    if (inputs_.logs.size() != 1) return session;
    const read::SessionLog& log = inputs_.logs.front();
    session.command = log.command;
    session.tool_version = log.tool_version;
    if (log.end_monotonic_ns) session.wall_us = (*log.end_monotonic_ns - log.start_monotonic_ns) / 1000;
    if (const auto exit = log.command_exit()) session.exit_status = exit->status;
    session.warnings.insert(session.warnings.end(), log.warnings.begin(), log.warnings.end());
    return session;
  }

  const PackOptions& options_;
  Inputs inputs_;
  Writer writer_;
  PackSummary summary_;
  std::uint64_t total_ = 0;
  std::uint64_t done_ = 0;
};

}  // namespace

PackSummary pack(const PackOptions& options) { return Packer(options).run(); }

}  // namespace heapledger::ledger
