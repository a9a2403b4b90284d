// Writing experiments as JSON, and reading what is needed to go on.
#include "results_file.h"

#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "../error.h"

namespace heapledger::compare {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kSchema = "heapledger-experiment/1";

Json number(double v) { return std::isfinite(v) ? Json(v) : Json(nullptr); }

Json values_json(const Values& values, const Plan& plan, Source source) {
  Json json = Json::object();
  for (std::size_t m = 0; m < values.size(); ++m)
    if (plan.metrics[m].kind->source == source) json[plan.metrics[m].name()] = number(values[m]);
  return json;
}

Json arm_plan_json(const Arm& arm) {
  Json environment = Json::object();
  for (const record::Variable& v : arm.environment) environment[v.name] = v.value;
  return {{"name", arm.name},     {"command", arm.command},     {"env", environment},
          {"python", arm.python}, {"allocator", arm.allocator}, {"directory", arm.directory},
          {"gc", arm.gc},         {"slots", arm.slots},         {"slots-from", arm.slots_from}};
}

/// Everything that changes what a value means.
Json plan_json(const Plan& plan) {
  Json arms = Json::array(), metrics = Json::array();
  for (const Arm& arm : plan.arms) arms.push_back(arm_plan_json(arm));
  for (const Metric& metric : plan.metrics) metrics.push_back(metric.name());
  return {{"arms", arms},
          {"baseline", plan.arms[plan.baseline].name},
          {"metrics", metrics},
          {"same-output", plan.same_output},
          {"fixed-addresses", plan.fixed_addresses},
          {"hash-seed", plan.hash_seed}};
}

Json ending_json(const Run& run, const Plan& plan) {
  Json json = values_json(run.values, plan, Source::clean);
  const Ending& e = run.ending;
  json["wall_ns"] = e.wall_ns, json["user_us"] = e.user_us, json["system_us"] = e.system_us;
  json["max_rss_bytes"] = e.max_rss_bytes, json["minflt"] = e.minor_faults, json["majflt"] = e.major_faults;
  json["involuntary_switches"] = e.involuntary_switches;
  json["steal_ticks"] = e.steal_ticks, json["all_ticks"] = e.all_ticks;
  return json;
}

Json rounds_json(const Plan& plan, const Results& results) {
  Json rounds = Json::array();
  for (const Round& round : results.rounds) {
    Json order = Json::array(), runs = Json::object();
    for (const std::size_t arm : round.order) order.push_back(plan.arms[arm].name);
    for (std::size_t arm = 0; arm < round.runs.size(); ++arm)
      if (!round.runs[arm].values.empty()) runs[plan.arms[arm].name] = ending_json(round.runs[arm], plan);
    rounds.push_back({{"order", order}, {"runs", runs}});
  }
  return rounds;
}

Json interval_json(const std::optional<Interval>& interval) {
  if (!interval) return nullptr;
  return {{"low", interval->low}, {"high", interval->high}, {"level", interval->level}};
}

template <class T>
Json optional_json(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

std::string_view basis_name(Basis basis) {
  constexpr std::string_view kNames[] = {"exact", "tested", "varies", "missing"};
  return kNames[static_cast<unsigned>(basis)];
}

std::string_view verdict_name(Verdict verdict) {
  constexpr std::string_view kNames[] = {"changed", "no change", "inconclusive"};
  return kNames[static_cast<unsigned>(verdict)];
}

Json finding_json(const Finding& f, const Plan& plan) {
  Json json = {{"arm", plan.arms[f.arm].name},
               {"metric", plan.metrics[f.metric].name()},
               {"basis", basis_name(f.basis)}};
  if (f.basis == Basis::missing) return json;
  json["baseline"] = {{"median", f.baseline}, {"min", f.baseline_low}, {"max", f.baseline_high}};
  json["value"] = {{"median", f.value}, {"min", f.low}, {"max", f.high}};
  if (!f.has_verdict()) return json;
  const Comparison& c = f.comparison;
  json["verdict"] = verdict_name(c.verdict);
  json["small"] = c.small;
  json["scale"] = c.scale == Scale::log_ratio ? "log ratio" : "difference";
  json["estimate"] = c.estimate;
  json["threshold"] = c.threshold;
  if (f.basis == Basis::exact) return json;
  json["interval"] = interval_json(c.interval);
  json["equivalence"] = interval_json(c.equivalence);
  json["p"] = optional_json(c.p), json["p_adjusted"] = optional_json(c.p_adjusted),
  json["p_sign"] = optional_json(c.p_sign);
  json["detectable"] = optional_json(c.detectable);
  json["pairs"] = c.rounds, json["lower_in"] = c.lower, json["higher_in"] = c.higher;
  json["depends_on_noise"] = f.depends_on_noise;
  return json;
}

Json work_json(const CollectorWork& w) {
  return {{"collections", w.collections},
          {"collected", w.collected},
          {"freed_bytes", w.freed_bytes},
          {"pause_ns", w.pause_ns},
          {"duration_us", w.duration_us}};
}

Json differences_json(const std::vector<Difference>& list) {
  Json json = Json::array();
  for (const Difference& d : list) {
    Json one = {{"name", d.name}, {"before", d.before}, {"after", d.after}};
    if (d.line != 0) one["file"] = d.file, one["line"] = d.line;
    json.push_back(one);
  }
  return json;
}

Json evidence_json(const std::optional<Evidence>& e) {
  if (!e) return nullptr;
  return {{"collector_before", work_json(e->before)},
          {"collector_after", work_json(e->after)},
          {"allocations_before", e->allocations},
          {"classes_at_peak", differences_json(e->classes_at_peak)},
          {"lines_at_peak", differences_json(e->lines_at_peak)},
          {"lines_at_end", differences_json(e->lines_at_end)},
          {"lines_by_count", differences_json(e->lines_by_count)}};
}

Json arms_json(const Plan& plan, const Results& results, const Background& background) {
  Json arms = Json::array();
  for (std::size_t i = 0; i < results.arms.size(); ++i) {
    const ArmResult& a = results.arms[i];
    Json recordings = Json::array();
    for (const Values& values : a.recordings)
      recordings.push_back(values_json(values, plan, Source::recorded));
    Json json = {{"name", a.name}, {"command", a.command}, {"python", a.python}, {"recordings", recordings}};
    json["failure"] =
        a.failure ? Json{{"what", a.failure->what}, {"evidence", a.failure->evidence}} : Json(nullptr);
    json["evidence"] = evidence_json(a.evidence);
    json["ledger"] = background.keeps_ledgers ? a.ledger : "";
    arms.push_back(json);
  }
  return arms;
}

Json machine_json() {
  utsname name{};
  ::uname(&name);
  return {{"system", name.sysname},
          {"release", name.release},
          {"machine", name.machine},
          {"processors", ::sysconf(_SC_NPROCESSORS_ONLN)}};
}

// -------------------------------------------------------------------------------------------------------
// reading

/// A value of an object, or a complaint.
const Json& at(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end()) throw FileError(fmt::format("'{}' is missing", key));
  return *found;
}

Values read_values(const Json& json, const Plan& plan) {
  Values values;
  for (const Metric& metric : plan.metrics) {
    const auto found = json.find(metric.name());
    values.push_back(found != json.end() && found->is_number() ? found->get<double>()
                                                               : std::numeric_limits<double>::quiet_NaN());
  }
  return values;
}

Run read_run(const Json& json, const Plan& plan) {
  Run run;
  run.values = read_values(json, plan);
  const auto count = [&](const char* key) { return at(json, key).get<std::uint64_t>(); };
  Ending& e = run.ending;
  e.wall_ns = count("wall_ns"), e.user_us = count("user_us"), e.system_us = count("system_us");
  e.max_rss_bytes = count("max_rss_bytes"), e.minor_faults = count("minflt"),
  e.major_faults = count("majflt");
  e.involuntary_switches = count("involuntary_switches");
  e.steal_ticks = count("steal_ticks"), e.all_ticks = count("all_ticks");
  return run;
}

std::size_t arm_number(const Plan& plan, const std::string& name) {
  for (std::size_t i = 0; i < plan.arms.size(); ++i)
    if (plan.arms[i].name == name) return i;
  throw FileError(fmt::format("arm '{}' is unknown", name));
}

Round read_round(const Json& json, const Plan& plan) {
  Round round;
  for (const Json& name : at(json, "order")) round.order.push_back(arm_number(plan, name.get<std::string>()));
  round.runs.resize(plan.arms.size());
  for (const auto& [name, run] : at(json, "runs").items())
    round.runs[arm_number(plan, name)] = read_run(run, plan);
  return round;
}

CollectorWork read_work(const Json& json) {
  const auto count = [&](const char* key) { return at(json, key).get<std::uint64_t>(); };
  return {count("collections"), count("collected"), count("freed_bytes"), count("pause_ns"),
          count("duration_us")};
}

std::vector<Difference> read_differences(const Json& json) {
  std::vector<Difference> list;
  for (const Json& one : json) {
    Difference d;
    d.name = at(one, "name").get<std::string>();
    d.before = at(one, "before").get<std::uint64_t>(), d.after = at(one, "after").get<std::uint64_t>();
    if (one.contains("line"))
      d.file = at(one, "file").get<std::string>(), d.line = at(one, "line").get<std::uint32_t>();
    list.push_back(std::move(d));
  }
  return list;
}

std::optional<Evidence> read_evidence(const Json& json) {
  if (json.is_null()) return {};
  return Evidence{read_work(at(json, "collector_before")),
                  read_work(at(json, "collector_after")),
                  at(json, "allocations_before").get<std::uint64_t>(),
                  read_differences(at(json, "classes_at_peak")),
                  read_differences(at(json, "lines_at_peak")),
                  read_differences(at(json, "lines_at_end")),
                  read_differences(at(json, "lines_by_count"))};
}

ArmResult read_arm(const Json& json, const Plan& plan) {
  ArmResult arm;
  arm.name = at(json, "name").get<std::string>();
  arm.command = at(json, "command").get<std::vector<std::string>>();
  arm.python = at(json, "python").get<std::string>();
  for (const Json& recording : at(json, "recordings")) arm.recordings.push_back(read_values(recording, plan));
  if (const Json& failure = at(json, "failure"); !failure.is_null())
    arm.failure = Failure{at(failure, "what").get<std::string>(), at(failure, "evidence").get<std::string>()};
  arm.evidence = read_evidence(at(json, "evidence"));
  arm.ledger = at(json, "ledger").get<std::string>();
  if (::access(arm.ledger.c_str(), R_OK) != 0) arm.ledger.clear();
  return arm;
}

Results read_all(const Json& json, const Plan& plan) {
  if (at(json, "schema") != kSchema) throw FileError(fmt::format("this is not {}", kSchema));
  if (at(json, "plan") != plan_json(plan))
    throw FileError("it is of another experiment: arms, metrics or conditions differ");
  Results results;
  results.seed = at(json, "seed").get<std::uint64_t>();
  for (const Json& arm : at(json, "arms")) results.arms.push_back(read_arm(arm, plan));
  for (const Json& round : at(json, "rounds")) results.rounds.push_back(read_round(round, plan));
  if (results.arms.size() != plan.arms.size()) throw FileError("it has another number of arms");
  return results;
}

}  // namespace

