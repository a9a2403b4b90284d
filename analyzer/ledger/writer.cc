// Ledger writer: collects rows into groups and lays the sections of each process down in an order that keeps
// every prefix of the file readable.
#include "writer.h"

#include <algorithm>
#include <cassert>
#include <stdexcept>
#include <string>
#include <vector>

#include "columns.h"
#include "dictionaries.h"
#include "life_store.h"
#include "metadata.h"
#include "samples.h"
#include "section_file.h"

namespace heapledger::ledger {

struct Writer::Impl {
  explicit Impl(std::string_view path) : file(path), lives(path) {}

  /// Compresses the rows of `filled` and appends them. std::logic_error: a site does not exist.
  void flush_group();
  void flush_marks();
  void flush_rss();
  /// In order, and each row once.
  void sort_amendments();
  void write_amendments();
  void write_continued();
  /// After all groups were flushed: uses their memory.
  void write_lives();

  SectionFile file;
  Dictionaries dictionaries;
  LifeStore lives;
  BirthsEncoder encoder;

  // The process being written.
  bool open = false;
  std::uint32_t process = 0;
  std::uint64_t rows = 0;
  std::uint32_t groups = 0, mark_sections = 0, rss_sections = 0;
  std::uint32_t threads = 0;  ///< named by rows of whole groups
  std::vector<TimeMark> marks;
  std::vector<RssSample> samples;
  std::vector<Amendment> amendments;  ///< in the order of their news, some of them outdated
  std::size_t most_amendments = kSamplesPerSection;
  std::vector<Continued> continued;

  // The group being filled.
  std::uint32_t filled = 0;
  std::vector<std::uint32_t> site = std::vector<std::uint32_t>(kRowsPerGroup);
  std::vector<std::uint32_t> thread = std::vector<std::uint32_t>(kRowsPerGroup);
  std::vector<std::uint64_t> size = std::vector<std::uint64_t>(kRowsPerGroup);

