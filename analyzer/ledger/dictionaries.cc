// Dictionaries: interning, and the columns of their sections.
#include "dictionaries.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <functional>

#include "error.h"

namespace heapledger::ledger {
namespace {

using trace::Cursor;

/// A section takes this many entries, or about as many bytes of text.
constexpr std::size_t kEntriesPerSection = 65536;
constexpr std::size_t kTextPerSection = 1 << 20;

constexpr unsigned kContinuationBit = 0x80;

/// Columns of a section of types, in their order.
constexpr std::uint32_t Type::*kTypeColumns[] = {&Type::name,       &Type::module,    &Type::owner,       &Type::base,
                                                 &Type::node,       &Type::flags,     &Type::basic_size,  &Type::item_size,
                                                 &Type::dict_offset, &Type::weaklist_offset};

/// Both numbers in one, for hashing.
std::uint64_t pair(std::uint32_t high, std::uint32_t low) { return std::uint64_t{high} << 32 | low; }

/// Looks the value up; stores it in `values` when it is new. The first `reserved` entries equal nothing.
template <class Values, class Value>
std::uint32_t intern(InternTable& table, std::uint64_t hash, Values& values, const Value& value,
                     std::uint32_t reserved = 0) {
  if (table.size() == 0xfffffffe) {
    throw FileError(
        "the ledger cannot hold more than 4,294,967,294 different strings, frames or sites; record a shorter "
        "run");
  }
  const auto [number, added] =
      table.find_or_add(hash, [&](std::uint32_t n) { return n >= reserved && values[n] == value; });
  if (added) values.emplace_back(value);
  return number;
}

/// Number of entries of a payload whose entries take `least` bytes or more each, when it goes on at `first`.
bool get_count(Cursor& in, std::size_t first, std::size_t least, std::size_t& count) {
  const std::uint64_t begin = in.varint();
  const std::uint64_t wide = in.varint();
  if (!in.ok() || begin != first || wide > in.left() / least) return false;
  count = static_cast<std::size_t>(wide);
  return first + count <= 0xffffffff;
}

/// Reads a column of differences to the entry before into one member of the entries from `first` on.
template <class Entry>
void get_column(Cursor& in, std::vector<Entry>& entries, std::size_t first, std::uint32_t Entry::*member) {
  std::uint64_t last = 0;
  for (std::size_t i = first; i < entries.size(); ++i) {
    last = get_difference(in, last);
    entries[i].*member = static_cast<std::uint32_t>(last);
  }
}

/// Drops the entries from the first bad one on. True: there was none.
template <class Entry, class Good>
bool keep_good(std::vector<Entry>& entries, std::size_t first, Good&& good) {
  for (std::size_t i = first; i < entries.size(); ++i) {
    if (good(i)) continue;
    entries.resize(i);
    return false;
  }
  return true;
}

/// Writes one member of the entries as differences to the entry before.
template <class Entry>
void put_column(ByteBuffer& out, std::span<const Entry> entries, std::uint32_t Entry::*member) {
  std::uint64_t last = 0;
  for (const Entry& e : entries) {
    out.difference(e.*member, last);
    last = e.*member;
  }
}

/// Lengths first: they compress better apart from the texts.
void put_texts(ByteBuffer& out, const std::deque<std::string>& strings, std::size_t first, std::size_t end) {
  for (std::size_t i = first; i < end; ++i) out.number(strings[i].size());
  for (std::size_t i = first; i < end; ++i) out.append(strings[i]);
}

/// Where the section that begins with entry `first` ends.
std::size_t section_end(const std::deque<std::string>& strings, std::size_t first) {
  std::size_t end = first, bytes = 0;
  while (end < strings.size() && end - first < kEntriesPerSection && bytes < kTextPerSection) {
    bytes += strings[end++].size();
  }
  return end;
}
template <class Entry>
std::size_t section_end(const std::vector<Entry>& entries, std::size_t first) {
  return std::min(entries.size(), first + kEntriesPerSection);
}

}  // namespace

Dictionaries::Dictionaries() {
  string({});
  node({});
  type({});
  site({});
  strings_written_.entries = nodes_written_.entries = types_written_.entries = sites_written_.entries = 1;
}

std::uint32_t Dictionaries::string(std::string_view text) {
  if (text.size() > kMaxString) {
    throw FileError(fmt::format("a name of {} bytes is too long for a ledger, which holds {} at most",
                                text.size(), kMaxString));
  }
  return intern(string_table_, mix(std::hash<std::string_view>()(text)), strings_, text);
}

std::uint32_t Dictionaries::frame(const Frame& f) {
  assert(f.function < string_table_.size() && f.file < string_table_.size());
  return intern(frame_table_, mix(mix(pair(f.function, f.file)) ^ pair(f.line, f.first_line)), frames_, f);
}

std::uint32_t Dictionaries::node(const Node& n) {
  assert(nodes_.empty() || (n.parent < node_table_.size() && n.frame < frame_table_.size()));
  return intern(node_table_, mix(pair(n.parent, n.frame)), nodes_, n, 1);
}

std::uint32_t Dictionaries::type(const Type& t) {
  assert(types_.empty() || (t.name < string_table_.size() && t.module < string_table_.size()));
  assert(types_.empty() || (t.owner < types_.size() && t.base < types_.size() && t.node < node_table_.size()));
  std::uint64_t hash = 0;
  for (const auto member : kTypeColumns) hash = mix(hash ^ t.*member);
  return intern(type_table_, hash, types_, t, 1);
}

std::uint32_t Dictionaries::site(const Site& s) {
  assert(s.node < node_table_.size() && (sites_.empty() || s.type < types_.size()));
  const auto kind = static_cast<std::uint32_t>(s.api) << 16 | static_cast<std::uint32_t>(s.account) << 1 |
                    static_cast<std::uint32_t>(s.continuation);
  return intern(site_table_, mix(mix(pair(s.node, kind)) ^ s.type), sites_, s, 1);
}

template <class Entries, class Put>
void Dictionaries::write_entries(SectionFile& file, Tag tag, const Entries& entries, Written& written,
                                 Put&& put) {
  while (written.entries < entries.size()) {
    const std::size_t first = written.entries;
    const std::size_t end = section_end(entries, first);
    payload_.clear();
    payload_.number(first);
    payload_.number(end - first);
    put(first, end);
    file.add(tag, 0, written.sections++, payload_.bytes());
    written.entries = end;
  }
}

void Dictionaries::write_new(SectionFile& file) {
  write_entries(file, Tag::strings, strings_, strings_written_,
                [&](std::size_t first, std::size_t end) { put_texts(payload_, strings_, first, end); });
  write_entries(file, Tag::frames, frames_, frames_written_, [&](std::size_t first, std::size_t end) {
    const auto part = std::span<const Frame>(frames_).subspan(first, end - first);
    for (const auto member : {&Frame::function, &Frame::file, &Frame::line, &Frame::first_line}) {
      put_column(payload_, part, member);
    }
  });
  write_entries(file, Tag::nodes, nodes_, nodes_written_, [&](std::size_t first, std::size_t end) {
    const auto part = std::span<const Node>(nodes_).subspan(first, end - first);
    put_column(payload_, part, &Node::parent);
    put_column(payload_, part, &Node::frame);
  });
  write_entries(file, Tag::types, types_, types_written_, [&](std::size_t first, std::size_t end) {
    const auto part = std::span<const Type>(types_).subspan(first, end - first);
    for (const auto member : kTypeColumns) put_column(payload_, part, member);
  });
  write_entries(file, Tag::sites, sites_, sites_written_, [&](std::size_t first, std::size_t end) {
    const auto part = std::span<const Site>(sites_).subspan(first, end - first);
    put_column(payload_, part, &Site::node);
    for (const Site& s : part) payload_.byte(static_cast<unsigned>(s.api));
    for (const Site& s : part)
      payload_.byte(static_cast<unsigned>(s.account) | (s.continuation ? kContinuationBit : 0));
    put_column(payload_, part, &Site::type);
  });
}

DictionaryTables::DictionaryTables() : strings_(1), nodes_(1), types_(1), sites_(1) {}

bool DictionaryTables::add(Tag tag, std::span<const std::byte> payload) {
  switch (tag) {
    case Tag::strings:
      return add_strings(Cursor(payload));
    case Tag::frames:
      return add_frames(Cursor(payload));
    case Tag::nodes:
      return add_nodes(Cursor(payload));
    case Tag::types:
      return add_types(Cursor(payload));
    case Tag::sites:
      return add_sites(Cursor(payload));
    default:
      return false;
  }
}

bool DictionaryTables::add_strings(Cursor in) {
  std::size_t count = 0;
  if (!get_count(in, strings_.size(), 1, count)) return false;
  // `in` walks over the lengths to the texts behind them, `lengths` reads them again with the texts at hand.
  Cursor lengths = in;
  for (std::size_t i = 0; i < count; ++i) in.varint();
  if (!in.ok()) return false;
  const auto text = in.bytes(in.left());
  texts_.push_back(std::make_unique<char[]>(text.size()));
  std::copy_n(text.data(), text.size(),
              std::as_writable_bytes(std::span(texts_.back().get(), text.size())).data());
  std::string_view rest(texts_.back().get(), text.size());
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t length = lengths.varint();
    if (length > rest.size()) return false;
    strings_.push_back(rest.substr(0, static_cast<std::size_t>(length)));
    rest.remove_prefix(static_cast<std::size_t>(length));
  }
  return rest.empty();
}

