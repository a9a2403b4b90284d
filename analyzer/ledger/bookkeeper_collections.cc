// Garbage collections: what their threads free, and what others free meanwhile.
#include <algorithm>

#include "bookkeeper.h"

namespace heapledger::ledger {

using read::Event;
using read::EventKind;
using trace::CollectionEnding;

bool Bookkeeper::is_collecting(const Event& event) const {
  if (collecting_.empty()) return false;
  const auto found = collecting_.find(event.lane);
  return found != collecting_.end() && found->second.back().thread == event.thread;
}

void Bookkeeper::apply_meanwhile(const Event& event) {
  const bool foreign = !is_collecting(event);
  if (foreign != deaths_are_foreign_ && event.kind != EventKind::alloc) separate();
  deaths_are_foreign_ = foreign;
  apply_alone(event);
  if (!foreign || !deaths_since_row_ || collecting_.empty()) return;
  auto& noted = process_.foreign_deaths;
  if (!noted.empty() && noted.back() + 1 >= rows_) noted.back() = rows_;
  else noted.insert(noted.end(), {rows_, rows_});
}

void Bookkeeper::collection_begin(const Event& event) {
  separate();
  auto& open = collecting_[event.lane];
  while (!open.empty() && open.back().thread != event.thread) {  // its thread ended, and the lane has another one
    leave_collection(open.back(), CollectionEnding::unseen);
    open.pop_back();
  }
  Collection begun;
  begun.time_us = event.time_us;
  begun.generation = event.flags;
  begun.thread = event.thread;
  begun.first = rows_;
  open.push_back(begun);
}

void Bookkeeper::collection_end(const Event& event) {
  const auto found = collecting_.find(event.lane);
  if (found == collecting_.end()) return;
  separate();
  Collection ended = found->second.back();
  found->second.pop_back();
  if (found->second.empty()) collecting_.erase(found);
  ended.pause_ns = event.address;
  ended.cpu_ns = event.more;
  const auto ending = event.type < trace::kCollectionEndings ? static_cast<CollectionEnding>(event.type) : CollectionEnding::unseen;
  if (ending != CollectionEnding::seen) return leave_collection(ended, ending);
  ended.last = rows_ == 0 ? 0 : rows_ - 1;
  ended.collected = event.size;
  ended.uncollectable = event.stamp;
  process_.collections.push_back(ended);
}

void Bookkeeper::leave_collection(Collection left, CollectionEnding ending) {
  left.last = rows_ == 0 ? 0 : rows_ - 1;
  left.ending = ending;
  if (ending == CollectionEnding::unseen) left.freed_blocks = left.freed_bytes = 0;
  process_.collections.push_back(left);
}

void Bookkeeper::finish() {
  if (!collecting_.empty()) separate();
  const bool left = !process_.clean_end || process_.still_collecting;
  for (auto& [lane, open] : collecting_)
    for (Collection& one : open) {
      if (left) one.pause_ns = (std::max(time_us_, one.time_us) - one.time_us) * 1000;
      leave_collection(one, left ? CollectionEnding::left : CollectionEnding::unseen);
    }
  collecting_.clear();
  reused_rows_.for_each_first([&](std::uint64_t first) { writer_.continued(first, 0); });
  process_.live_bytes = live_;
  process_.live_blocks = live_blocks_;
}

}  // namespace heapledger::ledger
