// Interning of frames and sites: each is defined once in a lane's trace.
#include "sites.h"

#include <iterator>

#include "code.h"
#include "frames.h"
#include "names.h"

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

/// The oldest of a set is forgotten.
std::uint32_t remember(NameSet& set, NameKey key, std::uint32_t number) noexcept {
  if (number == 0 || key.place == kNowhere) return number;
  for (std::size_t i = std::size(set.names) - 1; i > 0; --i) set.names[i] = set.names[i - 1];
  set.names[0] = {key.place, key.parent, number};
  return number;
}

std::uint32_t node_of(Lane& lane, std::uint32_t parent, const SeenFrame& frame) noexcept {
  const NameKey key = {place_of(frame, kAsCaller), parent};
  NameSet& set = set_of(lane.stack, key);
  if (const Name* known = find_name(set, key); known != nullptr) [[likely]] return known->number;
  return remember(set, key, intern_node(lane, parent, frame));
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

std::uint32_t name_site(Lane& lane, NameSet& set, NameKey key, trace::Api api) noexcept {
  const SeenFrame& innermost = *lane.stack.visible;
  trace::Site site;
  site.api = static_cast<std::uint32_t>(api);
  site.parent = key.parent;
  site.code = code_number(lane, innermost.code);
  site.offset = instruction_offset(*g_runtime.layout, innermost);
  return remember(set, key, add_key(lane, site));
}

}  // namespace heapledger::python
