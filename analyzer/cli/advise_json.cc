// Advice for programs: one JSON object, described in docs/advise-json.md. All numbers are raw.
#include <nlohmann/json.hpp>

#include "../advise/collector.h"
#include "../advise/slots.h"
#include "../query/types.h"
#include "advise.h"

namespace heapledger::cli {

namespace {

using Json = nlohmann::ordered_json;

Json slots_json(const AdviceInput& input) {
  Json list = Json::array();
  const auto blocks = query::classed_blocks(input.reader, input.slots, input.profile);
  for (const advise::SlotsAdvice& a : advise::slots_advice(input.reader, input.process(), blocks)) {
    Json chain = Json::array();
    for (const std::uint32_t type : a.chain) chain.push_back(slots_word(input.reader, type));
    list.push_back({{"type", query::type_name(input.reader, a.type)},
                    {"attributes", a.attributes},
                    {"instances", a.instances},
                    {"plain_bytes", a.plain_bytes},
                    {"slotted_bytes", a.slotted_bytes},
                    {"saved_bytes", a.saved_bytes},
                    {"saved_rounded_bytes", a.saved_rounded},
                    {"classes", std::move(chain)},
                    {"refusal", a.refusal.empty() ? Json() : Json(a.refusal)}});
  }
  return list;
}

Json collector_json(const AdviceInput& input) {
  const ledger::Process& process = input.process();
  if (!process.collections_watched) return {};
  const advise::CollectorAdvice a = advise::collector_advice(process, input.growth.end_row);
  return {{"collections", a.all.collections},
          {"unseen", query::unseen_collections(process)},
          {"pause_ns", a.all.pause_ns},
          {"wall_share", a.wall_share},
          {"cpu_share", a.cpu_share},
          {"collected", a.all.collected},
          {"freed_bytes", a.all.freed_bytes},
          {"most_freed_bytes", a.most_freed_bytes},
          {"young_pause_ns", a.young_pause_ns},
          {"young_freed_bytes", a.young_freed_bytes},
          {"threshold", a.threshold},
          {"threshold_known", a.threshold_known},
          {"explicitly", a.explicitly},
          {"waiting_bytes", a.waiting_bytes},
          {"worth_a_change", a.worth_a_change}};
}

Json growth_json(const AdviceInput& input) {
  Json lines = Json::array();
  for (const GrownLine& line : grown_lines(input)) {
    if (!line.sums.steady() && !line.sums.only_grew()) continue;
    lines.push_back({{"function", input.reader.string(line.key.function)},
                     {"file", input.reader.string(line.key.file)},
                     {"line", line.key.line},
                     {"type", line.type == 0 ? Json() : Json(query::type_name(input.reader, line.type))},
                     {"steady", line.sums.steady()},
                     {"bytes_by_time", line.sums.bytes},
                     {"blocks_by_time", line.sums.blocks},
                     {"table_growths", line.sums.table_growths},
                     {"table_bytes", line.sums.table_bytes}});
  }
  return {{"end_us", input.growth.end_us}, {"lines", std::move(lines)}};
}

}  // namespace

std::string advice_json(const AdviceInput& input) {
  const Json advice{{"schema", "heapledger-advice/1"}, {"ledger", input.ledger},
                    {"pid", input.process().pid},      {"peak_bytes", input.process().peak_bytes},
                    {"slots", slots_json(input)},      {"collector", collector_json(input)},
                    {"growth", growth_json(input)}};
  return advice.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace heapledger::cli