bool DictionaryTables::add_frames(Cursor in) {
  const std::size_t first = frames_.size();
  std::size_t count = 0;
  if (!get_count(in, first, 4, count)) return false;
  frames_.resize(first + count);
  for (const auto member : {&Frame::function, &Frame::file, &Frame::line, &Frame::first_line}) {
    get_column(in, frames_, first, member);
  }
  if (!in.ok() || !in.at_end()) return frames_.resize(first), false;
  return keep_good(frames_, first, [this](std::size_t i) {
    return frames_[i].function < strings_.size() && frames_[i].file < strings_.size();
  });
}

bool DictionaryTables::add_nodes(Cursor in) {
  const std::size_t first = nodes_.size();
  std::size_t count = 0;
  if (!get_count(in, first, 2, count)) return false;
  nodes_.resize(first + count);
  get_column(in, nodes_, first, &Node::parent);
  get_column(in, nodes_, first, &Node::frame);
  if (!in.ok() || !in.at_end()) return nodes_.resize(first), false;
  return keep_good(nodes_, first, [this](std::size_t i) {
    return nodes_[i].parent < i && nodes_[i].frame < frames_.size();
  });
}

bool DictionaryTables::add_types(Cursor in) {
  const std::size_t first = types_.size();
  std::size_t count = 0;
  if (!get_count(in, first, std::size(kTypeColumns), count)) return false;
  types_.resize(first + count);
  for (const auto member : kTypeColumns) get_column(in, types_, first, member);
  if (!in.ok() || !in.at_end()) return types_.resize(first), false;
  return keep_good(types_, first, [this](std::size_t i) {
    const Type& t = types_[i];
    return t.name < strings_.size() && t.module < strings_.size() && t.owner < i && t.base < i && t.node < nodes_.size();
  });
}

bool DictionaryTables::add_sites(Cursor in) {
  const std::size_t first = sites_.size();
  std::size_t count = 0;
  if (!get_count(in, first, 3, count)) return false;
  sites_.resize(first + count);
  get_column(in, sites_, first, &Site::node);
  for (std::size_t i = first; i < sites_.size(); ++i) {
    const unsigned api = in.byte();
    sites_[i].api = api < trace::kApiCount ? static_cast<trace::Api>(api) : trace::Api::unknown;
  }
  const auto accounts = in.bytes(count);
  if (!in.at_end()) get_column(in, sites_, first, &Site::type);  // ledgers of before there were types have no such column
  if (!in.ok() || !in.at_end()) return sites_.resize(first), false;
  return keep_good(sites_, first, [&](std::size_t i) {
    const auto bits = static_cast<unsigned>(accounts[i - first]);
    const unsigned account = bits & ~kContinuationBit;
    sites_[i].account = static_cast<Account>(account);
    sites_[i].continuation = (bits & kContinuationBit) != 0;
    return account < kAccountCount && sites_[i].node < nodes_.size() && sites_[i].type < types_.size();
  });
}

}  // namespace heapledger::ledger
