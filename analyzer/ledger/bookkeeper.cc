// Births and deaths of blocks, ranges and stacks.
#include "bookkeeper.h"

#include <algorithm>

namespace heapledger::ledger {

using read::Event;
using read::EventKind;

namespace {
/// The range was given with sbrk; not a MapFlag of the trace.
constexpr std::uint32_t kFromBreak = 1u << 16;

/// Bit of the site of a block that was seen to be a part of an instance: what somebody took it for later is no news.
constexpr std::uint32_t kIsPart = std::uint32_t{1} << 31;
}  // namespace

void Bookkeeper::apply(const Event& event) {
  if (event.time_us > time_us_) advance(event.time_us);
  if (event.kind != EventKind::nothing) ++events_;
  if (collecting_.empty()) [[likely]]
    return apply_alone(event);
  apply_meanwhile(event);
}

void Bookkeeper::apply_alone(const Event& event) {
  switch (event.kind) {
    case EventKind::alloc: return alloc(event);
    case EventKind::free: return free(event);
    case EventKind::map: return map(event, event.flags);
    case EventKind::unmap: return unmap(event.address, event.address + event.size);
    case EventKind::remap_out: {
      std::uint32_t flags = trace::kMapUsable;
      (void)ranges_.find(event.address, event.address + 1, [&](const Range& range) {
        flags = range.flags;
        return false;
      });
      moved_flags_[event.lane] = flags;
      return unmap(event.address, event.address + event.size);
    }
    case EventKind::remap_in: return remap_in(event);
    case EventKind::protect: return protect(event);
    case EventKind::stack: return thread_stack(event);
    case EventKind::stack_end: {
      const auto found = stacks_.find(event.address);
      if (found == stacks_.end()) return;
      writer_.death(found->second);
      deaths_since_row_ = true;
      stacks_.erase(found);
      return;
    }
    case EventKind::brk: return move_break(event);
    case EventKind::collection_begin: return collection_begin(event);
    case EventKind::collection_end: return collection_end(event);
    case EventKind::retype: return retype(event);
    case EventKind::reuse:
      return reuse(event);
    case EventKind::part: return part(event);
    case EventKind::nothing: return;
  }
}

/// The clock moved. Deaths since the last row would otherwise be dated by the row to come.
void Bookkeeper::advance(std::uint64_t time_us) {
  time_us_ = time_us;
  separate();
  writer_.time(time_us);
  reused_rows_.begin_tick(rows_);
}

void Bookkeeper::separate() {
  if (!deaths_since_row_) return;
  writer_.row(0, 0, 0);
  ++rows_;
  deaths_since_row_ = false;
}

void Bookkeeper::born(std::uint64_t size) {
  live_ += size;
  if (live_ <= process_.peak_bytes) return;
  process_.peak_bytes = live_;
  process_.peak_row = rows_ - 1;
  process_.peak_time_us = time_us_;
}

void Bookkeeper::alloc(const Event& event) {
  if (const auto stale = blocks_.put({event.address, rows_, event.size, event.site}); stale) [[unlikely]] {
    end_block(stale->row);  // its free was not recorded
    live_ -= stale->size;
    --live_blocks_;
  }
  const std::uint32_t site = event.type == 0 ? event.site : typed_site(event.site, event.type);
  rows_ = writer_.row(site, event.thread, event.size) + 1;
  deaths_since_row_ = false;
  ++process_.allocations;
  ++live_blocks_;
  process_.allocated_bytes += event.size;
  born(event.size);
}

std::uint32_t Bookkeeper::typed_site(std::uint32_t site, std::uint32_t type) {
  if (site >= typed_.size()) typed_.resize(site + std::size_t{1});
  TypedSite& last = typed_[site];
  if (last.type != type) [[unlikely]] last = {type, sites_.typed(site, type)};
  return last.site;
}

std::uint32_t Bookkeeper::reused_site(std::uint32_t site, std::uint32_t type) {
  if (site >= reused_.size()) reused_.resize(site + std::size_t{1});
  TypedSite& last = reused_[site];
  if (last.type != type || last.site == 0) [[unlikely]]
    last = {type, sites_.reused(site, type)};
  return last.site;
}

/// The site is that of the allocation: of the first row of a block that has several.
void Bookkeeper::retype(const Event& event) {
  const auto block = blocks_.find(event.address);
  if (!block || (block->site & kIsPart) != 0) return;  // only a damaged trace has such a record of no block
  const std::uint64_t row =
      reused_rows_.contains(block->row) ? reused_rows_.first_of(block->row) : block->row;
  writer_.amend(row, event.type == 0 ? event.site : typed_site(event.site, event.type));
}

/// Whatever it was taken for. The parent of a forked process has allocated some of them, and nobody recorded others.
void Bookkeeper::part(const Event& event) {
  const auto block = blocks_.find(event.address);
  if (!block) return;
  const bool continues = reused_rows_.contains(block->row);
  const std::uint32_t site = block->site & ~kIsPart;
  writer_.amend(block->row, continues ? reused_site(site, event.type) : typed_site(site, event.type));
  if (site == block->site) blocks_.put({block->address, block->row, block->size, site | kIsPart});
}

/// The block lives on as a row of the new site. A row that began in this tick is changed instead: nobody can
/// ask for a moment between two ticks but for the peak.
void Bookkeeper::reuse(const Event& event) {
  const auto block = blocks_.find(event.address);
  if (!block) return void(++process_.unknown_reuses);
  ++process_.reuses;
  const std::uint32_t site = reused_site(event.site, event.type);
  if (block->row > process_.peak_row && reused_rows_.is_of_tick(block->row, event.thread)) {
    blocks_.put({event.address, block->row, block->size, event.site});
    return writer_.amend(block->row, site);
  }
  writer_.death(block->row);
  const std::uint64_t row = writer_.row(site, event.thread, block->size);
  rows_ = row + 1;
  deaths_since_row_ = false;
  blocks_.take(event.address);
  blocks_.put({event.address, row, block->size, event.site});
  if (reused_rows_.contains(block->row)) writer_.continued(block->row, 0);
  reused_rows_.add(row, block->row, event.thread);
}

void Bookkeeper::end_block(std::uint64_t row) {
  writer_.death(row);
  if (!reused_rows_.contains(row)) [[likely]]
    return;
  const std::uint64_t first = reused_rows_.take(row);
  writer_.continued(first, rows_ - first);
}

void Bookkeeper::free(const Event& event) {
  const auto block = blocks_.take(event.address);
  if (!block) {
    if (event.inner) return;
    ++(process_.forked_from != 0 ? process_.inherited_frees : process_.unknown_frees);
    return;
  }
  end_block(block->row);
  live_ -= block->size;
  if (is_collecting(event)) [[unlikely]] {
    Collection& innermost = collecting_.find(event.lane)->second.back();
    ++innermost.freed_blocks;
    innermost.freed_bytes += block->size;
  }
  ++process_.frees;
  --live_blocks_;
  deaths_since_row_ = true;
}

Account Bookkeeper::account_of(std::uint32_t flags) {
  if ((flags & trace::kMapBacking) != 0) return Account::backing;
  if ((flags & trace::kMapFile) != 0) return Account::file;
  return (flags & trace::kMapUsable) != 0 ? Account::mapping : Account::reserved;
}

void Bookkeeper::open(Range range, bool rest) {
  if (range.start >= range.end) return;
  const Account account = account_of(range.flags);
  const std::uint64_t size = range.end - range.start;
  range.row = writer_.row(sites_.mapping(range.site, account, rest), range.thread, size);
  rows_ = range.row + 1;
  if (!rest && is_heap(account)) {
    range.allocation = range.row + 1;
    ++process_.allocations;
    ++live_blocks_;
    process_.allocated_bytes += size;
  }
  if (range.allocation != 0) ++pieces_[range.allocation];
  ranges_.insert(range);
  if (is_heap(account)) born(size);
}

void Bookkeeper::close(const Range& range) {
  writer_.death(range.row);
  deaths_since_row_ = true;
  if (is_heap(account_of(range.flags))) live_ -= range.end - range.start;
}

void Bookkeeper::reopen(const Range& range, std::initializer_list<Range> rest) {
  for (const Range& piece : rest) open(piece, true);
  if (range.allocation == 0) return;
  const auto pieces = pieces_.find(range.allocation);
  if (--pieces->second != 0) return;
  pieces_.erase(pieces);
  ++process_.frees;
  --live_blocks_;
}

void Bookkeeper::unmap(std::uint64_t start, std::uint64_t end) {
  if (start >= end) return;
  for (const Range& range : ranges_.cut(start, end)) {
    close(range);
    Range left = range, right = range;
    left.end = std::min(range.end, start);
    right.start = std::max(range.start, end);
    reopen(range, {left, right});
  }
}

void Bookkeeper::map(const Event& event, std::uint32_t flags) {
  const std::uint64_t end = event.address + event.size;
  unmap(event.address, end);  // MAP_FIXED replaces what was there
  open({.start = event.address, .end = end, .site = event.site, .flags = flags, .thread = event.thread}, false);
}

void Bookkeeper::remap_in(const Event& event) {
  const auto found = moved_flags_.find(event.lane);
  map(event, found != moved_flags_.end() ? found->second : std::uint32_t{trace::kMapUsable});
}

namespace {
std::uint32_t with_access(std::uint32_t flags, bool usable) {
  return (flags & ~std::uint32_t{trace::kMapUsable}) | (usable ? std::uint32_t{trace::kMapUsable} : 0u);
}
}  // namespace

/// Reserved space that becomes usable was not used before, and the other way round; all else stays as it is.
void Bookkeeper::protect(const Event& event) {
  const std::uint64_t start = event.address, end = event.address + event.size;
  const bool usable = event.flags != 0;
  if (start >= end) return;
  const auto changes = [&](const Range& r) { return account_of(with_access(r.flags, usable)) != account_of(r.flags); };
  for (const std::uint64_t at : ranges_.find(start, end, changes)) {
    const Range range = ranges_.cut(at, at + 1).front();
    close(range);
    Range left = range, changed = range, right = range;
    changed.flags = with_access(range.flags, usable);
    left.end = std::min(range.end, start);
    changed.start = std::max(range.start, start);
    changed.end = std::min(range.end, end);
    right.start = std::max(range.start, end);
    reopen(range, {left, changed, right});
  }
}

/// sbrk moves the end of one growing range.
void Bookkeeper::move_break(const Event& event) {
  const auto change = static_cast<std::int64_t>(event.size);
  if (change > 0) {
    Event grown = event;
    grown.size = static_cast<std::uint64_t>(change);
    return map(grown, trace::kMapUsable | kFromBreak | event.flags);
  }
  unmap(event.address + event.size, event.address);
}

void Bookkeeper::thread_stack(const Event& event) {
  const std::uint64_t row = writer_.row(sites_.mapping(event.site, Account::stack, false), event.thread, event.size);
  rows_ = row + 1;
  if (const auto [old, fresh] = stacks_.try_emplace(event.address, row); !fresh) {
    writer_.death(old->second);
    old->second = row;
  }
}

}  // namespace heapledger::ledger
