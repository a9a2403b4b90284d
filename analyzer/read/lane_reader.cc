// Decoding of lanes. Everything here reads hostile bytes: numbers are checked where they are used.
#include "lane_reader.h"

#include <utility>

namespace heapledger::read {

using trace::Kind;

namespace {
/// A hundred years, in microseconds. More is damage, and would make nonsense of every sum of times.
constexpr std::uint64_t kLongestTime = std::uint64_t{100} * 366 * 86'400 * 1'000'000;
/// No block or range is larger: user addresses have at most 57 bits.
constexpr std::uint64_t kLargestBlock = std::uint64_t{1} << 57;

bool plausible(std::uint64_t address, std::uint64_t size) { return size <= kLargestBlock && address + size >= address; }
}  // namespace

LaneReader::LaneReader(std::uint32_t number, const std::vector<ChunkBytes>& chunks, Definitions& definitions)
    : lane_(number), chunks_(&chunks), definitions_(&definitions), next_stamp_(trace::kShardCount, 0) {
  sites_[0].number = definitions.site(0, 0, 0, trace::Api::unknown);  // when the shim could not name one
}

LaneReader LaneReader::ahead(Definitions& definitions) const {
  LaneReader reader = *this;
  reader.definitions_ = &definitions;
  return reader;
}

bool LaneReader::next_chunk() {
  if (next_chunk_ == chunks_->size()) return false;
  in_ = trace::Cursor{(*chunks_)[next_chunk_++]};
  return true;
}

bool LaneReader::damage() {
  damaged_ = true;
  next_chunk_ = chunks_->size();
  in_ = trace::Cursor{{}};
  second_.reset();
  return false;
}

void LaneReader::fill(Event& event, EventKind kind) {
  event = Event{};
  event.kind = kind;
  event.lane = lane_;
  event.thread = thread_;
  event.time_us = time_us_;
}

/// Takes the lane's next stamp in a shard, `skipped` further than the last one.
void LaneReader::stamp(Event& event, std::uint32_t shard, std::uint64_t skipped) {
  event.shard = shard;
  event.stamp = next_stamp_[shard] + static_cast<std::uint32_t>(skipped);
  next_stamp_[shard] = event.stamp + 1;
}

/// What was allocated is an object of the type that its site had last, unless the next record names another. What that
/// needs may be defined in between.
void LaneReader::find_type(Event& event, Site& site) {
  while (!damaged_) {
    if (in_.at_end() && !next_chunk()) break;
    if (in_.at_end()) continue;
    trace::Cursor ahead = in_;
    const std::uint8_t head = ahead.byte();
    const auto kind = static_cast<Kind>(head >> 2);
    if ((head & 3) != 0 || (kind != Kind::type && kind != Kind::typed)) break;
    const auto body = ahead.bytes(ahead.varint());
    if (!ahead.ok()) break;
    in_ = ahead;
    if (kind == Kind::type) {
      definition(kind, body);
      continue;
    }
    trace::Typed typed;
    if (get(body, typed) && typed.type >= types_.size()) damage();
    if (!damaged_) site.model.last_type = typed.type;
    break;
  }
  if (site.model.last_type >= types_.size()) return;
  const Type& type = types_[site.model.last_type];
  birth_.type = site.model.last_type;
  birth_.concerns_parts = type.concerns_parts;
  event.type = type.number;
  if (type.of_types) definitions_->type_object(event.address, event.site);
}

bool LaneReader::hot_alloc(std::uint8_t head, Event& event) {
  const std::uint32_t number = trace::get_hot_site(trace::alloc_site_code(head), in_, model_);
  if (number >= sites_.size()) return damage();
  Site& site = sites_[number];
  const trace::Alloc alloc = trace::get_alloc_rest(head, in_, model_, site.model);
  if (!in_.ok() || alloc.address == 0) return damage();
  fill(event, EventKind::alloc);
  event.site = site.number;
  event.address = alloc.address;
  event.size = alloc.size;
  stamp(event, trace::shard_of(alloc.address), std::exchange(skipped_, 0));
  birth_ = {number, 0, site.buffers && !parts_.idle()};
  if (site.objects) find_type(event, site);
  return true;
}

[[gnu::always_inline]] inline bool LaneReader::decode_inline(Event& event) {
  birth_.concerns_parts = false;
  if (second_) {
    event = *second_;
    second_.reset();
    birth_ = {};
    return true;
  }
  for (;;) {
    if (in_.at_end()) {
      if (!next_chunk()) return false;
      continue;
    }
    const std::uint8_t head = in_.byte();
    if (trace::is_hot_alloc(head)) return hot_alloc(head, event);
    if (trace::is_hot_free(head)) {
      const std::uint64_t address = trace::get_free(head, in_, model_);
      if (!in_.ok() || address == 0) return damage();
      fill(event, EventKind::free);
      event.in_collection = (head & trace::kFreeInCollection) != 0;
      event.inner = (head & trace::kFreeInner) != 0;
      event.address = address;
      stamp(event, trace::shard_of(address), std::exchange(skipped_, 0));
      return true;
    }
    if (trace::is_hot_reuse(head)) return hot_reuse(head, event);
    const std::uint64_t length = in_.varint();
    const auto body = in_.bytes(length);
    if (!in_.ok()) return damage();
    if (extended(static_cast<Kind>(head >> 2), body, event)) return true;
    if (damaged_) return false;
  }
}

bool LaneReader::decode(Event& event) { return decode_inline(event); }

bool LaneReader::next(Event& event) {
  if (!ahead_.empty()) [[unlikely]] take_ahead(event);
  else if (!decode_inline(event)) return false;
  if (birth_.concerns_parts || (event.kind == EventKind::free && parts_.may_know(event.address))) find_parts(event);
  return true;
}

template <class Record>
bool LaneReader::get(std::span<const std::byte> body, Record& record) {
  return trace::get_extended(body, record) || damage();
}

std::uint32_t LaneReader::site_number(std::uint32_t lane_site) {
  if (lane_site < sites_.size()) return sites_[lane_site].number;
  damage();
  return 0;
}

bool LaneReader::extended(Kind kind, std::span<const std::byte> body, Event& event) {
  switch (kind) {
    case Kind::order: {
      trace::Order order;
      if (get(body, order)) skipped_ += order.skipped;
      return false;
    }
    case Kind::time: {
      trace::Time time;
      if (get(body, time) && time.elapsed_us > kLongestTime - time_us_) damage();
      time_us_ += damaged_ ? 0 : time.elapsed_us;
      return false;
    }
    case Kind::code:
    case Kind::node:
    case Kind::site:
    case Kind::thread:
    case Kind::process:
    case Kind::interpreter:
    case Kind::self_test:
    case Kind::collections_before:
    case Kind::collections_unseen:
    case Kind::type:
    case Kind::attribute:
    case Kind::control:
      definition(kind, body);
      return false;
    default:
      return extended_event(kind, body, event);
  }
}

void LaneReader::map_event(Event& event, EventKind kind, std::uint64_t address, std::uint64_t size,
                           std::uint64_t skipped) {
  if (!plausible(address, size)) damage();
  fill(event, kind);
  event.address = address;
  event.size = size;
  stamp(event, trace::kMapShard, skipped);
}

bool LaneReader::extended_event(Kind kind, std::span<const std::byte> body, Event& event) {
  switch (kind) {
    case Kind::realloc: {
      trace::Realloc r;
      if (!get(body, r)) return false;
      const std::uint32_t site = site_number(r.site);
      fill(event, EventKind::free);
      event.address = model_.last_address + static_cast<std::uint64_t>(r.old_move);
      stamp(event, trace::shard_of(event.address), r.skipped_before);
      Event born;
      fill(born, EventKind::alloc);
      born.address = event.address + static_cast<std::uint64_t>(r.new_move);
      born.size = r.size;
      born.site = site;
      stamp(born, trace::shard_of(born.address), r.skipped_after);
      model_.last_address = born.address;
      if (event.address == 0 || born.address == 0 || !plausible(born.address, born.size)) damage();
      if (damaged_) return false;
      if (sites_[r.site].objects) find_type(born, sites_[r.site]);
      birth_ = {};
      second_ = born;
      return true;
    }
    case Kind::void_stamp: {
      trace::VoidStamp v;
      if (!get(body, v)) return false;
      fill(event, EventKind::nothing);
      stamp(event, v.address == 0 ? trace::kMapShard : trace::shard_of(v.address), v.skipped);
      return true;
    }
    case Kind::alloc_wide: {
      trace::AllocWide a;
      if (!get(body, a)) return false;
      fill(event, EventKind::alloc);
      event.site = site_number(a.site);
      if (damaged_) return false;
      if (a.address == 0 || !plausible(a.address, a.size)) return damage();
      event.address = sites_[a.site].model.last_address = model_.last_address = a.address;
      event.size = a.size;
      stamp(event, trace::shard_of(a.address), std::exchange(skipped_, 0));
      birth_ = {a.site, 0, sites_[a.site].buffers && !parts_.idle()};
      if (sites_[a.site].objects) find_type(event, sites_[a.site]);
      return true;
    }
    case Kind::free_wide: {
      trace::FreeWide f;
      if (!get(body, f)) return false;
      if (f.address == 0) return damage();
      fill(event, EventKind::free);
      event.address = model_.last_address = f.address;
      event.in_collection = (f.flags & trace::kFreeInCollection) != 0;
      event.inner = (f.flags & trace::kFreeInner) != 0;
      stamp(event, trace::shard_of(f.address), std::exchange(skipped_, 0));
      return true;
    }
    case Kind::map: {
      trace::Map m;
      if (!get(body, m)) return false;
      map_event(event, EventKind::map, m.address, m.size, m.skipped);
      event.site = site_number(m.site);
      event.flags = static_cast<std::uint16_t>(m.flags);
      return !damaged_;
    }
    case Kind::unmap: {
      trace::Unmap u;
      if (!get(body, u)) return false;
      map_event(event, EventKind::unmap, u.address, u.size, u.skipped);
      return !damaged_;
    }
    case Kind::remap: {
      trace::Remap r;
      if (!get(body, r)) return false;
      map_event(event, EventKind::remap_out, r.old_address, r.old_size, r.skipped_before);
      Event there;
      map_event(there, EventKind::remap_in, r.address, r.size, r.skipped_after);
      there.site = site_number(r.site);
      if (!damaged_) second_ = there;
      return !damaged_;
    }
    case Kind::protect: {
      trace::Protect p;
      if (!get(body, p)) return false;
      map_event(event, EventKind::protect, p.address, p.size, p.skipped);
      event.flags = p.usable != 0 ? 1 : 0;
      return !damaged_;
    }
    case Kind::stack: {
      trace::Stack s;
      if (!get(body, s)) return false;
      map_event(event, EventKind::stack, s.number, s.size, s.skipped);
      event.site = site_number(s.site);
      return !damaged_;
    }
    case Kind::stack_end: {
      trace::StackEnd s;
      if (!get(body, s)) return false;
      map_event(event, EventKind::stack_end, s.number, 0, s.skipped);
      return true;
    }
    case Kind::brk: {
      trace::Break b;
      if (!get(body, b)) return false;
      map_event(event, EventKind::brk, b.address, 0, b.skipped);
      event.size = static_cast<std::uint64_t>(b.change);
      const bool shrinks = b.change < 0;
      const std::uint64_t moved = shrinks ? 0 - event.size : event.size;
      if (shrinks ? moved > b.address : !plausible(b.address, moved)) damage();
      event.site = site_number(b.site);
      event.flags = static_cast<std::uint16_t>(b.flags);
      return !damaged_;
    }
    case Kind::typed_late: {
      trace::TypedLate t;
      if (!get(body, t) || !object_event(event, EventKind::retype, t.site, t.type, t.address)) return false;
      stamp(event, trace::shard_of(t.address), t.skipped);
      birth_ = {t.site, t.type, true};
      return true;
    }
    case Kind::reused: {
      trace::Reused r;
      return get(body, r) && reuse(r, event);
    }
    case Kind::part_of: {
      trace::PartOf p;
      return get(body, p) && part_event(p, event);
    }
    case Kind::collection_begin: {
      trace::CollectionBegin c;
      if (!get(body, c)) return false;
      fill(event, EventKind::collection_begin);
      event.flags = static_cast<std::uint16_t>(c.generation);
      return true;
    }
    case Kind::collection_end: {
      trace::CollectionEnd c;
      if (!get(body, c)) return false;
      fill(event, EventKind::collection_end);
      event.flags = static_cast<std::uint16_t>(c.generation);
      event.address = c.pause_ns;
      event.size = c.collected;
      event.stamp = static_cast<std::uint32_t>(c.uncollectable);
      event.more = c.cpu_ns;
      event.type = c.ending;
      return true;
    }
    default:
      return false;  // of a later version, or without meaning here
  }
}

void LaneReader::definition(Kind kind, std::span<const std::byte> body) {
  const auto parent_of = [&](std::uint32_t number, const std::vector<std::uint32_t>& known) {
    if (number < known.size()) return known[number];
    damage();
    return std::uint32_t{0};
  };
  if (trace::Code code; kind == Kind::code && get(body, code)) {
    codes_.push_back(definitions_->code(code));
    parts_.code(code);
  }
  if (trace::Node node; kind == Kind::node && get(body, node)) {
    const std::uint32_t parent = parent_of(node.parent, nodes_), code = parent_of(node.code, codes_);
    if (damaged_) return;
    nodes_.push_back(definitions_->node(parent, code, node.offset));
    parts_.node(node);
  }
  if (trace::Site site; kind == Kind::site && get(body, site)) {
    const std::uint32_t parent = parent_of(site.parent, nodes_), code = parent_of(site.code, codes_);
    const auto api = static_cast<trace::Api>(site.api < trace::kApiCount ? site.api : 0);
    if (damaged_) return;
    sites_.push_back({{}, definitions_->site(parent, code, site.offset, api), trace::is_object(api),
                      api == trace::Api::py_mem_malloc});
    parts_.site(site);
  }
  if (trace::Type type; kind == Kind::type && get(body, type)) {
    if (type.base >= types_.size() || type.owner >= types_.size()) damage();
    if (damaged_) return;
    types_.push_back({definitions_->type(type, types_[type.base].number, types_[type.owner].number),
                      type.owner == 0 && (type.flags & trace::kTypeSubclass) != 0, parts_.type(type)});
  }
  if (trace::Attribute attribute; kind == Kind::attribute && get(body, attribute)) {
    if (attribute.type >= types_.size()) damage();
    if (!damaged_) definitions_->attribute(types_[attribute.type].number, attribute);
  }
  if (trace::Thread thread; kind == Kind::thread && get(body, thread)) {
    thread_ = definitions_->thread(thread);
    parts_.thread();
  }
  if (trace::Process process; kind == Kind::process && get(body, process)) definitions_->process(process);
  if (trace::Interpreter found; kind == Kind::interpreter && get(body, found)) definitions_->interpreter(found);
  if (trace::SelfTest test; kind == Kind::self_test && get(body, test)) definitions_->self_test(test);
  if (trace::CollectionsBefore before; kind == Kind::collections_before && get(body, before))
    definitions_->collections_before(before);
  if (trace::CollectionsUnseen unseen; kind == Kind::collections_unseen && get(body, unseen))
    definitions_->collections_unseen(unseen);
  if (trace::Control control; kind == Kind::control && get(body, control)) definitions_->control(control);
}

}  // namespace heapledger::read
