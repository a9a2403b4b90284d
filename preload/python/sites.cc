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
  const NameKey key(lane.stack, frame, parent, kAsCaller);
  NameSlot& slot = slot_of(lane.stack, key);
  if (slot.key == key) [[likely]] return slot.number;
  const std::uint32_t number = intern_node(lane, parent, frame);
  if (number != 0) slot = {key, number};
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
  SeenFrame* const innermost = lane.stack.visible;
  SeenFrame* frame = innermost - 1;
  while (frame->node == kNoNode) --frame;
  std::uint32_t node = frame->node;
  while (++frame != innermost) {
    if ((frame->flags & kHidden) == 0) node = node_of(lane, node, *frame);
    frame->node = node;
  }
  return node;
}

std::uint32_t name_site(Lane& lane, NameSlot& slot, const NameKey& key, trace::Api api) noexcept {
  const SeenFrame& innermost = *lane.stack.visible;
  trace::Site site;
  site.api = static_cast<std::uint32_t>(api);
  site.parent = static_cast<std::uint32_t>(key.context);
  site.code = code_number(lane, innermost.code);
  site.offset = instruction_offset(*g_runtime.layout, innermost);
  const std::uint32_t number = add_key(lane, site);
  if (number != 0) slot = {key, number};
  return number;
}

}  // namespace heapledger::python
