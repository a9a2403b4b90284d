// Counts what each slot holds at the program's end by the time it was born, and follows tables as they grow.
#include "growth.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "../query/clock.h"
#include "../query/scan.h"
#include "../query/types.h"

namespace heapledger::advise {

namespace {

/// Behind the last row with a frame; the rows of a program without any all count.
std::uint64_t find_end(const ledger::Reader& reader, std::size_t process) {
  ledger::Reader::Buffer buffer;
  for (std::size_t g = reader.group_count(process); g-- > 0;) {
    const ledger::Group group = reader.group(process, g, buffer);
    for (std::size_t i = group.site.size(); i-- > 0;)
      if (reader.sites()[group.site[i]].node != 0) return group.first_row + i + 1;
  }
  return reader.row_count(process);
}

/// Smaller ones may lie in a list of CPython's own when their dict has left them, and seem to live.
constexpr std::uint64_t kLeastTable = 256;

/// Whether a table of a dict can have this size: a header, an index, and entries of keys or of hashes and
/// keys for two thirds of it. No buffer of a list that is made anew has it, but by chance.
bool is_dict_table(std::uint64_t size) {
  constexpr unsigned kMostBits = 40;
  for (unsigned bits = 3; bits < kMostBits && (std::uint64_t{1} << bits) < size; ++bits) {
    const std::uint64_t places = std::uint64_t{1} << bits;
    const std::uint64_t index = places * (bits < 8 ? 1 : bits < 16 ? 2 : 4);
    const std::uint64_t entries = places * 2 / 3;
    for (const std::uint64_t header : {32, 40})  // since 3.11, and before
      for (const std::uint64_t entry : {16, 24})
        if (size == header + index + entry * entries) return true;
  }
  return false;
}

bool is_realloc(trace::Api api) {
  return api == trace::Api::realloc || api == trace::Api::py_mem_realloc || api == trace::Api::py_obj_realloc;
}

/// By site: the first one of the same place whose blocks may be buffers of one table, itself or another; 0: none
/// of its blocks is a buffer. A table that belongs to an instance is of a site with a type.
std::vector<std::uint32_t> tracks_of_sites(const ledger::Reader& reader) {
  std::map<std::pair<std::uint32_t, trace::Api>, std::uint32_t> first;
  std::vector<std::uint32_t> tracks(reader.sites().size());
  for (std::uint32_t s = 1; s < tracks.size(); ++s) {
    const ledger::Site& site = reader.sites()[s];
    const bool buffer = site.type == 0 || query::is_part(reader, reader.types()[site.type], trace::Part::keys);
    if (buffer) tracks[s] = first.try_emplace({site.node, site.api}, s).first->second;
  }
  return tracks;
}

/// Follows the buffers of a place for as long as each continues the one before it.
class TableTrack {
 public:
  void add(const ledger::Site& site, std::size_t slot, std::uint64_t row, std::uint64_t size, std::uint64_t death) {
    if (size < kLeastTable) return;
    const bool first = size_ == 0;
    const bool continues =
        size > size_ && (is_realloc(site.api) ? death_ == row : is_replaced_by(row, size));
    growths_ += !first && continues ? 1 : 0;
    broken_ = broken_ || (!first && !continues);
    size_ = size;
    death_ = death;
    slot_ = slot;
  }
  [[nodiscard]] std::size_t last_slot() const { return slot_; }
  [[nodiscard]] std::uint64_t growths() const { return broken_ ? 0 : growths_; }
  [[nodiscard]] std::uint64_t bytes_at(std::uint64_t end_row) const { return death_ >= end_row ? size_ : 0; }

 private:
  /// A dict makes its new table and gives the old one back, with no allocation in between.
  [[nodiscard]] bool is_replaced_by(std::uint64_t row, std::uint64_t size) const {
    return death_ == row + 1 && is_dict_table(size_) && is_dict_table(size);
  }

  std::uint64_t size_ = 0, death_ = 0, growths_ = 0;
  std::size_t slot_ = 0;
  bool broken_ = false;
};

class Survivors {
 public:
  Survivors(const ledger::Reader& reader, const query::Clock& clock, std::uint64_t end_row, std::size_t slots)
      : clock_(clock),
        end_row_(end_row),
        end_us_(std::max<std::uint64_t>(clock.time_of(end_row), 1)),
        growth_(slots),
        tracks_(tracks_of_sites(reader)),
        tables_(tracks_.size()),
        reader_(reader) {}

