// heapledger experiment: arms of a program, run in interleaved rounds, and what differs between them.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>

#include <fmt/format.h>

#include "../compare/experiment.h"
#include "../compare/results_file.h"
#include "../record/refusal.h"
#include "../record/shim.h"
#include "command.h"
#include "experiment_text.h"
#include "learn_names.h"
#include "message.h"
#include "temporary_folder.h"
#include "version.h"

namespace heapledger::cli {

namespace {

constexpr std::uint64_t kUnset = ~std::uint64_t{0};

constexpr const char* kExamples =
    "Examples:\n"
    "  heapledger experiment --arm on --arm off=gc=off -- python3 app.py\n"
    "  heapledger experiment --arm pymalloc --arm 'jemalloc=PYTHONMALLOC=malloc allocator=jemalloc' -- "
    "python3 app.py\n"
    "  heapledger experiment --arm old=python=python3.11 --arm new=python=python3.13 -- python3 app.py\n"
    "  heapledger experiment --arm 'list=-- ./sum --list' --arm 'array=-- ./sum --array' -o sum.json\n"
    "  heapledger experiment --plan gc.toml -o gc.json --resume\n"
    "\n"
    "An arm is NAME=WORDS: settings (gc=off, slots=MODULE:CLASS=NAME+NAME, slots-from=LEDGER, python=PATH,\n"
    "allocator=jemalloc, directory=PATH), variables (UPPER=value, env:any=value), and a command of its own\n"
    "behind --. The first arm is the baseline.\n"
    "\n"
    "Counts come from recorded runs, repeated until two agree. Time and resident memory come from runs\n"
    "without recording, in rounds of all arms, one process at a time: 10 rounds, and 10 more up to 30\n"
    "while something is inconclusive. Ctrl-C ends it and reports the finished rounds.\n"
    "\n"
    "Metrics: "
#define HEAPLEDGER_METRIC(name, source, unit, quantity, title) #name " "
#include "../compare/metrics.def"
#undef HEAPLEDGER_METRIC
    "\n  (class_bytes:CLASS and class_instances:CLASS name a class)\n"
    "\n"
    "Exit status: 0 done, whatever was found; 2 bad usage; 3 an arm failed or could not be run as asked.";

struct Options {
  std::string plan_file;
  std::vector<std::string> arms;
  std::string baseline;
  std::vector<std::string> metrics;
  std::vector<std::string> thresholds;
  std::uint64_t rounds = kUnset, most_rounds = kUnset, warm_ups = kUnset, recordings = kUnset, seed = kUnset;
  std::string timeout;
  std::string hash_seed;
  bool same_output = false;
  bool vary_addresses = false;
  std::string output, markdown, csv;
  bool resume = false;
  bool json = false;
  bool quiet = false;
  std::string ledgers;
  std::string color = "auto";
  std::vector<std::string> command;
};

// ------------------------------------------------------------------------------------------------- the plan

void take_threshold(const std::string& word, compare::Thresholds& thresholds) {
  const std::size_t equals = word.find('=');
  const auto share =
      compare::parse_share(equals == word.npos ? "" : std::string_view(word).substr(equals + 1));
  const std::string name = word.substr(0, equals);
  double* target = name == "time"     ? &thresholds.time
                   : name == "memory" ? &thresholds.memory
                   : name == "count"  ? &thresholds.count
                                      : nullptr;
  if (target == nullptr || !share)
    throw UsageError(
        fmt::format("--threshold: '{}' is none; time=5%, memory=1% and count=1% are the form", word));
  *target = *share;
}

void take_number(std::uint64_t given, const char* name, std::uint64_t least, std::uint64_t& target) {
  if (given == kUnset) return;
  if (given < least || given > compare::kMostRounds)
    throw UsageError(fmt::format("{} takes a number from {} to {}", name, least, compare::kMostRounds));
  target = given;
}

/// The command line goes over the file.
compare::Plan read_options(const Options& o) {
  compare::Plan plan;
  if (!o.plan_file.empty()) compare::read_plan(o.plan_file, plan);
  for (const std::string& arm : o.arms) plan.arms.push_back(compare::parse_arm(arm));
  if (!o.command.empty()) plan.command = o.command;
  if (!o.baseline.empty()) compare::set_baseline(plan, o.baseline);
  if (!o.metrics.empty()) plan.metrics.clear();
  for (const std::string& metric : o.metrics) plan.metrics.push_back(compare::parse_metric(metric));
  for (const std::string& threshold : o.thresholds) take_threshold(threshold, plan.thresholds);
  take_number(o.rounds, "--rounds", 1, plan.rounds);
  take_number(o.most_rounds, "--most-rounds", 1, plan.most_rounds);
  take_number(o.warm_ups, "--warm-ups", 0, plan.warm_ups);
  take_number(o.recordings, "--recordings", 1, plan.recordings);
  if (o.seed != kUnset) plan.seed = o.seed;
  if (!o.timeout.empty()) {
    const auto timeout = compare::parse_duration(o.timeout);
    if (!timeout)
      throw UsageError(
          fmt::format("--timeout: '{}' is no time; 90s, 10min and 1.5h are the form", o.timeout));
    plan.timeout_ns = *timeout;
  }
  if (!o.hash_seed.empty()) plan.hash_seed = o.hash_seed == "vary" ? "" : o.hash_seed;
  plan.same_output = plan.same_output || o.same_output;
  plan.fixed_addresses = plan.fixed_addresses && !o.vary_addresses;
  compare::complete_plan(plan);
  return plan;
}

/// What a recording is told by variables would hold for every arm without being said.
void refuse_variables() {
  for (const char* name : {"HEAPLEDGER_GC", "HEAPLEDGER_SLOTS", "HEAPLEDGER_EVENTS"})
    if (std::getenv(name) != nullptr)
      throw UsageError(
          fmt::format("{} is set; the arms of an experiment say how they differ, so unset it", name));
}

// ------------------------------------------------------------------------------------------------ the run

std::atomic<bool> g_interrupted = false;
const compare::Runner* g_runner = nullptr;

/// The first signal ends the experiment in good order; the second one as usual.
class Interruptible {
 public:
  explicit Interruptible(const compare::Runner& runner) {
    g_runner = &runner;
    struct sigaction action {};
    action.sa_handler = [](int) {
      g_interrupted.store(true);
      g_runner->stop();
    };
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    for (const int number : kSignals) ::sigaction(number, &action, nullptr);
  }
  ~Interruptible() {
    for (const int number : kSignals) ::signal(number, SIG_DFL);
  }
  Interruptible(const Interruptible&) = delete;
  Interruptible& operator=(const Interruptible&) = delete;

