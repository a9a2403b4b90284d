// Arms from words, and what makes a plan whole.
#include "plan.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <set>

#include <fmt/format.h>

#include "../record/refusal.h"

namespace heapledger::compare {

namespace {

using record::BadUsage;

/// Splits as a shell would: blanks, 'quotes', "quotes" and backslashes. No variables, no patterns.
std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  bool in_word = false;
  char quote = '\0';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == '\0' && (c == ' ' || c == '\t' || c == '\n')) {
      in_word = false;
      continue;
    }
    if (!in_word) words.emplace_back();
    in_word = true;
    if (c == quote) {
      quote = '\0';
    } else if (quote == '\0' && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
      words.back().push_back(text[++i]);
    } else {
      words.back().push_back(c);
    }
  }
  if (quote != '\0') throw BadUsage(fmt::format("--arm: a {} is not closed in '{}'", quote, text));
  return words;
}

bool is_variable(std::string_view name) {
  return !name.empty() && std::isdigit(static_cast<unsigned char>(name.front())) == 0 &&
         std::ranges::all_of(
             name, [](unsigned char c) { return std::isupper(c) != 0 || std::isdigit(c) != 0 || c == '_'; });
}

/// True when the word was a setting or a variable.
bool take_setting(Arm& arm, const std::string& word) {
  const std::size_t equals = word.find('=');
  if (equals == word.npos) return false;
  const std::string name = word.substr(0, equals), value = word.substr(equals + 1);
  for (const auto& [key, target] : {std::pair{"gc", &arm.gc},
                                    {"slots-from", &arm.slots_from},
                                    {"python", &arm.python},
                                    {"allocator", &arm.allocator},
                                    {"directory", &arm.directory}})
    if (name == key) return *target = value, true;
  if (name == "slots") return arm.slots.push_back(value), true;
  if (name.starts_with("env:") && name.size() > 4)
    return arm.environment.push_back({name.substr(4), value}), true;
  if (is_variable(name)) return arm.environment.push_back({name, value}), true;
  throw BadUsage(fmt::format(
      "--arm {}: '{}' is no setting; there are gc, slots, slots-from, python, allocator and directory, "
      "variables "
      "are in capitals or begin with env:, and a command whose first word has a '=' goes behind --",
      arm.name, name));
}

void check_name(std::string_view name) {
  const bool good = !name.empty() && std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.' || c == '+';
  });
  if (!good)
    throw BadUsage(fmt::format("'{}' is no name for an arm; letters, digits, and any of _ - . +", name));
}

bool is_python(std::string_view path) { return path.substr(path.rfind('/') + 1).starts_with("python"); }

/// The command of an arm with its interpreter in place.
void complete_arm(Arm& arm, const Plan& plan) {
  check_name(arm.name);
  if (arm.command.empty()) arm.command = plan.command;
  if (arm.command.empty())
    throw BadUsage(fmt::format("arm '{}' has no command; give one behind --, or one of its own", arm.name));
  if (!arm.slots_from.empty() && arm.slots.empty())
    throw BadUsage(fmt::format("arm '{}': slots-from names a recording, but slots names no class", arm.name));
  if (arm.python.empty()) return;
  if (!is_python(arm.command.front()))
    throw BadUsage(
        fmt::format("arm '{}': python={} takes the place of the command's interpreter, but '{}' is none",
                    arm.name, arm.python, arm.command.front()));
  arm.command.front() = arm.python;
}

}  // namespace

Arm parse_arm(std::string_view text) {
  Arm arm;
  const std::size_t equals = text.find('=');
  arm.name = text.substr(0, equals);
  check_name(arm.name);
  const std::vector<std::string> words =
      split_words(equals == text.npos ? std::string_view{} : text.substr(equals + 1));
  std::size_t i = 0;
  while (i < words.size() && words[i] != "--" && take_setting(arm, words[i])) ++i;
  if (i < words.size() && words[i] == "--") ++i;
  arm.command.assign(words.begin() + static_cast<std::ptrdiff_t>(i), words.end());
  return arm;
}

void set_baseline(Plan& plan, std::string_view name) {
  const auto arm = std::ranges::find(plan.arms, name, &Arm::name);
  if (arm == plan.arms.end())
    throw BadUsage(fmt::format("no arm is named '{}', which shall be the baseline", name));
  plan.baseline = static_cast<std::size_t>(arm - plan.arms.begin());
}

void complete_plan(Plan& plan) {
  if (plan.arms.size() < 2)
    throw BadUsage(plan.arms.empty() ? "no arm; give two or more with --arm, or an experiment file"
                                     : "one arm alone cannot be compared; give another --arm");
  std::set<std::string> names;
  for (Arm& arm : plan.arms) {
    complete_arm(arm, plan);
    if (!names.insert(arm.name).second) throw BadUsage(fmt::format("two arms are named '{}'", arm.name));
  }
  if (plan.metrics.empty()) plan.metrics = default_metrics();
  if (plan.rounds > kMostRounds || plan.most_rounds > kMostRounds)
    throw BadUsage(fmt::format("more than {} rounds", kMostRounds));
}

std::optional<std::uint64_t> parse_duration(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || !(number > 0)) return {};
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const double scale = unit.empty() || unit == "s" ? 1
                       : unit == "ms"              ? 1e-3
                       : unit == "min"             ? 60
                       : unit == "h"               ? 3600
                                                   : 0;
  constexpr double kLongest = 1e9;  // seconds, some 30 years
  if (scale == 0 || number * scale > kLongest) return {};
  return static_cast<std::uint64_t>(number * scale * 1e9);
}

std::optional<double> parse_share(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (error != std::errc{} || (!unit.empty() && unit != "%")) return {};
  if (unit == "%") number /= 100;
  if (!(number >= 0) || number > 1) return {};
  return number;
}

}  // namespace heapledger::compare
