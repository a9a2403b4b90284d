// One event of a raw trace after decoding, and the receiver of the definitions between them.
#pragma once

#include <cstdint>
#include <string>

#include "../../trace/codec.h"

namespace heapledger::read {

enum class EventKind : std::uint8_t {
  alloc,        ///< address, size, site
  free,         ///< address
  map,          ///< address, size, site, flags (trace::MapFlag)
  unmap,        ///< address, size
  remap_out,    ///< address, size: moves away ...
  remap_in,     ///< ... to here: address, size, site; the next event of the lane after its remap_out
  protect,      ///< address, size, flags: 1 usable
  stack,        ///< address: number of the stack, size, site
  stack_end,    ///< address: number of the stack
  brk,          ///< size: the change as a signed number, site
  collection_begin,  ///< flags: generation. No shard, like the next
  collection_end,    ///< flags: generation, address: pause in nanoseconds, size: objects collected, stamp: uncollectable,
                     ///< more: CPU time in nanoseconds, type: trace::CollectionEnding
  retype,       ///< address, site, type: of a block that is alive
  reuse,        ///< address, site, type: it is another object from here on, of this site
  part,         ///< address, type: the block that is alive is a part of an instance; type is one of Definitions::part
  nothing,      ///< a stamp without an event
};

/// No stamp: the event stands in the order of its lane only.
inline constexpr std::uint32_t kNoShard = 0xffffffff;

struct Event {
  EventKind kind = EventKind::nothing;
  bool in_collection = false;  ///< a free inside a garbage collection
  bool inner = false;          ///< a free on behalf of another call; the block may be unknown
  std::uint16_t flags = 0;
  std::uint32_t lane = 0;
  std::uint32_t thread = 0;    ///< as Definitions::thread numbered it; 0: nobody said
  std::uint32_t site = 0;      ///< as Definitions::site numbered it
  std::uint32_t type = 0;      ///< of an alloc: as Definitions::type or part numbered it; 0: no object of a known type
  std::uint32_t shard = kNoShard;
  std::uint32_t stamp = 0;     ///< place in the order of the shard
  std::uint64_t address = 0;
  std::uint64_t size = 0;
  std::uint64_t more = 0;
  std::uint64_t time_us = 0;   ///< since the trace began, as of the coarse clock
};

/// Receives what a lane defines, before its first use. Numbers returned are the receiver's own and come back in later
/// calls and in events. Definitions of different lanes repeat each other; a receiver finds that they are equal.
/// Throwing ends the reading.
class Definitions {
 public:
  virtual ~Definitions() = default;
  virtual std::uint32_t code(const trace::Code& code) = 0;
  /// parent and code are numbers returned here before; 0: none.
  virtual std::uint32_t node(std::uint32_t parent, std::uint32_t code, std::uint32_t offset) = 0;
  virtual std::uint32_t site(std::uint32_t parent, std::uint32_t code, std::uint32_t offset, trace::Api api) = 0;
  /// base and owner are numbers returned here before; 0: none.
  virtual std::uint32_t type(const trace::Type& type, std::uint32_t base, std::uint32_t owner) = 0;
  /// A type for such blocks of the instances of `owner`, a number returned here before.
  virtual std::uint32_t part(std::uint32_t owner, trace::Part part) = 0;
  /// type is a number returned here before.
  virtual void attribute(std::uint32_t type, const trace::Attribute& attribute) = 0;
  /// A type object was allocated: where it is defined.
  virtual void type_object(std::uint64_t address, std::uint32_t site) = 0;
  /// Number of the thread whose events follow in this lane.
  virtual std::uint32_t thread(const trace::Thread& thread) = 0;
  virtual void process(const trace::Process& process) = 0;
  virtual void interpreter(const trace::Interpreter& interpreter) = 0;
  virtual void self_test(const trace::SelfTest& test) = 0;
  virtual void collections_before(const trace::CollectionsBefore& before) = 0;
  virtual void collections_unseen(const trace::CollectionsUnseen& unseen) = 0;
  virtual void control(const trace::Control& control) = 0;
};

/// For readers that want events only, or one kind of definition: everything is 0 and forgotten.
class NoDefinitions : public Definitions {
 public:
  std::uint32_t code(const trace::Code&) override { return 0; }
  std::uint32_t node(std::uint32_t, std::uint32_t, std::uint32_t) override { return 0; }
  std::uint32_t site(std::uint32_t, std::uint32_t, std::uint32_t, trace::Api) override { return 0; }
  std::uint32_t type(const trace::Type&, std::uint32_t, std::uint32_t) override { return 0; }
  std::uint32_t part(std::uint32_t, trace::Part) override { return 0; }
  void attribute(std::uint32_t, const trace::Attribute&) override {}
  void type_object(std::uint64_t, std::uint32_t) override {}
  std::uint32_t thread(const trace::Thread&) override { return 0; }
  void process(const trace::Process&) override {}
  void interpreter(const trace::Interpreter&) override {}
  void self_test(const trace::SelfTest&) override {}
  void collections_before(const trace::CollectionsBefore&) override {}
  void collections_unseen(const trace::CollectionsUnseen&) override {}
  void control(const trace::Control&) override {}
};

}  // namespace heapledger::read
