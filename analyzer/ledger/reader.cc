// Ledger reader: assembles processes from the sections of the file and decodes their rows.
#include "reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "columns.h"
#include "dictionaries.h"
#include "error.h"
#include "metadata.h"
#include "samples.h"
#include "section_index.h"

namespace heapledger::ledger {
namespace {

/// Dictionaries, series and metadata stay in memory: together they may take this many times the size of the
/// file, and this many bytes more. No recording comes near it; a hostile file would.
constexpr std::uint64_t kMostExpansion = 1000;
constexpr std::uint64_t kFreeBytes = 256 * 1024 * 1024;
/// Bytes of memory that a byte of payload can become.
constexpr std::uint64_t kColumnWeight = 17;
constexpr std::uint64_t kJsonWeight = 64;

/// Sections of one process, each list in the order of its groups, ended at the first that is missing.
struct ProcessSections {
  const Section* process = nullptr;
  std::vector<const Section*> marks, rss, amendments, continued, births, lives;
};

struct ProcessData {
  ProcessSections sections;
  std::uint64_t written_rows = 0;  ///< when the ledger was written; more than row_count when the file is cut
  std::uint64_t row_count = 0;
  std::uint32_t sites = 0, threads = 0;  ///< bounds of the numbers in its rows
  std::vector<TimeMark> marks;
  std::vector<RssSample> rss;
  std::vector<Amendment> amendments;
  std::vector<Continued> continued;
};

/// A gap ends the list: what comes behind has lost its place.
void append_in_order(std::vector<const Section*>& list, const Section& section) {
  if (section.header.group == list.size()) list.push_back(&section);
}

}  // namespace

struct Reader::Impl {
  explicit Impl(std::string_view path);

  // Steps of opening, in this order. Each leaves out what is damaged and says so in `warnings`.
  void sort_sections();
  void read_dictionaries();
  void read_process(std::uint32_t number, const ProcessSections& sections);
  void read_session();

  void read_series(std::uint32_t number, ProcessData& data);
  /// Counts the rows up to the first group that lacks a section.
  void cut_rows(std::uint32_t number, ProcessData& data);
  /// The payload of a section whose contents will stay in memory. False: it is damaged, or greater than a
  /// file of this size can mean.
  bool load(const Section& section, std::span<const std::byte>& payload);
  void missing(std::string text) { warnings.push_back({.text = std::move(text), .incomplete = true}); }
  /// Damage that opening could not see, because rows are not decoded then.
  [[noreturn]] void fail_group(std::size_t process, std::size_t index) const;

  SectionIndex index;
  std::uint64_t budget;  ///< bytes of memory that payloads may still become
  std::vector<std::byte> room;
  // Only while opening.
  std::map<Tag, std::vector<const Section*>> dictionary_sections;
  std::map<std::uint32_t, ProcessSections> process_sections;
  const Section* session_section = nullptr;

