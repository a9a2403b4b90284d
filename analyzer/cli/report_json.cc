// The report for programs: one JSON object, described in docs/report-json.md. All numbers are raw.
#include <nlohmann/json.hpp>

#include "../query/collections.h"
#include "../query/free_lists.h"
#include "../query/types.h"
#include "controls_text.h"
#include "report.h"
#include "version.h"

namespace heapledger::cli {

namespace {

using Json = nlohmann::ordered_json;
using query::GroupBy;
using query::Sums;

constexpr const char* kSchema = "heapledger-report/1";

std::string_view stacks_name(trace::StackState state) {
  switch (state) {
    case trace::StackState::untested:
      return "untested";
    case trace::StackState::verified:
      return "verified";
    case trace::StackState::mismatch:
      return "mismatch";
    case trace::StackState::unsupported:
      return "unsupported";
    case trace::StackState::switched_off:
      return "switched_off";
  }
  return "";
}

std::string_view reuse_name(trace::ReuseState state) {
  constexpr std::string_view kNames[trace::kReuseStates] = {"unseen", "followed", "taken", "lost",
                                                            "switched_off"};
  return kNames[static_cast<unsigned>(state)];
}

std::string_view origin_key(query::Origin origin) {
  switch (origin) {
    case query::Origin::python:
      return "python";
    case query::Origin::start_up:
      return "start_up";
    case query::Origin::native:
      return "native";
    case query::Origin::no_stacks:
      return "no_stacks";
  }
  return "";
}

Json sums_json(const Sums& s) {
  return {{"peak_bytes", s.peak_bytes},
          {"peak_blocks", s.peak_blocks},
          {"end_bytes", s.end_bytes},
          {"end_blocks", s.end_blocks},
          {"allocated_bytes", s.allocated_bytes},
          {"allocations", s.allocations},
          {"frees", s.frees},
          {"temporary_bytes", s.temporary_bytes},
          {"temporary_allocations", s.temporary},
          {"collected_bytes", s.collected_bytes},
          {"collected_blocks", s.collected},
          {"freed_lifetime_us", s.life_us}};
}

/// An unknown status of wait(2) is null.
Json status_json(std::int32_t status) { return status == -1 ? Json() : Json(status); }

Json session_json(const ledger::Reader& reader) {
  const ledger::Session& s = reader.session();
  return {{"command", s.command},
          {"wall_us", s.wall_us},
          {"exit_status", status_json(s.exit_status)},
          {"recorded_by", s.tool_version}};
}

Json collections_json(const ledger::Process& p, query::TimeWindow window) {
  Json generations = Json::array();
  const auto sums = query::collections_within(p, window);
  for (std::size_t g = 0; g < sums.size(); ++g) {
    generations.push_back({{"collections", sums[g].collections},
                           {"missed", g < p.collections_before.size() ? p.collections_before[g] : 0},
                           {"unseen", g < p.collections_unseen.size() ? p.collections_unseen[g] : 0},
                           {"unfinished", sums[g].unfinished},
                           {"pause_ns", sums[g].pause_ns},
                           {"longest_pause_ns", sums[g].longest_ns},
                           {"cpu_ns", sums[g].cpu_ns},
                           {"collected", sums[g].collected},
                           {"uncollectable", sums[g].uncollectable},
                           {"freed_blocks", sums[g].freed_blocks},
                           {"freed_bytes", sums[g].freed_bytes}});
  }
  return {{"watched", p.collections_watched},
          {"watched_to_the_end", p.collections_watched && !p.callback_gone},
          {"generations", std::move(generations)}};
}

Json process_controls_json(const ledger::Process& p) {
  Json controls = Json::array();
  for (const ledger::Control& c : p.controls)
    controls.push_back(
        {{"name", c.name}, {"subject", c.subject}, {"outcome", outcome_name(c.outcome)}, {"text", c.text}});
  return controls;
}

Json process_json(const ReportInput& input, const query::ProcessProfile& profile) {
  const ledger::Process& p = input.reader.processes()[profile.process];
  Json threads = Json::array();
  for (std::size_t t = 0; t < p.threads.size(); ++t) {
    threads.push_back({{"tid", p.threads[t].tid},
                       {"name", p.threads[t].name},
                       {"sums", sums_json(input.profile.threads[profile.process][t])}});
  }
  return {{"number", profile.process + 1},
          {"pid", p.pid},
          {"parent_pid", p.parent_pid},
          {"forked_from", p.forked_from},
          {"executable", p.executable},
          {"arguments", p.arguments},
          {"directory", p.directory},
          {"python_version", p.python_version},
          {"python_hex", p.python_hex},
          {"stacks", stacks_name(p.stacks)},
          {"reuse", {{"state", reuse_name(p.reuse)}, {"objects", p.reuses}, {"unknown", p.unknown_reuses}}},
          {"start_realtime_ns", p.start_realtime_ns},
          {"start_us", profile.offset_us},
          {"duration_us", p.duration_us},
          {"cpu_us", p.cpu_us == 0 ? Json() : Json(p.cpu_us)},
          {"clean_end", p.clean_end},
          {"exit_status", status_json(p.exit_status)},
          {"lost_events", p.lost_events},
          {"unknown_frees", p.unknown_frees},
          {"inherited_frees", p.inherited_frees},
          {"raw_bytes", p.raw_bytes},
          {"resident_bytes", resident_peak(input.reader, profile.process)},
          {"own_peak_bytes", profile.peak_bytes},
          {"own_peak_time_us", profile.peak_time_us},
          {"controls", process_controls_json(p)},
          {"gc", collections_json(p, window_of(input, profile))},
          {"sums", sums_json(profile.sums)},
          {"threads", std::move(threads)}};
}

Json accounts_json(const query::Profile& profile) {
  Json accounts = Json::array();
  for (unsigned a = 0; a < ledger::kAccountCount; ++a) {
    const auto account = static_cast<ledger::Account>(a);
    accounts.push_back({{"name", account_name(account)},
                        {"title", account_title(account)},
                        {"heap", is_heap(account)},
                        {"sums", sums_json(profile.accounts[a])}});
  }
  return accounts;
}

Json frame_json(const ledger::Reader& reader, const ledger::Frame& f) {
  return {{"function", reader.string(f.function)}, {"file", reader.string(f.file)}, {"line", f.line}};
}

Json stack_json(const ledger::Reader& reader, std::uint32_t node) {
  Json frames = Json::array();
  for (; node != 0; node = reader.nodes()[node].parent) {
    frames.push_back(frame_json(reader, reader.frames()[reader.nodes()[node].frame]));
  }
  return frames;
}

/// What a group is of: only the keys that its grouping has.
Json where_json(const ledger::Reader& reader, const query::GroupKey& key, GroupBy by) {
  if (by == GroupBy::account) return {{"account", account_name(key.account)}};
  if (by == GroupBy::process || by == GroupBy::thread) {
    const ledger::Process& p = reader.processes()[key.process];
    Json where{{"number", key.process + 1}, {"pid", p.pid}};
    if (by == GroupBy::thread)
      where.update({{"tid", p.threads[key.thread].tid}, {"name", p.threads[key.thread].name}});
    return where;
  }
  if (by == GroupBy::type) {
    if (key.type == 0) return {{"type", Json()}, {"account", account_name(key.account)}};
    return {{"type", query::type_name(reader, key.type)}};
  }
  Json where{{"origin", key.imports ? "import_system" : origin_key(key.origin)}};
  if (key.imports || key.origin != query::Origin::python) return where;
  if (by == GroupBy::stack) {
    where["frames"] = stack_json(reader, key.node);
    return where;
  }
  if (by != GroupBy::file) where["function"] = reader.string(key.function);
  where["file"] = reader.string(key.file);
  if (by != GroupBy::file) where["line"] = key.line;
  return where;
}

Json groups_json(const ReportInput& input) {
  const ReportRequest& request = input.request;
  auto groups = query::group(input.reader, input.slots, input.profile, request.by);
  query::sort(groups, input.reader, request.metrics.front());
  const std::size_t listed =
      request.top == 0 ? groups.size() : std::min<std::size_t>(groups.size(), request.top);
  Json entries = Json::array();
  for (const query::Group& g : std::span(groups).first(listed)) {
    entries.push_back({{"where", where_json(input.reader, g.key, request.by)}, {"sums", sums_json(g.sums)}});
  }
  return {{"by", group_name(request.by)},
          {"sorted_by", metric_name(request.metrics.front())},
          {"count", groups.size()},
          {"entries", std::move(entries)}};
}

Json stale_json(const ReportInput& input) {
  Json list = Json::array();
  for (const query::StaleBound& bound : query::stale_bounds(input.reader, input.slots, input.profile))
    list.push_back({{"kind", bound.kind},
                    {"blocks", bound.blocks},
                    {"bytes", bound.bytes},
                    {"end_blocks", bound.end_blocks},
                    {"end_bytes", bound.end_bytes}});
  return list;
}

/// Every class with blocks of the selection.
Json types_json(const ledger::Reader& reader, const std::vector<query::TypeSums>& types) {
  Json list = Json::array();
  for (const query::TypeSums& t : types) {
    const ledger::Type& type = reader.types()[t.type];
    Json defined;
    if (t.node != 0) defined = frame_json(reader, reader.frames()[reader.nodes()[t.node].frame]);
    list.push_back({{"type", query::type_name(reader, t.type)},
                    {"module", reader.string(type.module)},
                    {"qualname", reader.string(type.name)},
                    {"base", type.base != 0 ? Json(query::type_name(reader, type.base)) : Json()},
                    {"defined", std::move(defined)},
                    {"basic_size", type.basic_size},
                    {"item_size", type.item_size},
                    {"instances", sums_json(t.instances)},
                    {"parts", sums_json(t.parts)}});
  }
  return list;
}

Json branch_json(const ledger::Reader& reader, const query::Tree& tree, GroupBy by) {
  Json branches = Json::array();
  for (const query::Tree& branch : tree.branches) {
    Json one{{"where", where_json(reader, branch.key, by)}};
    one.update(branch_json(reader, branch, by));
    branches.push_back(std::move(one));
  }
  return {{"inclusive", sums_json(tree.inclusive)},
          {"exclusive", sums_json(tree.exclusive)},
          {"dropped", {{"branches", tree.dropped}, {"sums", sums_json(tree.dropped_sums)}}},
          {"branches", std::move(branches)}};
}

Json tree_json(const ReportInput& input, query::Direction direction) {
  const query::TreeOptions options = tree_options(input.request, direction);
  Json json{{"direction", direction == query::Direction::callers ? "callers" : "calls"},
            {"by", group_name(options.by)},
            {"metric", metric_name(options.metric)},
            {"least_share", options.least_share}};
  json.update(
      branch_json(input.reader, query::tree(input.reader, input.slots, input.profile, options), options.by));
  return json;
}

Json warnings_json(const ledger::Reader& reader) {
  Json warnings = Json::array();
  for (const Notice& n : notices(reader)) {
    warnings.push_back(
        {{"text", n.text}, {"incomplete", n.incomplete}, {"pid", n.pid == 0 ? Json() : Json(n.pid)}});
  }
  return warnings;
}

template <class T>
Json optional_json(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

}  // namespace

std::string report_json(const ReportInput& input) {
  const query::Question& question = input.request.question;
  const auto warnings = notices(input.reader);
  const auto types = query::sum_types(input.reader, input.slots, input.profile);
  Json processes = Json::array();
  for (const query::ProcessProfile& p : input.profile.processes) processes.push_back(process_json(input, p));
  Json trees = Json::array();
  if (input.request.callers) trees.push_back(tree_json(input, query::Direction::callers));
  if (input.request.calls) trees.push_back(tree_json(input, query::Direction::calls));
  const Json report{{"schema", kSchema},
                    {"tool_version", kVersion},
                    {"ledger", input.request.ledger},
                    {"complete", warnings.empty() || !warnings.front().incomplete},
                    {"warnings", warnings_json(input.reader)},
                    {"filter",
                     {{"conditions", input.request.conditions},
                      {"from_us", optional_json(question.filter.from_us)},
                      {"to_us", optional_json(question.filter.to_us)},
                      {"at_us", optional_json(question.at_us)}}},
                    {"session", session_json(input.reader)},
                    {"moment",
                     {{"kind", input.profile.at_peak ? "peak" : "time"},
                      {"time_us", input.profile.moment.time_us},
                      {"bytes", input.profile.moment.bytes},
                      {"blocks", input.profile.moment.blocks}}},
                    {"totals", sums_json(input.profile.totals)},
                    {"accounts", accounts_json(input.profile)},
                    {"processes", std::move(processes)},
                    {"types", types_json(input.reader, types)},
                    {"free_lists", stale_json(input)},
                    {"groups", groups_json(input)},
                    {"trees", std::move(trees)}};
  return report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace heapledger::cli
