// The loop over rounds and arms.
#include "experiment.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "../ledger/pack.h"
#include "../query/controls.h"
#include "../record/output.h"
#include "content.h"
#include "evidence.h"
#include "ledger_values.h"
#include "rounds_order.h"

namespace heapledger::compare {

namespace {

constexpr std::size_t kEvidenceLines = 20;
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

bool wants(const Plan& plan, Source source) {
  return std::ranges::any_of(plan.metrics, [&](const Metric& m) { return m.kind->source == source; });
}

double value_of(const Ending& e, MetricId id) {
  switch (id) {
    case MetricId::wall:
      return static_cast<double>(e.wall_ns) * 1e-9;
    case MetricId::cpu:
      return static_cast<double>(e.user_us + e.system_us) * 1e-6;
    case MetricId::user:
      return static_cast<double>(e.user_us) * 1e-6;
    case MetricId::system:
      return static_cast<double>(e.system_us) * 1e-6;
    case MetricId::peak_rss:
      return static_cast<double>(e.max_rss_bytes);
    case MetricId::minor_faults:
      return static_cast<double>(e.minor_faults);
    case MetricId::major_faults:
      return static_cast<double>(e.major_faults);
    default:
      return kNone;
  }
}

std::string status_text(int status) {
  const auto name = [](int number) { return fmt::format("signal {} ({})", number, ::strsignal(number)); };
  if (WIFSIGNALED(status)) return "ended by " + name(WTERMSIG(status));
  const int value = WEXITSTATUS(status), number = value - 128;
  if (number < 1 || number > SIGSYS) return fmt::format("exit status {}", value);
  return fmt::format("exit status {}, as after {}", value,
                     name(number));  // of a recorder or a shell in between
}

class Loop {
 public:
  Loop(const Plan& plan, const std::vector<ReadyArm>& arms, Runner& runner, const Hooks& hooks,
       Results& results)
      : plan_(plan), arms_(arms), runner_(runner), hooks_(hooks), results_(results) {}

  void run() {
    plan_runs();
    if (wants(plan_, Source::recorded)) record();
    if (wants(plan_, Source::clean)) warm_up();
    save();
    while (wants(plan_, Source::clean) && goes_on()) {
      const std::uint64_t wanted =
          results_.rounds.size() < first_look(plan_) ? first_look(plan_) : next_look();
      if (wanted <= results_.rounds.size()) return;
      total_ = done_ + (wanted - results_.rounds.size()) * living();
      while (results_.rounds.size() < wanted && goes_on()) run_round(wanted);
    }
  }

 private:
  [[nodiscard]] bool is_interrupted() const {
    return hooks_.is_interrupted != nullptr && hooks_.is_interrupted->load();
  }
  [[nodiscard]] std::size_t living() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(results_.arms, [](const ArmResult& a) { return !a.failure; }));
  }
  /// Something is left to compare.
  [[nodiscard]] bool goes_on() {
    if (is_interrupted()) results_.is_interrupted = true;
    return !results_.is_interrupted && !results_.arms[plan_.baseline].failure && living() > 1;
  }
  [[nodiscard]] std::uint64_t next_look() const { return analyse(plan_, results_).run_to; }

  void plan_runs() {
    const std::size_t arms = arms_.size();
    if (wants(plan_, Source::recorded)) total_ += 2 * arms;
    if (wants(plan_, Source::clean)) total_ += (plan_.warm_ups + first_look(plan_)) * arms;
  }

  void announce(std::string what) {
    total_ = std::max(total_, done_ + 1);
    if (hooks_.progress) hooks_.progress({std::move(what), done_, total_});
    ++done_;
  }

  void save() {
    if (hooks_.save) hooks_.save(results_);
  }

  void fail(std::size_t arm, std::string what) {
    results_.arms[arm].failure = Failure{std::move(what), last_lines(arms_[arm].clean.errors)};
  }