  // The result; processes and data are parallel. A process that is left out leaves no gap.
  DictionaryTables tables;
  Session session;
  std::vector<Process> processes;
  std::vector<ProcessData> data;
  std::vector<Warning> warnings;
};

Reader::Impl::Impl(std::string_view path)
    : index(path), budget(kFreeBytes + index.file_bytes() * kMostExpansion), warnings(index.warnings()) {
  sort_sections();
  read_dictionaries();
  for (const auto& [number, sections] : process_sections) read_process(number, sections);
  read_session();
  process_sections.clear();
  dictionary_sections.clear();
  room = {};
}

void Reader::Impl::sort_sections() {
  for (const Section& s : index.sections()) {
    switch (s.header.tag) {
      case Tag::strings:
      case Tag::frames:
      case Tag::nodes:
      case Tag::types:
      case Tag::sites:
        append_in_order(dictionary_sections[s.header.tag], s);
        break;
      case Tag::process:
        process_sections[s.header.process].process = &s;
        break;
      case Tag::marks:
        append_in_order(process_sections[s.header.process].marks, s);
        break;
      case Tag::rss:
        append_in_order(process_sections[s.header.process].rss, s);
        break;
      case Tag::amendments:
        append_in_order(process_sections[s.header.process].amendments, s);
        break;
      case Tag::continued:
        append_in_order(process_sections[s.header.process].continued, s);
        break;
      case Tag::births:
        append_in_order(process_sections[s.header.process].births, s);
        break;
      case Tag::lives:
        append_in_order(process_sections[s.header.process].lives, s);
        break;
      case Tag::session:
        session_section = &s;
        break;
      default:
        break;  // of a later minor addition to the format
    }
  }
}

bool Reader::Impl::load(const Section& section, std::span<const std::byte>& payload) {
  const bool is_json = section.header.tag == Tag::process || section.header.tag == Tag::session;
  const std::uint64_t cost = section.header.raw_bytes * (is_json ? kJsonWeight : kColumnWeight);
  if (cost > budget) return false;
  budget -= cost;
  return index.payload(section, room, payload);
}

// Entries before the damage are good, and processes that need no others are as well: read_process() judges.
void Reader::Impl::read_dictionaries() {
  bool whole = true;
  for (const Tag tag : {Tag::strings, Tag::frames, Tag::nodes, Tag::types, Tag::sites}) {
    for (const Section* const s : dictionary_sections[tag]) {
      std::span<const std::byte> payload;
      if (load(*s, payload) && tables.add(tag, payload)) continue;
      whole = false;
      break;
    }
  }
  if (whole) return;
  missing(fmt::format("{}: names of code are damaged; processes that need them are left out", index.path()));
}

void Reader::Impl::read_session() {
  std::span<const std::byte> payload;
  if (session_section == nullptr) return;  // the file is cut: index.warnings() says it
  auto parsed = load(*session_section, payload) ? parse_session(payload) : std::nullopt;
  if (parsed) {
    session = std::move(*parsed);
  } else {
    missing(fmt::format("{}: what is known of the session (command, exit status) is damaged and left out",
                        index.path()));
  }
}

void Reader::Impl::read_process(std::uint32_t number, const ProcessSections& sections) {
  std::span<const std::byte> payload;
  auto record =
      sections.process != nullptr && load(*sections.process, payload) ? parse_process(payload) : std::nullopt;
  if (!record || record->sites > tables.sites().size()) {
    missing(fmt::format("{}: process {} is not whole and left out", index.path(), number + 1));
    return;
  }
  ProcessData entry;
  entry.sections = sections;
  entry.written_rows = record->rows;
  entry.sites = record->sites;
  entry.threads = static_cast<std::uint32_t>(record->process.threads.size());
  std::erase_if(record->process.attributes, [this](const Attributes& a) { return a.type >= tables.types().size(); });
  cut_rows(number, entry);
  read_series(number, entry);
  data.push_back(std::move(entry));
  processes.push_back(std::move(record->process));
}

void Reader::Impl::cut_rows(std::uint32_t number, ProcessData& entry) {
  const std::size_t groups = std::min(entry.sections.births.size(), entry.sections.lives.size());
  entry.row_count = std::min<std::uint64_t>(entry.written_rows, std::uint64_t{groups} * kRowsPerGroup);
  if (entry.row_count == entry.written_rows) return;
  missing(fmt::format("{}: of process {} only the first {} of {} blocks are whole; the others are left out",
                      index.path(), number + 1, entry.row_count, entry.written_rows));
}

void Reader::Impl::read_series(std::uint32_t number, ProcessData& entry) {
  bool whole = true;
  std::span<const std::byte> payload;
  for (const Section* const s : entry.sections.marks) {
    if (whole) whole = load(*s, payload) && decode_marks(payload, entry.marks);
  }
  for (const Section* const s : entry.sections.rss) {
    if (whole) whole = load(*s, payload) && decode_rss(payload, entry.rss);
  }
  for (const Section* const s : entry.sections.amendments) {
    if (whole) whole = load(*s, payload) && decode_amendments(payload, entry.amendments);
  }
  for (const Amendment& a : entry.amendments) whole = whole && a.row < entry.written_rows && a.site < entry.sites;
  if (!whole) entry.amendments.clear();
  for (const Section* const s : entry.sections.continued) {
    if (whole) whole = load(*s, payload) && decode_continued(payload, entry.continued);
  }
  for (Continued& c : entry.continued) {
    whole = whole && c.row < entry.written_rows && c.life <= entry.written_rows - c.row;
    if (c.row < entry.row_count && c.life > entry.row_count - c.row) c.life = 0;  // ended behind the cut
  }
  if (!whole) entry.continued.clear();
  // A cut file tells nothing of the time behind the cut.
  while (!entry.marks.empty() && entry.marks.back().row > entry.row_count) entry.marks.pop_back();
  if (!whole)
    missing(
        fmt::format("{}: the timeline of process {} is damaged and ends early", index.path(), number + 1));
}

void Reader::Impl::fail_group(std::size_t process, std::size_t index_) const {
  throw FileError(
      fmt::format("{}: rows from {} on of the process with pid {} are damaged; record or copy the file again",
                  index.path(), std::uint64_t{index_} * kRowsPerGroup, processes[process].pid));
}

Reader::Reader(std::string_view path) : impl_(std::make_unique<Impl>(path)) {}
Reader::~Reader() = default;

const Session& Reader::session() const { return impl_->session; }
std::span<const Process> Reader::processes() const { return impl_->processes; }
std::span<const Warning> Reader::warnings() const { return impl_->warnings; }
std::string_view Reader::string(std::uint32_t number) const { return impl_->tables.strings()[number]; }
std::span<const Frame> Reader::frames() const { return impl_->tables.frames(); }
std::span<const Node> Reader::nodes() const { return impl_->tables.nodes(); }
std::span<const Type> Reader::types() const { return impl_->tables.types(); }
std::span<const Site> Reader::sites() const { return impl_->tables.sites(); }
std::uint64_t Reader::row_count(std::size_t process) const { return impl_->data[process].row_count; }
std::size_t Reader::group_count(std::size_t process) const {
  return static_cast<std::size_t>((row_count(process) + kRowsPerGroup - 1) / kRowsPerGroup);
}
std::span<const TimeMark> Reader::marks(std::size_t process) const { return impl_->data[process].marks; }
std::span<const RssSample> Reader::rss(std::size_t process) const { return impl_->data[process].rss; }

Group Reader::group(std::size_t process, std::size_t index, Buffer& buffer) const {
  const ProcessData& data = impl_->data[process];
  const std::uint64_t first = std::uint64_t{index} * kRowsPerGroup;
  const auto rows = static_cast<std::size_t>(std::min<std::uint64_t>(kRowsPerGroup, data.row_count - first));
  buffer.site.resize(rows);
  buffer.thread.resize(rows);
  buffer.size.resize(rows);
  buffer.life.resize(rows);
  thread_local BirthsDecoder decoder;  // its memory is scratch, like that of `buffer`
  std::span<const std::byte> payload;
  if (!impl_->index.payload(*data.sections.births[index], buffer.scratch, payload) ||
      !decoder.decode(payload, data.sites, data.threads, {buffer.site, buffer.thread, buffer.size}) ||
      !impl_->index.payload(*data.sections.lives[index], buffer.scratch, payload) ||
      !decode_lives(payload, buffer.life)) {
    impl_->fail_group(process, index);
  }
  auto amended = std::ranges::lower_bound(data.amendments, first, {}, &Amendment::row);
  for (; amended != data.amendments.end() && amended->row < first + rows; ++amended)
    buffer.site[static_cast<std::size_t>(amended->row - first)] = static_cast<std::uint32_t>(amended->site);
  for (std::size_t i = 0; i < rows; ++i) {
    std::uint64_t& life = buffer.life[i];
    if (life > data.written_rows - first - i) impl_->fail_group(process, index);
    if (life > data.row_count - first - i) life = 0;  // ended behind the cut
  }
  const auto from = std::ranges::lower_bound(data.continued, first, {}, &Continued::row);
  const auto to = std::ranges::lower_bound(from, data.continued.end(), first + rows, {}, &Continued::row);
  return {.first_row = first,
          .site = buffer.site,
          .thread = buffer.thread,
          .size = buffer.size,
          .life = buffer.life,
          .continued = {from, to}};
}

}  // namespace heapledger::ledger
