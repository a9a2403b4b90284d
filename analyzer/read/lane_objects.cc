// Events of a lane about blocks that are alive and turn out to be objects, or other objects.
#include <utility>

#include "lane_reader.h"

namespace heapledger::read {

/// Of a block that is alive: what it is, in this lane's own numbers.
bool LaneReader::object_event(Event& event, EventKind kind, std::uint32_t site, std::uint32_t type,
                              std::uint64_t address) {
  if (address == 0 || type >= types_.size() || site >= sites_.size() || !sites_[site].objects)
    return damage();
  fill(event, kind);
  event.address = address;
  event.type = types_[type].number;
  event.site = sites_[site].number;
  return true;
}

bool LaneReader::hot_reuse(std::uint8_t head, Event& event) {
  const std::uint32_t site = trace::get_hot_site(trace::reuse_site_code(head), in_, model_);
  if (site >= sites_.size()) return damage();
  const std::uint64_t address = trace::get_free(head, in_, model_);
  if (!in_.ok() || !object_event(event, EventKind::reuse, site, sites_[site].model.last_type, address))
    return damage();
  stamp(event, trace::shard_of(address), std::exchange(skipped_, 0));
  return true;
}

bool LaneReader::reuse(const trace::Reused& r, Event& event) {
  model_.last_address += static_cast<std::uint64_t>(r.move);
  if (!object_event(event, EventKind::reuse, r.site, r.type, model_.last_address)) return false;
  sites_[r.site].model.last_type = r.type;
  stamp(event, trace::shard_of(event.address), std::exchange(skipped_, 0));
  return true;
}

}  // namespace heapledger::read
