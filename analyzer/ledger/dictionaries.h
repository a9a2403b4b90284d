// The five dictionaries of a ledger: strings, frames, nodes (the call tree), types and sites; writing side and
// reading side.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "byte_buffer.h"
#include "file_format.h"
#include "intern_table.h"
#include "model.h"
#include "section_file.h"

namespace heapledger::ledger {

/// Entry 0 of strings, nodes, types and sites is there from the start and stands in no file. Node 0, type 0 and site 0
/// are no values: one with the same members gets a number of its own. Numbers given in entries must be
/// those of existing entries. FileError: more than 2^32 - 1 entries, text too long.
class Dictionaries {
 public:
  Dictionaries();
  std::uint32_t string(std::string_view text);
  std::uint32_t frame(const Frame& frame);
  std::uint32_t node(const Node& node);
  std::uint32_t type(const Type& type);
  std::uint32_t site(const Site& site);
  [[nodiscard]] std::uint32_t site_count() const noexcept { return site_table_.size(); }

  /// Appends all entries that are in no section yet.
  void write_new(SectionFile& file);

 private:
  /// How far a dictionary stands in the file.
  struct Written {
    std::size_t entries = 0;
    std::uint32_t sections = 0;
  };
  /// One section after the other, whose columns put(first, end) appends to payload_.
  template <class Entries, class Put>
  void write_entries(SectionFile& file, Tag tag, const Entries& entries, Written& written, Put&& put);

  InternTable string_table_, frame_table_, node_table_, type_table_, site_table_;
  std::deque<std::string> strings_;
  std::vector<Frame> frames_;
  std::vector<Node> nodes_;
  std::vector<Type> types_;
  std::vector<Site> sites_;
  Written strings_written_, frames_written_, nodes_written_, types_written_, sites_written_;
  ByteBuffer payload_;
};

/// Fills from the payloads of dictionary sections, each kind in the order of its sections, strings first,
/// then frames, nodes, types, sites. An entry that refers to what is not there ends its dictionary.
class DictionaryTables {
 public:
  DictionaryTables();
  /// Appends the entries of one payload. False: it is damaged; entries before the damage are kept, and no
  /// more payloads of this tag may be added.
  [[nodiscard]] bool add(Tag tag, std::span<const std::byte> payload);

  [[nodiscard]] const std::vector<std::string_view>& strings() const noexcept { return strings_; }
  [[nodiscard]] const std::vector<Frame>& frames() const noexcept { return frames_; }
  [[nodiscard]] const std::vector<Node>& nodes() const noexcept { return nodes_; }
  [[nodiscard]] const std::vector<Type>& types() const noexcept { return types_; }
  [[nodiscard]] const std::vector<Site>& sites() const noexcept { return sites_; }

 private:
  // Each checks its count against the bytes that are there before it makes room.
  bool add_strings(trace::Cursor in);
  bool add_frames(trace::Cursor in);
  bool add_nodes(trace::Cursor in);
  bool add_types(trace::Cursor in);
  bool add_sites(trace::Cursor in);

  std::vector<std::unique_ptr<char[]>> texts_;  ///< what strings_ point into, one block a section
  std::vector<std::string_view> strings_;
  std::vector<Frame> frames_;
  std::vector<Node> nodes_;
  std::vector<Type> types_;
  std::vector<Site> sites_;
};

}  // namespace heapledger::ledger