  /// Fails the arm unless the run was good. False also when the user stopped it.
  bool is_good(std::size_t arm, const Ending& ending, const std::string& when) {
    if (ending.stopped) return results_.is_interrupted = true, false;
    results_.addresses_varied = results_.addresses_varied || ending.addresses_varied;
    if (ending.error != 0)
      return fail(arm, fmt::format("cannot be started: {}", std::strerror(ending.error))), false;
    if (ending.timed_out) return fail(arm, fmt::format("ran out of time in {}", when)), false;
    if (ending.status != 0)
      return fail(arm, fmt::format("{} in {}", status_text(ending.status), when)), false;
    return has_same_output(arm, when);
  }

  bool has_same_output(std::size_t arm, const std::string& when) {
    if (!plan_.same_output) return true;
    const std::uint64_t content = content_of(arms_[arm].clean.output);
    if (!expected_) expected_ = content;  // the baseline always comes first
    if (content == *expected_) return true;
    const char* what = arm == plan_.baseline ? "itself before" : arms_[plan_.baseline].name.c_str();
    fail(arm, fmt::format("printed something else in {} than {}", when, what));
    return false;
  }

  /// The baseline, then the others as they come.
  [[nodiscard]] std::vector<std::size_t> baseline_first() const {
    std::vector<std::size_t> order = {plan_.baseline};
    for (std::size_t arm = 0; arm < arms_.size(); ++arm)
      if (arm != plan_.baseline) order.push_back(arm);
    return order;
  }

  // ------------------------------------------------------------------------------------------ recorded runs

  /// Arm after arm, until two recordings agree about everything that can be counted.
  void record() {
    for (const std::size_t arm : baseline_first())
      while (!results_.is_interrupted && !is_interrupted() && !results_.arms[arm].failure &&
             (!is_counted(arm) || lacks_ledger(arm)))
        record_once(arm);
    if (is_interrupted()) results_.is_interrupted = true;
    explain();
  }

  /// Beside the baseline, and nobody has looked why it differs.
  [[nodiscard]] bool is_unexplained(std::size_t arm) const {
    const ArmResult& result = results_.arms[arm];
    return arm != plan_.baseline && !result.failure && !result.evidence;
  }

  /// The recordings were made before an interruption, and their ledgers went with it before they were looked
  /// at.
  [[nodiscard]] bool lacks_ledger(std::size_t arm) const {
    if (!results_.arms[arm].ledger.empty()) return false;
    if (arm != plan_.baseline) return is_unexplained(arm);
    for (std::size_t other = 0; other < arms_.size(); ++other)
      if (is_unexplained(other)) return true;
    return false;
  }

  /// While the ledgers are there.
  void explain() {
    const std::string& base = results_.arms[plan_.baseline].ledger;
    for (std::size_t arm = 0; arm < arms_.size() && !base.empty(); ++arm) {
      ArmResult& result = results_.arms[arm];
      if (is_unexplained(arm) && !result.ledger.empty())
        result.evidence = find_evidence(ledger::Reader(base), ledger::Reader(result.ledger), kEvidenceLines);
    }
  }

  [[nodiscard]] bool is_counted(std::size_t arm) const {
    const auto& recordings = results_.arms[arm].recordings;
    if (recordings.size() >= plan_.recordings) return true;
    for (std::size_t m = 0; m < plan_.metrics.size(); ++m) {
      const MetricKind& kind = *plan_.metrics[m].kind;
      if (kind.source != Source::recorded || kind.unit == Unit::seconds) continue;
      if (!is_agreed(recordings, m)) return false;
    }
    return recordings.size() >= 2;
  }

  static bool is_agreed(const std::vector<Values>& recordings, std::size_t metric) {
    for (std::size_t i = 0; i < recordings.size(); ++i) {
      if (std::isnan(recordings[i][metric])) return true;
      for (std::size_t j = 0; j < i; ++j)
        if (recordings[i][metric] == recordings[j][metric]) return true;
    }
    return false;
  }