std::string to_json(const Plan& plan, const Results& results, const Analysis& analysis,
                    const Background& background) {
  Json findings = Json::array(), noisy = Json::array();
  for (const Finding& f : analysis.findings) findings.push_back(finding_json(f, plan));
  for (const std::size_t round : analysis.noisy_rounds) noisy.push_back(round);
  const Json json = {{"schema", kSchema},
                     {"heapledger", background.tool_version},
                     {"machine", machine_json()},
                     {"plan", plan_json(plan)},
                     {"seed", results.seed},
                     {"interrupted", results.is_interrupted},
                     {"addresses_varied", results.addresses_varied},
                     {"alpha", analysis.alpha},
                     {"arms", arms_json(plan, results, background)},
                     {"findings", findings},
                     {"noisy_rounds", noisy},
                     {"rounds", rounds_json(plan, results)}};
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

void replace_file(const std::string& path, const std::string& text) {
  const std::string fresh = path + ".new";
  std::ofstream file(fresh, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (file.fail() || std::rename(fresh.c_str(), path.c_str()) != 0)
    throw FileError(fmt::format("cannot write '{}': {}", path, std::strerror(errno)));
}

std::optional<Results> read_results(const std::string& path, const Plan& plan) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 && errno == ENOENT) return {};
  std::ifstream file(path, std::ios::binary);
  try {
    return read_all(Json::parse(file), plan);
  } catch (const FileError& e) {
    throw FileError(fmt::format("cannot go on with '{}': {}", path, e.what()));
  } catch (const Json::exception& e) {
    throw FileError(fmt::format("cannot go on with '{}': it is damaged ({})", path, e.what()));
  }
}

}  // namespace heapledger::compare
