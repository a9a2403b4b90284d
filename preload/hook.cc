// The parts of the hot path that are too rare to be inlined.
#include "hook.h"

#include "sys.h"

namespace heapledger::hook {

std::byte* put_time(Lane& lane, std::byte* at) noexcept {
  timespec now;
  lane.seen_tick = read_clock(now);
  const std::uint64_t ns = sys::nanoseconds(now);
  const std::uint64_t us = ns > lane.start_ns ? (ns - lane.start_ns) / 1000 : 0;
  if (us <= lane.time_us) return at;
  at = trace::put_extended(at, trace::Time{us - lane.time_us});
  lane.time_us = us;
  return at;
}

namespace {

/// Writes a free with a stamp that was taken earlier.
void write_free(const void* block, EarlyStamp stamp) noexcept {
  const Writing writing;
  Lane* lane = lane_with_room();
  if (lane == nullptr) return;
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  const std::uint32_t shard = trace::shard_of(address);
  std::byte* at = put_prefixes(*lane, lane->cursor, skipped(*lane, shard, stamp.of(*lane, shard)));
  lane->commit(trace::put_extended(at, trace::FreeWide{address, 0}));
  lane->model.last_address = address;
}

/// The end of the old block was written before an inner event. A failure then means that a block lives on which the
/// trace has ended: it cannot be told, only counted.
void finish_written(Api api, void* now, std::size_t size, Outcome outcome) noexcept {
  if (outcome == Outcome::resized) record_alloc(api, now, size);
  if (outcome == Outcome::failed) trace_file::count_lost();
}

}  // namespace

void write_pending() noexcept {
  PendingRealloc* p = t_state.pending;
  if (p == nullptr || p->stamp.recording == nullptr || p->written) return;
  p->written = true;
  write_free(p->block, p->stamp);
}

void record_inner_free(const void* block) noexcept {
  write_pending();
  record_free<false>(block, trace::kFreeInner);
}

void record_realloc(Api api, const PendingRealloc& pending, void* now, std::size_t size,
                    Outcome outcome) noexcept {
  if (pending.stamp.recording == nullptr) return;  // counted when no lane could be had
  if (pending.written) return finish_written(api, now, size, outcome);
  if (outcome == Outcome::freed) return write_free(pending.block, pending.stamp);
  const std::byte* frame = python::frame_of_call();
  const Writing writing;
  Lane* lane = lane_with_room();
  if (lane == nullptr) return;
  const auto old_address = reinterpret_cast<std::uintptr_t>(pending.block);
  const std::uint32_t old_shard = trace::shard_of(old_address);
  const std::uint32_t gap = skipped(*lane, old_shard, pending.stamp.of(*lane, old_shard));
  if (outcome == Outcome::failed) {
    lane->append(trace::VoidStamp{old_address, gap});
    return;
  }
  const auto address = reinterpret_cast<std::uintptr_t>(now);
  const std::uint32_t shard = trace::shard_of(address);
  trace::Realloc record;
  record.skipped_before = gap;
  record.skipped_after = skipped(*lane, shard, take_stamp(*lane, shard));
  record.site = python::site_of_stack(*lane, frame, api);
  if (lane->cursor >= lane->limit && !lane->refill()) return trace_file::count_lost();
  record.old_move = static_cast<std::int64_t>(old_address - lane->model.last_address);
  record.new_move = static_cast<std::int64_t>(address - old_address);
  record.size = size;
  lane->model.last_address = address;
  std::byte* at = put_prefixes(*lane, lane->cursor, 0);
  lane->commit(trace::put_extended(at, record));
  if (trace::is_object(api)) python::expect(*lane, now, size, record.site);
}

}  // namespace heapledger::hook
