// Events of a lane about blocks that are alive and turn out to be objects, or other objects.
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

}  // namespace heapledger::read
