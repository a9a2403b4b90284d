// heapledger record: runs a command with the shim, waits for its whole tree, packs what it wrote, says what
// was found.
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "../ledger/error.h"
#include "../ledger/pack.h"
#include "../read/session.h"
#include "../record/controls.h"
#include "../record/launch.h"
#include "../record/output.h"
#include "../record/refusal.h"
#include "../record/shim.h"
#include "../record/supervisor.h"
#include "../record/target.h"
#include "command.h"
#include "learn_names.h"
#include "record_messages.h"
#include "version.h"

namespace heapledger::cli {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  heapledger record -- python3 app.py          writes app.PID.hl\n"
    "  heapledger record -o app.hl -f -- pytest -x\n"
    "  heapledger record -o off.hl --gc off -- python3 app.py\n"
    "  heapledger record --slots __main__:Book=title+price,shop:Shelf=books -- python3 app.py\n"
    "  heapledger record --slots-from app.hl --slots shop:Book -o slots.hl -- python3 app.py\n"
    "\n"
    "Exit status: that of CMD; 128 + N when signal N ended it. When CMD itself succeeded: 3 if the\n"
    "recording is incomplete, or a control (--gc, --slots) could not be applied. 2 or 3 without\n"
    "starting CMD: bad usage, or it cannot be recorded here.\n"
    "\n"
    "Ctrl-C goes to CMD as in a shell; SIGTERM and SIGHUP are passed on to it. record waits for every\n"
    "process that CMD started; once CMD has ended, Ctrl-C ends that wait.\n"
    "\n"
    "HEAPLEDGER_PRELOAD names another recorder library. Without record, LD_PRELOAD of that library does\n"
    "with these variables, which record sets by itself:"
#define HEAPLEDGER_OPTION(field, kind, name, fallback, values, meaning) "\n  " name "=" values "  " meaning
#include "../../trace/options.def"
#undef HEAPLEDGER_OPTION
    ;

struct Options {
  std::string output;
  std::string stacks = "python";
  std::string reuse = "on";
  bool force = false;
  bool keep_raw = false;
  bool quiet = false;
  std::vector<std::string> gc;
  std::vector<std::string> slots;
  std::string slots_from;
  bool controls_only = false;
  std::vector<std::string> command;
};

/// A recording between the end of the command and the end of the packing.
struct Recorded {
  record::Output output;
  pid_t pid = 0;
  record::Outcome outcome;
};

std::uint64_t clock_ns(clockid_t clock) {
  timespec t{};
  ::clock_gettime(clock, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000u + static_cast<std::uint64_t>(t.tv_nsec);
}

std::string current_directory() {
  const std::unique_ptr<char, void (*)(void*)> path(::getcwd(nullptr, 0), std::free);
  return path ? path.get() : "";
}

read::SessionLog describe(const Options& options, pid_t pid) {
  read::SessionLog session;
  session.command = options.command;
  session.directory = current_directory();
  session.command_process.pid = static_cast<std::uint32_t>(pid);
  if (const auto stat = record::process_stat(pid)) session.command_process.start_ticks = stat->start_ticks;
  session.start_monotonic_ns = record::monotonic_ns();
  session.start_realtime_ns = clock_ns(CLOCK_REALTIME);
  session.tool_version = kVersion;
  return session;
}

/// What the log must say beyond exits and samples, found out when everything has ended.
void log_end(const Recorded& recorded, read::SessionWriter& log) {
  if (!recorded.outcome.still_running.empty())
    log.warning({still_running_warning(recorded.outcome.still_running), true});
  if (record::has_raw_trace(recorded.output.folder, 0) &&
      !record::has_raw_trace(recorded.output.folder, recorded.pid))
    log.warning({fmt::format("the command itself was not recorded, only processes that it started: {}",
                             kReasonsNotLoaded),
                 true});
  log.end(record::monotonic_ns());
}

/// Starts the command with everything around it and waits for its tree.
Recorded run_command(const Options& options, const record::SignalSession& signals) {
  const record::Controls controls =
      record::read_controls(options.gc, options.slots, options.controls_only, learn_from(options.slots_from));
  const record::Target target = record::find_target(options.command);
  record::PreloadName shim(record::find_shim());
  record::adopt_orphans();
  record::HeldCommand held(target, signals);
  Recorded recorded{
      record::name_output(options.output, record::program_name(options.command), held.pid()), held.pid(), {}};
  const std::string& folder = recorded.output.folder;
  record::check_output(recorded.output, options.force);
  record::make_folder(recorded.output, options.force);
  bool is_started = false;
  try {
    read::SessionWriter log(folder);
    log.command(describe(options, held.pid()));
    const char* preloaded = std::getenv("LD_PRELOAD");
    record::Environment environment{
        {"LD_PRELOAD", record::preload_list(shim.path(), preloaded != nullptr ? preloaded : "")},
        {"HEAPLEDGER_OUT", folder},
        {"HEAPLEDGER_STACKS", options.stacks}};
    if (options.reuse == "off") environment.push_back({"HEAPLEDGER_REUSE", "off"});
    for (record::Variable& variable : record::variables_of(controls))
      environment.push_back(std::move(variable));
    held.start(environment);
    is_started = true;
    const auto notice = [&](const auto& rest) {
      if (!options.quiet) print_waiting(rest);
    };
    recorded.outcome = record::Supervisor(held.pid(), folder, log, signals, notice).run();
    log_end(recorded, log);
  } catch (...) {
    if (!is_started) record::remove_folder(folder);
    throw;
  }
  if (!recorded.outcome.still_running.empty()) shim.keep();
  return recorded;
}

/// Packing gives up when the user does.
void stop_if_asked(const record::SignalSession& signals) {
  const int number = signals.next().number;
  if (number == 0 || number == SIGCHLD) return;
  throw ledger::FileError(fmt::format("stopped by {}", number == SIGINT ? "Ctrl-C" : ::strsignal(number)));
}

/// Packs the raw traces and removes them. False, with a message, when that failed or the user did not want to
/// wait for it: they are kept then.
bool pack(const Options& options, const Recorded& recorded, const record::SignalSession& signals,
          ledger::PackSummary& summary) {
  const record::Output& output = recorded.output;
  try {
    PackProgress progress(options.quiet);
    const auto step = [&](std::uint64_t done, std::uint64_t total) {
      stop_if_asked(signals);
      progress(done, total);
    };
    summary = ledger::pack({{output.folder}, output.ledger, step});
  } catch (const ledger::FileError& e) {
    print_error(fmt::format("packing failed: {}", e.what()));
    print_kept(output, false);
    return false;
  }
  if (options.keep_raw || !recorded.outcome.still_running.empty())
    print_kept(output, true);
  else
    record::remove_folder(output.folder);
  return true;
}

/// True when the recording is whole and every control was applied. Errors are printed.
bool pack_and_report(const Options& options, const Recorded& recorded, const record::SignalSession& signals) {
  if (!record::has_raw_trace(recorded.output.folder, 0)) {
    print_never_loaded(options.command.front(), recorded.pid);
    record::remove_folder(recorded.output.folder);
    return false;
  }
  ledger::PackSummary summary;
  if (!pack(options, recorded, signals, summary)) return false;
  try {
    return print_recorded(recorded.output.ledger, summary, recorded.outcome.status, options.quiet);
  } catch (const ledger::FileError& e) {
    print_error(e.what());
    return false;
  }
}

int exit_status(int wait_status, bool is_whole) {
  if (WIFSIGNALED(wait_status)) return 128 + WTERMSIG(wait_status);
  const int own = WEXITSTATUS(wait_status);
  return own == 0 && !is_whole ? kExitNotMeasured : own;
}

int run(const Options& options) {
  try {
    const record::SignalSession signals;
    const Recorded recorded = run_command(options, signals);
    return exit_status(recorded.outcome.status, pack_and_report(options, recorded, signals));
  } catch (const record::BadUsage& e) {
    throw UsageError(e.what());
  } catch (const record::CannotRecord& e) {
    throw NotMeasured(e.what());
  }
}

}  // namespace

Run record_command(Arguments& arguments) {
  const auto options = std::make_shared<Options>();
  arguments.text("-o,--output", "FILE", options->output, "Ledger to write (PROGRAM.PID.hl)");
  arguments.flag("-f,--force", options->force, "Replace the ledger when it exists");
  arguments.choice("--stacks", {"python", "none"}, options->stacks,
                   "Stacks to keep: the Python stack of every allocation, or none");
  arguments.choice(
      "--reuse", {"on", "off"}, options->reuse,
      "on: objects that CPython 3.13+ makes from dead ones get the line that made them; off: faster [on]");
  arguments.list("--gc", "off|threshold=G0[,G1[,G2]]|freeze", options->gc,
                 "Python's garbage collector as if the program had asked for it in its first line");
  arguments.list("--slots", "MODULE:CLASS=NAME+NAME...", options->slots,
                 "Give these classes __slots__ with these attributes, in the program's memory only");
  arguments.text("--slots-from", "LEDGER", options->slots_from,
                 "Take the names that --slots does not list from this recording of the program");
  arguments.flag("--controls-only", options->controls_only,
                 "Apply --gc and --slots and record nothing else: next to no overhead");
  arguments.flag("--keep-raw", options->keep_raw, "Keep the raw traces beside the ledger, in FILE.raw");
  arguments.flag("-q,--quiet", options->quiet, "Print errors only");
  arguments.rest("CMD...", options->command, "Program to record, with its arguments");
  arguments.examples(kExamples);
  return [options] { return run(*options); };
}

}  // namespace heapledger::cli
