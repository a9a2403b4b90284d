// Decodes the records of one lane into events.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "event.h"
#include "parts.h"
#include "raw_trace.h"

namespace heapledger::read {

class LaneReader {
 public:
  LaneReader(std::uint32_t number, const std::vector<ChunkBytes>& chunks, Definitions& definitions);

  /// A reader that goes on where this one is and tells `definitions` what it meets; this one stays where it is.
  [[nodiscard]] LaneReader ahead(Definitions& definitions) const;

  /// Decodes the next event into `event`; false at the end of the lane or at the first damaged record.
  bool next(Event& event);

  [[nodiscard]] bool damaged() const { return damaged_; }

 private:
  struct Site {
    trace::SiteModel model;
    std::uint32_t number = 0;  ///< as the receiver knows it
    bool objects = false;      ///< its blocks have types
    bool buffers = false;      ///< its blocks may be values of instances
  };
  struct Type {
    std::uint32_t number = 0;  ///< as the receiver knows it
    bool of_types = false;     ///< its instances are types
    bool concerns_parts = false;
    std::array<std::uint32_t, trace::kParts> parts = {};  ///< types of its parts, 0: not asked for yet
  };
  /// Site and type of an allocation or retype in this lane's own numbers; site 0: of none, or of a realloc.
  struct Birth {
    std::uint32_t site = 0, type = 0;
    bool concerns_parts = false;
  };
  struct Ahead {
    Event event;
    Birth birth;
  };

  bool decode(Event& event);
  bool decode_inline(Event& event);
  bool next_chunk();
  bool damage();
  void fill(Event& event, EventKind kind);
  void find_type(Event& event, Site& site);
  bool hot_alloc(std::uint8_t head, Event& event);
  void stamp(Event& event, std::uint32_t shard, std::uint64_t skipped);

  /// Handles an extended record; true when it is an event.
  bool extended(trace::Kind kind, std::span<const std::byte> body, Event& event);
  bool extended_event(trace::Kind kind, std::span<const std::byte> body, Event& event);
  void definition(trace::Kind kind, std::span<const std::byte> body);
  template <class Record>
  bool get(std::span<const std::byte> body, Record& record);
  void map_event(Event& event, EventKind kind, std::uint64_t address, std::uint64_t size, std::uint64_t skipped);
  std::uint32_t site_number(std::uint32_t lane_site);

  // In lane_objects.cc.
  bool object_event(Event& event, EventKind kind, std::uint32_t site, std::uint32_t type,
                    std::uint64_t address);
  bool hot_reuse(std::uint8_t head, Event& event);
  bool reuse(const trace::Reused& r, Event& event);

  // In lane_parts.cc.
  void take_ahead(Event& event);
  void find_parts(Event& event);
  void look_for_dict(Event& values);
  std::uint32_t part_number(std::uint32_t owner, trace::Part part);
  bool part_event(const trace::PartOf& p, Event& event);

  std::uint32_t lane_;
  const std::vector<ChunkBytes>* chunks_;
  std::size_t next_chunk_ = 0;
  trace::Cursor in_{{}};
  Definitions* definitions_;
  trace::LaneModel model_;
  std::vector<Site> sites_{1};
  std::vector<std::uint32_t> nodes_{0};
  std::vector<std::uint32_t> codes_{0};
  std::vector<Type> types_{1};
  std::vector<std::uint32_t> next_stamp_;
  std::uint64_t skipped_ = 0;  ///< of the order prefix that was just read
  std::uint64_t time_us_ = 0;
  std::uint32_t thread_ = 0;
  bool damaged_ = false;
  std::optional<Event> second_;  ///< the other half of a realloc or remap
  std::vector<Ahead> ahead_;     ///< come before second_
  std::size_t next_ahead_ = 0;
  Birth birth_;                  ///< of the event that was decoded last
  Parts parts_;
};

}  // namespace heapledger::read