  std::vector<std::byte> room;
  ByteBuffer buffer;
};

Writer::Writer(std::string_view path) : impl_(std::make_unique<Impl>(path)) {}
Writer::~Writer() = default;

std::uint32_t Writer::string(std::string_view text) { return impl_->dictionaries.string(text); }
std::uint32_t Writer::frame(const Frame& frame) { return impl_->dictionaries.frame(frame); }
std::uint32_t Writer::node(std::uint32_t parent, std::uint32_t frame) {
  return impl_->dictionaries.node({.parent = parent, .frame = frame});
}
std::uint32_t Writer::type(const Type& type) { return impl_->dictionaries.type(type); }
std::uint32_t Writer::site(const Site& site) { return impl_->dictionaries.site(site); }

void Writer::begin_process() {
  Impl& w = *impl_;
  assert(!w.open);
  w.open = true;
  w.rows = 0;
  w.groups = w.mark_sections = w.rss_sections = w.threads = w.filled = 0;
  w.amendments.clear();
  w.continued.clear();
  w.lives.clear();
  w.lives.add_group();
}

std::uint64_t Writer::row(std::uint32_t site, std::uint32_t thread, std::uint64_t size) {
  Impl& w = *impl_;
  assert(w.open);
  const std::uint32_t i = w.filled;
  w.site[i] = site;
  w.thread[i] = thread;
  w.size[i] = size;
  w.filled = i + 1;
  const std::uint64_t row = w.rows++;
  if (w.filled == kRowsPerGroup) [[unlikely]] {
    w.flush_group();
    w.lives.add_group();
  }
  return row;
}

void Writer::amend(std::uint64_t row, std::uint32_t site) {
  Impl& w = *impl_;
  assert(row < w.rows);
  if (const std::uint64_t flushed = w.rows - w.filled; row >= flushed) {
    w.site[row - flushed] = site;
  } else {
    w.amendments.push_back({row, site});
    if (w.amendments.size() < w.most_amendments) return;
    w.sort_amendments();
    w.most_amendments = std::max(w.most_amendments, 2 * w.amendments.size());
  }
}

void Writer::continued(std::uint64_t row, std::uint64_t life) {
  assert(row < impl_->rows);
  impl_->continued.push_back({row, life});
}

void Writer::death(std::uint64_t row) {
  Impl& w = *impl_;
  assert(row < w.rows);
  w.lives.set(row, w.rows - row);
}

void Writer::time(std::uint64_t time_us) {
  Impl& w = *impl_;
  assert(w.open);
  // The last mark is never flushed before the next one comes, so that it can be replaced.
  if (!w.marks.empty() && w.marks.back().row == w.rows) {
    w.marks.back().time_us = time_us;
    return;
  }
  if (w.marks.size() == kSamplesPerSection) w.flush_marks();
  w.marks.push_back({.row = w.rows, .time_us = time_us});
}

void Writer::rss(const RssSample& sample) {
  Impl& w = *impl_;
  assert(w.open);
  if (w.samples.size() == kSamplesPerSection) w.flush_rss();
  w.samples.push_back(sample);
}

void Writer::end_process(const Process& process) {
  Impl& w = *impl_;
  assert(w.open);
  if (w.filled != 0) w.flush_group();
  if (w.threads > process.threads.size()) {
    throw std::logic_error("Writer::end_process: rows name threads that the process does not have");
  }
  // Metadata before lives: a file cut among the lives still shows the process, up to there.
  w.dictionaries.write_new(w.file);
  const std::string text =
      process_text({.process = process, .rows = w.rows, .sites = w.dictionaries.site_count()});
  w.file.add(Tag::process, w.process, 0, std::as_bytes(std::span(text)));
  if (!w.marks.empty()) w.flush_marks();
  if (!w.samples.empty()) w.flush_rss();
  w.write_amendments();
  w.write_continued();
  w.write_lives();
  w.open = false;
  ++w.process;
}

void Writer::finish(const Session& session) {
  Impl& w = *impl_;
  assert(!w.open);
  w.dictionaries.write_new(w.file);
  const std::string text = session_text(session);
  w.file.add(Tag::session, 0, 0, std::as_bytes(std::span(text)));
  w.file.finish();
}

void Writer::Impl::flush_group() {
  const Births births{.site = std::span(site).first(filled),
                      .thread = std::span(thread).first(filled),
                      .size = std::span(size).first(filled)};
  if (greatest_of(births.site) >= dictionaries.site_count()) {
    throw std::logic_error("Writer::row: a row names a site that does not exist");
  }
  threads = std::max(threads, greatest_of(births.thread) + 1);
  file.add(Tag::births, process, groups++, encoder.encode(births));
  filled = 0;
}

void Writer::Impl::flush_marks() {
  encode_marks(marks, buffer);
  file.add(Tag::marks, process, mark_sections++, buffer.bytes());
  marks.clear();
}

void Writer::Impl::flush_rss() {
  encode_rss(samples, buffer);
  file.add(Tag::rss, process, rss_sections++, buffer.bytes());
  samples.clear();
}

void Writer::Impl::sort_amendments() {
  std::ranges::stable_sort(amendments, {}, &Amendment::row);
  const auto last_of_row = [](const Amendment& a, const Amendment& b) { return a.row == b.row; };
  const auto outdated = std::ranges::unique(amendments.rbegin(), amendments.rend(), last_of_row);
  amendments.erase(amendments.begin(), outdated.begin().base());
}

void Writer::Impl::write_amendments() {
  sort_amendments();
  std::uint32_t section = 0;
  for (std::span<const Amendment> left = amendments; !left.empty();) {
    const auto part = left.first(std::min(left.size(), kSamplesPerSection));
    left = left.subspan(part.size());
    encode_amendments(part, buffer);
    file.add(Tag::amendments, process, section++, buffer.bytes());
  }
}

void Writer::Impl::write_continued() {
  std::ranges::sort(continued, {}, &Continued::row);
  std::uint32_t section = 0;
  for (std::span<const Continued> left = continued; !left.empty();) {
    const auto part = left.first(std::min(left.size(), kSamplesPerSection));
    left = left.subspan(part.size());
    encode_continued(part, buffer);
    file.add(Tag::continued, process, section++, buffer.bytes());
  }
}

void Writer::Impl::write_lives() {
  std::vector<std::uint64_t>& life = size;  // not in use: all groups are flushed
  for (std::uint32_t group = 0; group < groups; ++group) {
    const std::uint64_t first = std::uint64_t{group} * kRowsPerGroup;
    const auto part =
        std::span(life).first(static_cast<std::size_t>(std::min<std::uint64_t>(kRowsPerGroup, rows - first)));
    lives.get(group, part);
    file.add(Tag::lives, process, group, encode_lives(part, room));
  }
}

}  // namespace heapledger::ledger
