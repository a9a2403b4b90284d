// Interning of frames and sites: each is defined once in a lane's trace.
#include "sites.h"

#include "code.h"
#include "frames.h"

namespace heapledger::python {

namespace {

std::uint32_t intern_node(Lane& lane, std::uint32_t parent, const SeenFrame& seen) noexcept {
  trace::Node node;
  node.parent = parent;
  node.code = code_number(lane, seen.code);
  node.offset = instruction_offset(*g_runtime.layout, seen);
  const InternKey key{std::uint64_t{parent} << 32 | node.code, node.offset};
  if (const std::uint32_t known = lane.node_table.find(key); known != 0) return known;
  const std::uint32_t number = lane.node_table.add(key);
  if (number == 0) trace_file::stop(trace::StopReason::map_failed);  // stacks would silently lose their outer part
  return number != 0 && lane.append(node) ? number : 0;
}

std::uint32_t node_of(Lane& lane, std::uint32_t parent, const SeenFrame& frame) noexcept {
  NameSlot& slot = slot_of(lane.stack, frame, parent, kAsCaller);
  if (holds(slot, lane.stack, frame, parent, kAsCaller)) [[likely]] return slot.number;
  const std::uint32_t number = intern_node(lane, parent, frame);
  slot = {frame.position, frame.code, parent, lane.stack.epoch, kAsCaller, number};
  return number;
}

[[gnu::cold, gnu::noinline]] std::uint32_t add_site(Lane& lane, const InternKey& key, const trace::Site& site) noexcept {
  if (!lane.sites.reserve(lane.site_table.count() + 1)) return 0;
  const std::uint32_t number = lane.site_table.add(key);
  return number != 0 && lane.append(site) ? number : 0;
}

std::uint32_t add_key(Lane& lane, const trace::Site& site) noexcept {
  const InternKey key{std::uint64_t{site.parent} << 32 | site.code, std::uint64_t{site.offset} << 8 | site.api};
  const std::uint32_t known = lane.site_table.find(key);
  return known != 0 ? known : add_site(lane, key, site);
}

}  // namespace

std::uint32_t name_bare_site(Lane& lane, trace::Api api) noexcept {
  trace::Site site;
  site.api = static_cast<std::uint32_t>(api);
  return lane.stack.bare[site.api] = add_key(lane, site);
}

std::uint32_t name_callers(Lane& lane) noexcept {
  SeenFrame* const frames = lane.stack.frames.data();
  const std::uint64_t callers = lane.stack.visible - 1;
  std::uint64_t named = callers;
  while (named > 0 && frames[named - 1].node == kNoNode) --named;
  std::uint32_t node = named > 0 ? frames[named - 1].node : 0;
  for (; named < callers; ++named) {
    if ((frames[named].flags & kHidden) == 0) node = node_of(lane, node, frames[named]);
    frames[named].node = node;
  }
  return node;
}

std::uint32_t name_site(Lane& lane, NameSlot& slot, std::uint32_t parent, trace::Api api) noexcept {
  const SeenFrame& innermost = lane.stack.frames.data()[lane.stack.visible - 1];
  trace::Site site;
  site.api = static_cast<std::uint32_t>(api);
  site.parent = parent;
  site.code = code_number(lane, innermost.code);
  site.offset = instruction_offset(*g_runtime.layout, innermost);
  const std::uint32_t number = add_key(lane, site);
  slot = {innermost.position, innermost.code, parent, lane.stack.epoch, site.api, number};
  return number;
}

}  // namespace heapledger::python