  void add(std::uint32_t site, std::size_t slot, std::uint64_t row, std::uint64_t size, std::uint64_t life) {
    const std::uint64_t death = query::death_of(row, life, clock_.rows());
    const bool survives = death == query::kNever || death >= end_row_;
    if (tracks_[site] != 0) tables_[tracks_[site]].add(reader_.sites()[site], slot, row, size, death);
    if (!survives) return;
    Growth& g = growth_[slot];
    const auto part = std::min<std::uint64_t>(clock_.time_of(row) * kParts / end_us_, kParts - 1);
    g.bytes[part] += size;
    ++g.blocks[part];
  }

  std::vector<Growth> result() {
    std::vector<Growth> all;
    for (const TableTrack& table : tables_) {
      if (table.growths() == 0) continue;
      growth_[table.last_slot()].table_growths = table.growths();
      growth_[table.last_slot()].table_bytes = table.bytes_at(end_row_);
    }
    for (std::size_t slot = 0; slot < growth_.size(); ++slot) {
      growth_[slot].slot = slot;
      if (growth_[slot].total_bytes() != 0) all.push_back(growth_[slot]);
    }
    std::ranges::sort(all,
                      [](const Growth& a, const Growth& b) { return a.total_bytes() > b.total_bytes(); });
    return all;
  }

 private:
  const query::Clock& clock_;
  const std::uint64_t end_row_, end_us_;
  std::vector<Growth> growth_;
  std::vector<std::uint32_t> tracks_;  ///< by site
  std::vector<TableTrack> tables_;     ///< by track
  const ledger::Reader& reader_;
};

}  // namespace

void Growth::add(const Growth& other) noexcept {
  for (std::size_t part = 0; part < kParts; ++part) {
    bytes[part] += other.bytes[part];
    blocks[part] += other.blocks[part];
  }
  part_blocks += other.part_blocks;
}

std::uint64_t Growth::total_bytes() const noexcept {
  return std::accumulate(bytes.begin(), bytes.end(), std::uint64_t{0});
}
std::uint64_t Growth::total_blocks() const noexcept {
  return std::accumulate(blocks.begin(), blocks.end(), std::uint64_t{0});
}

bool Growth::steady() const noexcept {
  const auto fed =
      static_cast<std::size_t>(std::ranges::count_if(blocks, [](std::uint64_t n) { return n != 0; }));
  const std::uint64_t later = std::accumulate(bytes.begin() + kParts / 2, bytes.end(), std::uint64_t{0});
  return fed + 2 >= kParts && later * 4 >= total_bytes() && total_blocks() >= 2 * kParts;
}

GrowthReport growth(const ledger::Reader& reader, const query::Slots& slots, std::size_t process) {
  const query::Clock clock(reader, process);
  GrowthReport report;
  report.end_row = find_end(reader, process);
  report.end_us = clock.time_of(report.end_row);
  Survivors survivors(reader, clock, report.end_row, slots.count());
  const std::size_t only[] = {process};
  query::scan(reader, only, {}, [&](unsigned, std::size_t, const ledger::Group& group) {
    query::Slots::Table table = slots.table(process, group.first_row);
    for (std::size_t i = 0; i < group.site.size(); ++i) {
      const std::uint64_t row = group.first_row + i;
      if (row >= report.end_row || group.site[i] == 0) continue;
      if (row >= table.end) table = slots.table(process, row);
      const ledger::Site& site = reader.sites()[group.site[i]];
      if (!is_heap(site.account)) continue;
      survivors.add(group.site[i], table.slot[group.site[i]], row, group.size[i], group.life[i]);
    }
  });
  report.slots = survivors.result();
  for (Growth& g : report.slots) {
    const ledger::Type& type = reader.types()[reader.sites()[slots.site(g.slot)].type];
    if (type.owner != 0) g.part_blocks = g.total_blocks();
  }
  return report;
}

}  // namespace heapledger::advise
