// Tells the events of a lane to Parts, and gives blocks that are parts the type that says so.
#include "lane_reader.h"

namespace heapledger::read {

void LaneReader::take_ahead(Event& event) {
  event = ahead_[next_ahead_].event;
  birth_ = ahead_[next_ahead_].birth;
  if (++next_ahead_ == ahead_.size()) ahead_.clear(), next_ahead_ = 0;
}

/// An event that is none of their business has not come here.
void LaneReader::find_parts(Event& event) {
  const Birth birth = birth_;
  if (event.kind != EventKind::alloc) parts_.gone(event.address);
  if (event.kind == EventKind::free) return;
  if (sites_[birth.site].objects) return parts_.object(birth.site, birth.type, event.address);
  if (const std::uint32_t owner = parts_.owner_of_values(birth.site, event.size); owner != 0)
    event.type = part_number(owner, trace::Part::values);
  else if (parts_.may_have_dict(event.size))
    look_for_dict(event);
}

/// Reads on to the next allocation, which may need new memory of the system first. Stamps are taken in this
/// order, so they stay right. Without a dict there the buffer may be values all the same, whose dict was an
/// old one that Python had kept; which of both cannot be told. Nothing is left of an earlier look: only its
/// last event can have been a buffer.
void LaneReader::look_for_dict(Event& values) {
  constexpr std::size_t kMost = 8;
  const std::uint32_t site = birth_.site;
  const auto is_memory = [](const Event& e) { return e.kind == EventKind::map || e.kind == EventKind::brk; };
  bool more = false;
  do {
    Ahead& next = ahead_.emplace_back();
    more = decode(next.event);
    next.birth = birth_;
  } while (more && is_memory(ahead_.back().event) && ahead_.size() < kMost);
  if (!more) ahead_.pop_back();
  const bool dict = more && ahead_.back().event.kind == EventKind::alloc &&
                    parts_.is_dict(site, ahead_.back().birth.site, ahead_.back().birth.type);
  const std::uint32_t owner = parts_.take_owner(site);
  if (owner == 0 || !dict) return;
  values.type = part_number(owner, trace::Part::values);
  ahead_.back().event.type = part_number(owner, trace::Part::dict);
}

std::uint32_t LaneReader::part_number(std::uint32_t owner, trace::Part part) {
  Type& type = types_[owner];
  std::uint32_t& number = type.parts[static_cast<std::size_t>(part)];
  if (number == 0) number = definitions_->part(type.number, part);
  return number;
}

/// The recorder has seen it in the instance.
bool LaneReader::part_event(const trace::PartOf& p, Event& event) {
  model_.last_address += static_cast<std::uint64_t>(p.move);
  if (model_.last_address == 0 || p.owner == 0 || p.owner >= types_.size()) return damage();
  const bool known = p.part < trace::kParts;  // else of a later version
  fill(event, known ? EventKind::part : EventKind::nothing);
  event.address = model_.last_address;
  if (known) event.type = part_number(p.owner, static_cast<trace::Part>(p.part));
  stamp(event, trace::shard_of(event.address), p.skipped);
  birth_ = {};
  return true;
}

}  // namespace heapledger::read
