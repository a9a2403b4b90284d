// Experiment files: TOML, every key known, every mistake with its line.
#include <fmt/format.h>
#include <sys/stat.h>
#include <toml++/toml.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <map>

#include "../error.h"
#include "../record/refusal.h"
#include "plan.h"

namespace heapledger::compare {

namespace {

/// Where in the file something stands, for messages.
class Place {
 public:
  Place(const std::string& path, std::string key) : path_(path), key_(std::move(key)) {}
  [[nodiscard]] Place below(std::string_view key) const {
    return {path_, key_.empty() ? std::string(key) : key_ + "." + std::string(key)};
  }
  [[noreturn]] void refuse(const toml::source_region& where, std::string_view why) const {
    throw FileError(fmt::format("{}:{}: {}: {}", path_, where.begin.line, key_, why));
  }

 private:
  const std::string& path_;
  std::string key_;
};

using Take = std::function<void(const toml::node&, const Place&)>;
using Keys = std::map<std::string, Take, std::less<>>;

/// Hands each key of a table to its function; an unknown one is an error with the known ones.
void take_table(const toml::table& table, const Place& place, const Keys& keys) {
  for (const auto& [key, node] : table) {
    const Place here = place.below(key.str());
    const auto known = keys.find(key.str());
    if (known == keys.end()) {
      std::string names;
      for (const auto& [name, take] : keys) names += (names.empty() ? "" : ", ") + name;
      here.refuse(key.source(), fmt::format("unknown key; there are {}", names));
    }
    known->second(node, here);
  }
}

Take text(std::string& target) {
  return [&target](const toml::node& node, const Place& place) {
    const auto* value = node.as_string();
    if (value == nullptr) place.refuse(node.source(), "a text is wanted");
    target = value->get();
  };
}

Take flag(bool& target) {
  return [&target](const toml::node& node, const Place& place) {
    const auto* value = node.as_boolean();
    if (value == nullptr) place.refuse(node.source(), "true or false is wanted");
    target = value->get();
  };
}

Take number(const std::function<void(std::uint64_t)>& set, std::int64_t least, std::int64_t most) {
  return [=](const toml::node& node, const Place& place) {
    const auto* value = node.as_integer();
    if (value == nullptr || value->get() < least || value->get() > most)
      place.refuse(node.source(), fmt::format("a whole number from {} to {} is wanted", least, most));
    set(static_cast<std::uint64_t>(value->get()));
  };
}

Take texts(const std::function<void(std::string)>& add) {
  return [=](const toml::node& node, const Place& place) {
    const auto* list = node.as_array();
    if (list == nullptr) place.refuse(node.source(), "a list of texts is wanted: [\"...\", \"...\"]");
    for (const toml::node& one : *list) {
      if (!one.is_string()) place.refuse(one.source(), "a text is wanted");
      add(one.as_string()->get());
    }
  };
}

Take share(double& target) {
  return [&target](const toml::node& node, const Place& place) {
    const auto* value = node.as_string();
    const auto parsed = value != nullptr ? parse_share(value->get()) : std::optional<double>{};
    if (!parsed) place.refuse(node.source(), "a share is wanted, \"5%\"");
    target = *parsed;
  };
}

Take duration(std::uint64_t& target) {
  return [&target](const toml::node& node, const Place& place) {
    const auto* value = node.as_string();
    const auto parsed = value != nullptr ? parse_duration(value->get()) : std::optional<std::uint64_t>{};
    if (!parsed) place.refuse(node.source(), "a time is wanted: \"90s\", \"10min\"");
    target = *parsed;
  };
}

Take variables(record::Environment& target) {
  return [&target](const toml::node& node, const Place& place) {
    const auto* table = node.as_table();
    if (table == nullptr) place.refuse(node.source(), "a table is wanted: { NAME = \"value\" }");
    for (const auto& [name, value] : *table) {
      if (!value.is_string()) place.below(name.str()).refuse(value.source(), "a text is wanted");
      target.push_back({std::string(name.str()), value.as_string()->get()});
    }
  };
}

Take metrics(std::vector<Metric>& target) {
  return [&target](const toml::node& node, const Place& place) {
    texts([&](const std::string& word) {
      try {
        target.push_back(parse_metric(word));
      } catch (const record::BadUsage& e) {
        place.refuse(node.source(), e.what());
      }
    })(node, place);
  };
}

Arm take_arm(const toml::table& table, const Place& place) {
  Arm arm;
  take_table(table, place,
             {{"name", text(arm.name)},
              {"command", texts([&](std::string word) { arm.command.push_back(std::move(word)); })},
              {"env", variables(arm.environment)},
              {"python", text(arm.python)},
              {"allocator", text(arm.allocator)},
              {"directory", text(arm.directory)},
              {"gc", text(arm.gc)},
              {"slots", texts([&](std::string word) { arm.slots.push_back(std::move(word)); })},
              {"slots-from", text(arm.slots_from)}});
  if (arm.name.empty()) place.below("name").refuse(table.source(), "an arm needs a name");
  return arm;
}

Take arms(Plan& plan) {
  return [&plan](const toml::node& node, const Place& place) {
    const auto* list = node.as_array();
    if (list == nullptr || !list->is_array_of_tables())
      place.refuse(node.source(), "arms are written as [[arm]]");
    for (const toml::node& one : *list) plan.arms.push_back(take_arm(*one.as_table(), place));
  };
}

Take thresholds(Thresholds& target) {
  return [&target](const toml::node& node, const Place& place) {
    const auto* table = node.as_table();
    if (table == nullptr) place.refuse(node.source(), "a table is wanted: [thresholds]");
    take_table(
        *table, place,
        {{"time", share(target.time)}, {"memory", share(target.memory)}, {"count", share(target.count)}});
  };
}

Keys plan_keys(Plan& plan, std::string& baseline) {
  const auto most = static_cast<std::int64_t>(kMostRounds);
  return {{"arm", arms(plan)},
          {"baseline", text(baseline)},
          {"command", texts([&](std::string word) { plan.command.push_back(std::move(word)); })},
          {"metrics", metrics(plan.metrics)},
          {"thresholds", thresholds(plan.thresholds)},
          {"rounds", number([&](std::uint64_t n) { plan.rounds = n; }, 1, most)},
          {"most-rounds", number([&](std::uint64_t n) { plan.most_rounds = n; }, 1, most)},
          {"warm-ups", number([&](std::uint64_t n) { plan.warm_ups = n; }, 0, most)},
          {"recordings", number([&](std::uint64_t n) { plan.recordings = n; }, 0, most)},
          {"seed", number([&](std::uint64_t n) { plan.seed = n; }, 0, INT64_MAX)},
          {"timeout", duration(plan.timeout_ns)},
          {"same-output", flag(plan.same_output)},
          {"fixed-addresses", flag(plan.fixed_addresses)},
          {"hash-seed", text(plan.hash_seed)}};
}

/// The parser does not say why a file cannot be read, and takes a folder for an empty one.
void check_readable(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode))
    errno = EISDIR;
  else if (::access(path.c_str(), R_OK) == 0)
    return;
  throw FileError(fmt::format("cannot read the experiment file '{}': {}", path, std::strerror(errno)));
}

}  // namespace

void read_plan(const std::string& path, Plan& plan) {
  std::string baseline;
  check_readable(path);
  try {
    const toml::table table = toml::parse_file(path);
    take_table(table, Place(path, ""), plan_keys(plan, baseline));
  } catch (const toml::parse_error& e) {
    const auto line = e.source().begin.line;
    throw FileError(line == 0 ? fmt::format("{}: {}", path, e.description())
                              : fmt::format("{}:{}: {}", path, line, e.description()));
  }
  if (baseline.empty()) return;
  set_baseline(plan, baseline);
}

}  // namespace heapledger::compare
