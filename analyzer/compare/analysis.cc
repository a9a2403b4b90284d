// From raw values to verdicts.
#include <algorithm>
#include <cmath>
#include <map>

#include "noise.h"
#include "results.h"
#include "sequential.h"

namespace heapledger::compare {

namespace {

constexpr double kAlpha = 0.05;
constexpr std::size_t kFirstLook = 10, kLookStep = 10;
/// Fewer pairs cannot show anything at 0.05, see fewest_pairs().
constexpr std::size_t kFewestPairs = 6;

double median(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

/// The values of one metric of an arm: of its recordings, or of the rounds.
std::vector<double> values_of(const Plan& plan, const Results& results, std::size_t metric, std::size_t arm) {
  std::vector<double> values;
  if (plan.metrics[metric].kind->source == Source::recorded) {
    for (const Values& recording : results.arms[arm].recordings) values.push_back(recording[metric]);
  } else {
    for (const Round& round : results.rounds)
      if (!round.runs[arm].values.empty()) values.push_back(round.runs[arm].values[metric]);
  }
  return values;
}

/// What two recordings agree on.
std::optional<double> agreed(const std::vector<double>& values) {
  std::map<double, int> seen;
  for (const double v : values)
    if (++seen[v] == 2) return v;
  return {};
}

Looks looks_of(const Plan& plan) {
  if (plan.rounds != 0) return Looks::fixed(plan.rounds);
  const auto cap = static_cast<std::size_t>(plan.most_rounds);
  return {std::min(kFirstLook, cap), kLookStep, cap};
}

/// A finding and the pairs that it waits to be judged by.
class Judge {
 public:
  Judge(const Plan& plan, const Results& results) : plan_(plan), results_(results) { find_noise(); }

  Analysis analyse() {
    for (std::size_t arm = 0; arm < plan_.arms.size(); ++arm)
      for (std::size_t metric = 0; arm != plan_.baseline && metric < plan_.metrics.size(); ++metric)
        add(metric, arm);
    stop_or_go_on();
    judge();
    return std::move(analysis_);
  }

 private:
  void find_noise() {
    noisy_.assign(results_.arms.size(), std::vector<bool>(results_.rounds.size()));
    for (std::size_t arm = 0; arm < results_.arms.size(); ++arm) {
      std::vector<RunNoise> runs;
      for (const Round& round : results_.rounds) {
        const Ending& e = round.runs[arm].ending;
        runs.push_back({e.involuntary_switches, e.major_faults, e.steal_ticks, e.all_ticks});
      }
      const std::vector<Disturbance> seen = disturbances(runs);
      for (std::size_t i = 0; i < seen.size(); ++i) noisy_[arm][i] = seen[i].any();
    }
    for (std::size_t i = 0; i < results_.rounds.size(); ++i)
      if (std::ranges::any_of(noisy_, [&](const auto& arm) { return arm[i]; }))
        analysis_.noisy_rounds.push_back(i);
  }

  void add(std::size_t metric, std::size_t arm) {
    Finding f;
    f.metric = metric, f.arm = arm;
    const bool is_recorded = plan_.metrics[metric].kind->source == Source::recorded;
    const std::vector<double> before = values_of(plan_, results_, metric, plan_.baseline);
    const std::vector<double> after = values_of(plan_, results_, metric, arm);
    const auto is_missing = [](double v) { return std::isnan(v); };
    const bool failed = results_.arms[arm].failure || results_.arms[plan_.baseline].failure;
    if (!failed && !before.empty() && !after.empty() && std::ranges::none_of(before, is_missing) &&
        std::ranges::none_of(after, is_missing))
      begin(f, before, after, is_recorded);
    analysis_.findings.push_back(f);
  }

  void begin(Finding& f, const std::vector<double>& before, const std::vector<double>& after,
             bool is_recorded) {
    f.baseline = median(before), f.value = median(after);
    f.baseline_low = std::ranges::min(before), f.baseline_high = std::ranges::max(before);
    f.low = std::ranges::min(after), f.high = std::ranges::max(after);
    const Threshold threshold{plan_.thresholds.of(plan_.metrics[f.metric].kind->quantity), 0};
    const auto same_before = agreed(before), same_after = agreed(after);
    f.basis = Basis::varies;
    if (is_recorded && same_before && same_after) {
      f.basis = Basis::exact;
      f.baseline = *same_before, f.value = *same_after;
      f.comparison = compare_exactly(f.baseline, f.value, threshold);
    } else if (!is_recorded || std::min(before.size(), after.size()) >= kFewestPairs) {
      f.basis = Basis::tested;
      const std::size_t pairs = std::min(before.size(), after.size());
      waiting_.push_back(analysis_.findings.size());
      family_.push_back({{before.begin(), before.begin() + static_cast<std::ptrdiff_t>(pairs)},
                         {after.begin(), after.begin() + static_cast<std::ptrdiff_t>(pairs)},
                         threshold});
      noisy_pairs_.push_back(noisy_in(f.arm, pairs, is_recorded));
    }
  }

  std::vector<bool> noisy_in(std::size_t arm, std::size_t pairs, bool is_recorded) const {
    std::vector<bool> noisy(pairs);
    for (std::size_t i = 0; i < pairs && !is_recorded; ++i)
      noisy[i] = noisy_[arm][i] || noisy_[plan_.baseline][i];
    return noisy;
  }

  /// Only what more rounds can settle decides about more rounds.
  void stop_or_go_on() {
    std::vector<Pairs> clean;
    for (std::size_t i = 0; i < family_.size(); ++i)
      if (plan_.metrics[analysis_.findings[waiting_[i]].metric].kind->source == Source::clean)
        clean.push_back(family_[i]);
    const Looks looks = looks_of(plan_);
    const Look look = compare::look(clean, looks, kAlpha);
    analysis_.alpha = look.alpha;
    analysis_.enough = look.enough;
    analysis_.run_to = look.run_to;
  }

  void judge() {
    const NoiseCheck check = compare_with_noise(family_, noisy_pairs_, analysis_.alpha);
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
      Finding& f = analysis_.findings[waiting_[i]];
      f.comparison = check.all[i];
      // Fewer rounds alone can make a verdict inconclusive, which says nothing about the noise.
      const Comparison& quiet = check.quiet[i];
      f.depends_on_noise = quiet.rounds != 0 && quiet.verdict != Verdict::inconclusive && !check.agrees(i);
    }
  }

  const Plan& plan_;
  const Results& results_;
  Analysis analysis_;
  std::vector<std::vector<bool>> noisy_;  ///< by arm, round
  std::vector<std::size_t> waiting_;      ///< findings that the family is about
  std::vector<Pairs> family_;
  std::vector<std::vector<bool>> noisy_pairs_;  ///< by member of the family
};

}  // namespace

Analysis analyse(const Plan& plan, const Results& results) { return Judge(plan, results).analyse(); }

std::size_t first_look(const Plan& plan) { return looks_of(plan).first; }

}  // namespace heapledger::compare
