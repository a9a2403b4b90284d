// Metadata: one list of keys for each structure serves writing and reading.
#include "metadata.h"

#include <concepts>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <utility>
#include <vector>

namespace heapledger::ledger {
namespace {

using Json = nlohmann::ordered_json;

// visit_members(structure, visit) calls visit(key, member) for every key, when writing with constant members.

template <class Self, class Whole>
concept Of = std::same_as<std::remove_const_t<Self>, Whole>;

template <class Visit>
void visit_members(Of<Thread> auto& t, Visit&& visit) {
  visit("tid", t.tid), visit("name", t.name);
}

template <class Visit>
void visit_members(Of<Warning> auto& w, Visit&& visit) {
  visit("text", w.text), visit("incomplete", w.incomplete);
}

template <class Visit>
void visit_members(Of<Control> auto& c, Visit&& visit) {
  visit("name", c.name), visit("subject", c.subject), visit("outcome", c.outcome), visit("text", c.text);
}

template <class Visit>
void visit_members(Of<Attributes> auto& a, Visit&& visit) {
  visit("type", a.type), visit("names", a.names);
}

template <class Visit>
void visit_members(Of<ProcessRecord> auto& r, Visit&& visit) {
  auto& p = r.process;
  visit("rows", r.rows), visit("sites", r.sites);
  visit("pid", p.pid), visit("parent_pid", p.parent_pid), visit("forked_from", p.forked_from);
  visit("executable", p.executable), visit("arguments", p.arguments), visit("directory", p.directory);
  visit("python_version", p.python_version), visit("python_hex", p.python_hex), visit("stacks", p.stacks);
  visit("start_realtime_ns", p.start_realtime_ns), visit("start_monotonic_ns", p.start_monotonic_ns);
  visit("cpu_us", p.cpu_us);
  visit("duration_us", p.duration_us), visit("clean_end", p.clean_end), visit("exit_status", p.exit_status);
  visit("lost_events", p.lost_events), visit("handler_events", p.handler_events);
  visit("unknown_frees", p.unknown_frees), visit("inherited_frees", p.inherited_frees);
  visit("allocations", p.allocations), visit("frees", p.frees), visit("allocated_bytes", p.allocated_bytes);
  visit("peak_bytes", p.peak_bytes), visit("peak_row", p.peak_row), visit("peak_time_us", p.peak_time_us);
  visit("live_bytes", p.live_bytes), visit("live_blocks", p.live_blocks), visit("raw_bytes", p.raw_bytes);
  visit("threads", p.threads), visit("warnings", p.warnings);
  visit("attributes", p.attributes);
  visit("collections_watched", p.collections_watched), visit("collections", p.collections);
  visit("collections_before", p.collections_before), visit("collections_unseen", p.collections_unseen);
  visit("callback_gone", p.callback_gone), visit("still_collecting", p.still_collecting);
  visit("foreign_deaths", p.foreign_deaths);
  visit("reuse", p.reuse), visit("reuses", p.reuses), visit("unknown_reuses", p.unknown_reuses);
  visit("controls", p.controls);
}

template <class Visit>
void visit_members(Of<Session> auto& s, Visit&& visit) {
  visit("command", s.command), visit("wall_us", s.wall_us), visit("exit_status", s.exit_status);
  visit("tool_version", s.tool_version), visit("warnings", s.warnings);
}

/// What has such a list, in JSON an object.
template <class Whole>
concept Keyed = requires(Whole& whole) { visit_members(whole, [](const char*, auto&) {}); };

/// By position, without keys: there can be very many.
template <class Self, class Visit>
void visit_collection(Self& c, Visit&& visit) {
  visit(c.time_us), visit(c.pause_ns), visit(c.first), visit(c.last), visit(c.generation), visit(c.thread);
  visit(c.collected), visit(c.uncollectable), visit(c.freed_blocks), visit(c.freed_bytes), visit(c.cpu_ns);
  visit(c.ending);
}

/// JSON holds no other text; its serializer knows best.
bool is_utf8(const std::string& text) {
  try {
    (void)Json(text).dump();
    return true;
  } catch (const Json::type_error&) {
    return false;
  }
}

// Values to JSON, one overload a type of member.

template <std::integral Value>
Json to_json(Value v) {
  return v;
}
Json to_json(trace::StackState v) { return static_cast<unsigned>(v); }
Json to_json(trace::CollectionEnding v) { return static_cast<unsigned>(v); }
Json to_json(trace::ReuseState v) { return static_cast<unsigned>(v); }
Json to_json(trace::ControlOutcome v) { return static_cast<unsigned>(v); }
Json to_json(const std::string& v) {
  if (is_utf8(v)) return v;
  Json bytes = Json::array();
  for (const char c : v) bytes.push_back(static_cast<unsigned char>(c));
  return bytes;
}

template <Keyed Whole>
Json to_json(const Whole& v);
Json to_json(const Collection& v) {
  Json row = Json::array();
  visit_collection(v, [&](auto number) { row.push_back(to_json(number)); });
  return row;
}
template <class Value>
Json to_json(const std::vector<Value>& values) {
  Json list = Json::array();
  for (const Value& v : values) list.push_back(to_json(v));
  return list;
}

/// Visitor that writes.
struct PutKey {
  Json& object;
  template <class Value>
  void operator()(const char* key, const Value& v) const {
    object[key] = to_json(v);
  }
};

template <Keyed Whole>
Json to_json(const Whole& v) {
  Json object = Json::object();
  visit_members(v, PutKey{object});
  return object;
}

// JSON to values: of another type or out of range, it leaves the value as it is.

template <std::integral Value>
void from_json(const Json& json, Value& v) {
  if (json.is_number_unsigned()) {
    const auto n = json.get<std::uint64_t>();
    if (std::in_range<Value>(n)) v = static_cast<Value>(n);
  } else if (json.is_number_integer()) {
    const auto n = json.get<std::int64_t>();
    if (std::in_range<Value>(n)) v = static_cast<Value>(n);
  }
}
void from_json(const Json& json, bool& v) {
  if (json.is_boolean()) v = json.get<bool>();
}
void from_json(const Json& json, trace::StackState& v) {
  auto number = static_cast<unsigned>(v);
  from_json(json, number);
  if (number <= static_cast<unsigned>(trace::StackState::switched_off))
    v = static_cast<trace::StackState>(number);
}
void from_json(const Json& json, trace::CollectionEnding& v) {
  auto number = static_cast<unsigned>(v);
  from_json(json, number);
  if (number < trace::kCollectionEndings) v = static_cast<trace::CollectionEnding>(number);
}
void from_json(const Json& json, trace::ReuseState& v) {
  auto number = static_cast<unsigned>(v);
  from_json(json, number);
  if (number < trace::kReuseStates) v = static_cast<trace::ReuseState>(number);
}
void from_json(const Json& json, trace::ControlOutcome& v) {
  auto number = static_cast<unsigned>(v);
  from_json(json, number);
  if (number < trace::kControlOutcomes) v = static_cast<trace::ControlOutcome>(number);
}
void from_json(const Json& json, std::string& v) {
  if (json.is_string()) v = json.get_ref<const std::string&>();
  if (!json.is_array()) return;
  v.clear();
  for (const Json& b : json) {
    std::uint8_t byte = 0;
    from_json(b, byte);
    v.push_back(static_cast<char>(byte));
  }
}

template <Keyed Whole>
void from_json(const Json& json, Whole& v);
void from_json(const Json& json, Collection& v) {
  std::size_t column = 0;
  visit_collection(v, [&](auto& number) {
    if (column < json.size()) from_json(json[column], number);
    ++column;
  });
}
template <class Value>
void from_json(const Json& json, std::vector<Value>& values) {
  if (!json.is_array()) return;
  values.clear();
  for (const Json& element : json) from_json(element, values.emplace_back());
}

/// Visitor that reads; a key that is missing leaves its member alone.
struct GetKey {
  const Json& object;
  template <class Value>
  void operator()(const char* key, Value& v) const {
    const auto found = object.find(key);
    if (found != object.end()) from_json(*found, v);
  }
};

template <Keyed Whole>
void from_json(const Json& json, Whole& v) {
  if (json.is_object()) visit_members(v, GetKey{json});
}

template <Keyed Whole>
std::optional<Whole> parsed(std::span<const std::byte> text) {
  const std::string copy(reinterpret_cast<const char*>(text.data()), text.size());
  const Json json = Json::parse(copy, nullptr, false);  // no object when the text is no JSON
  if (!json.is_object()) return {};
  Whole whole;
  from_json(json, whole);
  return whole;
}

}  // namespace

std::string process_text(const ProcessRecord& record) { return to_json(record).dump(); }

std::string session_text(const Session& session) { return to_json(session).dump(); }

std::optional<ProcessRecord> parse_process(std::span<const std::byte> text) {
  return parsed<ProcessRecord>(text);
}

std::optional<Session> parse_session(std::span<const std::byte> text) { return parsed<Session>(text); }

}  // namespace heapledger::ledger
