// What an experiment shall do: its arms, what is measured, and how often.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "../record/launch.h"
#include "metric.h"

namespace heapledger::compare {

/// One way to run the program.
struct Arm {
  std::string name;
  std::vector<std::string> command;  ///< empty: the plan's
  record::Environment environment;   ///< beside what is there
  std::string python;                ///< interpreter in the place of the command's first word
  std::string allocator;             ///< "jemalloc", another name of kAllocators, or the path of a library
  std::string directory;             ///< to run in; empty: where the experiment was started
  std::string gc;                    ///< as `record --gc`
  std::vector<std::string> slots;    ///< as `record --slots`
  std::string slots_from;            ///< as `record --slots-from`

  [[nodiscard]] bool has_controls() const { return !gc.empty() || !slots.empty(); }
};

/// Relative changes that matter in practice.
struct Thresholds {
  double time = 0.05, memory = 0.01, count = 0.01;
  [[nodiscard]] double of(Quantity quantity) const {
    return quantity == Quantity::time ? time : quantity == Quantity::memory ? memory : count;
  }
};

/// More would not change a verdict, and the exact distributions have their price.
inline constexpr std::uint64_t kMostRounds = 200;

struct Plan {
  std::vector<Arm> arms;
  std::size_t baseline = 0;          ///< the arm that the others are compared with
  std::vector<std::string> command;  ///< of arms without one of their own
  std::vector<Metric> metrics;       ///< empty: default_metrics()
  Thresholds thresholds;
  std::uint64_t rounds = 0;  ///< so many; 0: 10, and 10 more up to `most_rounds` while nothing is sure
  std::uint64_t most_rounds = 30;
  std::uint64_t warm_ups = 1;         ///< rounds before, which are dropped
  std::uint64_t recordings = 5;       ///< recorded runs of an arm at most, while no two agree
  std::optional<std::uint64_t> seed;  ///< of the order of the arms; nothing: drawn
  std::uint64_t timeout_ns = 0;       ///< of a run; 0: none
  bool same_output = false;           ///< an arm that prints something else than the baseline has failed
  bool fixed_addresses = true;
  std::string hash_seed = "0";  ///< PYTHONHASHSEED where the arm does not set it; empty: left alone
};

/// "NAME" or "NAME=WORDS": settings (gc=off, slots=..., slots-from=..., python=..., allocator=...,
/// directory=...), variables (UPPER_CASE=value, env:any=value), then a command, from the first word without
/// '=' or behind `--`. Words are separated and quoted as in a shell. Throws record::BadUsage.
[[nodiscard]] Arm parse_arm(std::string_view text);

/// Reads an experiment file (TOML, docs/experiment-toml.md) into a plan. Throws FileError that names file,
/// line and key.
void read_plan(const std::string& path, Plan& plan);

/// Throws record::BadUsage when no arm has this name.
void set_baseline(Plan& plan, std::string_view name);

/// What the plan lacks or contradicts: arms of the same name, an arm without a command. Fills in
/// the arms' commands. Throws record::BadUsage.
void complete_plan(Plan& plan);

/// "90", "90s", "10min", "1.5h" in nanoseconds; nothing when it is none of these.
[[nodiscard]] std::optional<std::uint64_t> parse_duration(std::string_view text);
/// "5%" or "0.05" as 0.05; nothing when it is none of these, negative, or above 1.
[[nodiscard]] std::optional<double> parse_share(std::string_view text);

}  // namespace heapledger::compare