  void record_once(std::size_t arm) {
    ArmResult& result = results_.arms[arm];
    const std::string when = fmt::format("recorded run {}", result.recordings.size() + 1);
    announce(fmt::format("{}: {}", when, arms_[arm].name));
    const Ending ending = runner_.run(arms_[arm].recorded);
    const bool is_partial = WIFEXITED(ending.status) && WEXITSTATUS(ending.status) == 3;
    if (is_partial && explain_controls(arm, arms_[arm].ledger)) return;
    if (!is_good(arm, ending, when)) return;
    const ledger::Reader reader(arms_[arm].ledger);
    result.recordings.push_back(values_of(reader, plan_));
    result.ledger = arms_[arm].ledger;
  }

  /// Fails the arm when a control was not applied.
  bool explain_controls(std::size_t arm, const std::string& path) {
    try {
      const ledger::Reader reader(path);
      for (const query::ControlSummary& c : query::control_summaries(reader)) {
        if (c.problems.empty()) continue;
        fail(arm, fmt::format("{} {} was not done: {}", c.name, c.subject, fmt::join(c.problems, "; ")));
        return true;
      }
    } catch (const FileError&) {
      return false;  // the run itself failed, which the caller sees
    }
    return false;
  }

  // --------------------------------------------------------------------------------------------- clean runs

  /// Files are read, .pyc files written, outputs compared.
  void warm_up() {
    const std::uint64_t times = std::max<std::uint64_t>(plan_.warm_ups, plan_.same_output ? 1 : 0);
    for (std::uint64_t i = 0; i < times; ++i)
      for (const std::size_t arm : baseline_first())
        if (goes_on() && !results_.arms[arm].failure) run_clean(arm, "the warm-up");
  }

  void run_round(std::uint64_t wanted) {
    const std::size_t number = results_.rounds.size();
    Round round;
    round.order = rounds_order(results_.seed, arms_.size(), number + 1).back();
    round.runs.resize(arms_.size());
    for (const std::size_t arm : round.order) {
      if (!goes_on()) return;
      if (results_.arms[arm].failure) continue;
      round.runs[arm] = run_clean(arm, fmt::format("round {} of {}", number + 1, wanted));
    }
    if (results_.is_interrupted) return;
    results_.rounds.push_back(std::move(round));
    save();
  }

  Run run_clean(std::size_t arm, const std::string& when) {
    announce(fmt::format("{}: {}", when, arms_[arm].name));
    const std::string& outcomes = arms_[arm].outcomes;
    if (!outcomes.empty() && ::mkdir(outcomes.c_str(), 0777) != 0 && errno != EEXIST)
      throw FileError(fmt::format("cannot make '{}': {}", outcomes, std::strerror(errno)));
    Run run;
    run.ending = runner_.run(arms_[arm].clean);
    if (is_good(arm, run.ending, when) && are_controls_applied(arm))
      for (const Metric& metric : plan_.metrics) run.values.push_back(value_of(run.ending, metric.kind->id));
    return run;
  }

  /// A run in another state than asked must not count.
  bool are_controls_applied(std::size_t arm) {
    const ReadyArm& one = arms_[arm];
    if (one.outcomes.empty()) return true;
    bool good = true;
    if (one.has_controls && !record::has_raw_trace(one.outcomes, 0)) {
      fail(arm, "its controls were not applied: the recorder library was not loaded");
      good = false;
    } else if (one.has_controls) {
      const std::string packed = one.outcomes + ".hl";
      ledger::pack({{one.outcomes}, packed, {}});
      good = !explain_controls(arm, packed);
    }
    record::remove_folder(one.outcomes);
    return good;
  }

  const Plan& plan_;
  const std::vector<ReadyArm>& arms_;
  Runner& runner_;
  const Hooks& hooks_;
  Results& results_;
  std::optional<std::uint64_t> expected_;  ///< content of the baseline's output
  std::uint64_t done_ = 0, total_ = 0;
};

}  // namespace

void run_experiment(const Plan& plan, const std::vector<ReadyArm>& arms, Runner& runner, const Hooks& hooks,
                    Results& results) {
  if (results.arms.empty())
    for (std::size_t i = 0; i < arms.size(); ++i)
      results.arms.push_back({arms[i].name, plan.arms[i].command, arms[i].python, {}, {}, {}, {}});
  Loop(plan, arms, runner, hooks, results).run();
}

}  // namespace heapledger::compare