 private:
  static constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};
};

std::string folder_for(const Options& options, const TemporaryFolder& temporary) {
  if (options.ledgers.empty()) return temporary.path();
  if (::mkdir(options.ledgers.c_str(), 0777) != 0 && errno != EEXIST)
    throw UsageError(
        fmt::format("--ledgers: cannot make the folder '{}': {}", options.ledgers, std::strerror(errno)));
  const std::unique_ptr<char, void (*)(void*)> whole(::realpath(options.ledgers.c_str(), nullptr), std::free);
  return whole ? whole.get() : options.ledgers;
}

std::uint64_t draw_seed() {
  std::random_device device;
  return device() % 1'000'000;  // short enough to be typed again
}

struct Done {
  compare::Results results;
  compare::Analysis analysis;
};

std::string json_of(const Options& options, const compare::Plan& plan, const Done& done) {
  return compare::to_json(plan, done.results, done.analysis, {kVersion, !options.ledgers.empty()});
}

void save(const Options& options, const compare::Plan& plan, const Done& done) {
  if (options.output.empty()) return;
  compare::replace_file(options.output, json_of(options, plan, done));
}

Done run_all(const Options& options, compare::Plan& plan, compare::Runner& runner) {
  const TemporaryFolder temporary("");
  const record::PreloadName shim(record::find_shim());
  const std::vector<compare::ReadyArm> arms =
      compare::prepare_arms(plan, folder_for(options, temporary), shim.path(), learn_from, runner);
  Done done;
  if (options.resume)
    if (auto earlier = compare::read_results(options.output, plan)) done.results = std::move(*earlier);
  if (done.results.arms.empty()) done.results.seed = plan.seed ? *plan.seed : draw_seed();
  Progress progress("experiment");
  compare::Hooks hooks;
  hooks.is_interrupted = &g_interrupted;
  hooks.progress = [&](const compare::Step& step) {
    if (!options.quiet) progress.step(step.what, step.done, step.total);
  };
  hooks.save = [&](const compare::Results& results) {
    save(options, plan, {results, compare::analyse(plan, results)});
  };
  {
    const Interruptible interruptible(runner);
    compare::run_experiment(plan, arms, runner, hooks, done.results);
  }
  progress.finish();
  done.analysis = compare::analyse(plan, done.results);
  save(options, plan, done);
  return done;
}

void print(const Options& options, const compare::Plan& plan, const Done& done) {
  const ExperimentInput input{plan, done.results, done.analysis};
  if (!options.markdown.empty()) compare::replace_file(options.markdown, experiment_markdown(input));
  if (!options.csv.empty()) compare::replace_file(options.csv, experiment_csv(input));
  const std::string text =
      options.json ? json_of(options, plan, done) : experiment_text(input, stdout_style(options.color));
  std::fputs(text.c_str(), stdout);
}

int run(const Options& options) {
  refuse_variables();
  if (options.resume && options.output.empty())
    throw UsageError("--resume goes on with the file of -o, and none is named");
  try {
    compare::Plan plan = read_options(options);
    compare::Runner runner;  // before anything large is read
    const Done done = run_all(options, plan, runner);
    print(options, plan, done);
    if (done.results.is_interrupted) return 128 + SIGINT;
    const bool failed =
        std::ranges::any_of(done.results.arms, [](const auto& arm) { return arm.failure.has_value(); });
    return failed ? kExitNotMeasured : kExitOk;
  } catch (const record::BadUsage& e) {
    throw UsageError(e.what());
  } catch (const record::CannotRecord& e) {
    throw NotMeasured(e.what());
  }
}

void declare_plan(Arguments& arguments, Options& o) {
  arguments.section("What is compared");
  arguments.text("--plan", "FILE", o.plan_file, "Experiment file (TOML): docs/experiment-toml.md");
  arguments.list("--arm", "NAME[=WORDS]", o.arms, "An arm; the first one is the baseline");
  arguments.text("--baseline", "NAME", o.baseline, "Compare the arms with this one");
  arguments.list("--metric", "METRIC", o.metrics, "What to measure; see below");
  arguments.list("--threshold", "time=5%", o.thresholds,
                 "Smaller changes do not matter: time 5%, memory 1%, count 1%");
  arguments.flag("--same-output", o.same_output,
                 "An arm that prints something else than the baseline has failed");
}

void declare_rounds(Arguments& arguments, Options& o) {
  arguments.section("How often, and under which conditions");
  arguments.number("--rounds", "N", o.rounds,
                   "Exactly so many rounds (10, then up to 30 while inconclusive)");
  arguments.number("--most-rounds", "N", o.most_rounds, "At most so many (30)");
  arguments.number("--warm-ups", "N", o.warm_ups, "Rounds that are run and dropped first (1)");
  arguments.number("--recordings", "N", o.recordings,
                   "Recorded runs of an arm at most, while no two agree (5)");
  arguments.number("--seed", "N", o.seed, "Of the order of the arms (drawn, and printed)");
  arguments.text("--timeout", "TIME", o.timeout, "A run that takes longer has failed");
  arguments.text("--hash-seed", "N|random|vary", o.hash_seed,
                 "PYTHONHASHSEED (0); vary: as the environment has it");
  arguments.flag("--vary-addresses", o.vary_addresses, "Leave the randomisation of addresses on");
}

}  // namespace

Run experiment_command(Arguments& arguments) {
  const auto options = std::make_shared<Options>();
  declare_plan(arguments, *options);
  declare_rounds(arguments, *options);
  arguments.section("Results");
  arguments.text("-o,--output", "FILE", options->output,
                 "Every raw value and all findings, as JSON; kept up to date");
  arguments.flag("--resume", options->resume, "Go on with the rounds that FILE already has");
  arguments.text("--markdown", "FILE", options->markdown, "The tables as Markdown");
  arguments.text("--csv", "FILE", options->csv, "Every raw value, one a line");
  arguments.flag("--json", options->json, "Print JSON instead of tables");
  arguments.text("--ledgers", "FOLDER", options->ledgers, "Keep ledgers and outputs of the arms there");
  arguments.choice("--color", {"auto", "always", "never"}, options->color, "Colour [auto: on a terminal]");
  arguments.flag("-q,--quiet", options->quiet, "No progress");
  arguments.rest("CMD...", options->command, "The command of arms without one of their own", true);
  arguments.examples(kExamples);
  return [options] { return run(*options); };
}

}  // namespace heapledger::cli
