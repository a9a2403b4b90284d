// Records of one lane become events: every kind, chunks that continue each other, later versions, and damage.
#include "../../../analyzer/read/lane_reader.h"

#include <gtest/gtest.h>

#include <limits>

#include "../../support/definitions.h"
#include "../../support/trace_builder.h"

namespace heapledger::read {
namespace {

using support::encoded;
using support::FileBytes;
using support::LaneBuilder;
using support::TraceBuilder;
using support::WrittenDown;
using trace::Api;

struct Reading {
  std::vector<Event> events;
  std::vector<std::string> definitions;
  bool damaged = false;
  bool ended = false;  ///< and stayed so
};

Reading read_all(const std::vector<ChunkBytes>& chunks) {
  WrittenDown definitions;
  LaneReader reader(3, chunks, definitions);
  Reading reading;
  for (Event event; reader.next(event);) reading.events.push_back(event);
  Event after;
  reading.ended = !reader.next(after);
  reading.damaged = reader.damaged();
  reading.definitions = definitions.lines;
  return reading;
}
Reading read_all(TraceBuilder& trace) { return read_all(trace.records()); }

bool same(const Event& a, const Event& b) {
  return a.kind == b.kind && a.in_collection == b.in_collection && a.inner == b.inner && a.flags == b.flags &&
         a.lane == b.lane && a.thread == b.thread && a.site == b.site && a.type == b.type && a.shard == b.shard && a.stamp == b.stamp &&
         a.address == b.address && a.size == b.size && a.time_us == b.time_us;
}

std::string words(const Event& e) {
  return testing::PrintToString(std::vector<std::uint64_t>{static_cast<std::uint64_t>(e.kind), e.thread, e.site,
                                                           e.shard, e.stamp, e.address, e.size, e.time_us, e.flags});
}

void expect_same(const std::vector<Event>& got, const std::vector<Event>& expected) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i)
    EXPECT_TRUE(same(got[i], expected[i])) << i << ": " << words(got[i]) << " instead of " << words(expected[i]);
}

/// An event of lane 3, thread 0, at time 0.
Event event(EventKind kind, std::uint64_t address, std::uint64_t size = 0, std::uint32_t site = 0) {
  Event e;
  e.kind = kind, e.lane = 3, e.address = address, e.size = size, e.site = site;
  e.shard = kind <= EventKind::free ? trace::shard_of(address) : trace::kMapShard;
  return e;
}
Event stamped(Event e, std::uint32_t stamp) { return e.stamp = stamp, e; }

constexpr std::uint32_t kUnknown = 300;  // as WrittenDown numbers site 0
constexpr std::uint32_t kFirst = 301;
constexpr std::uint64_t kA = 0x10'0000, kB = 0x20'0000;  // of different shards

// ---------------------------------------------------------------------------------------------- events

TEST(LaneReader, HotRecords) {
  TraceBuilder trace;
  trace.lane(0).site(Api::malloc).alloc(1, kA, 16).alloc(1, kA + 32, 16).free(kA).alloc(0, kB, 700'000).free(
      kA + 32, trace::kFreeInCollection).free(kB, trace::kFreeInner);
  Event in_collection = stamped(event(EventKind::free, kA + 32), 3), inner = stamped(event(EventKind::free, kB), 1);
  in_collection.in_collection = inner.inner = true;
  expect_same(read_all(trace).events,
              {stamped(event(EventKind::alloc, kA, 16, kFirst), 0), stamped(event(EventKind::alloc, kA + 32, 16, kFirst), 1),
               stamped(event(EventKind::free, kA), 2), stamped(event(EventKind::alloc, kB, 700'000, kUnknown), 0),
               in_collection, inner});
}

TEST(LaneReader, WideRecordsAndHotOnesAfterThem) {
  TraceBuilder trace;
  const std::uint64_t odd = kA + 3, size = std::uint64_t{5} << 32;
  trace.lane(0).site(Api::malloc).alloc(1, kA, 16).alloc(1, odd, size).alloc(1, odd + 8, 16).free(kB + 1, trace::kFreeInner);
  trace.lane(0).free(kB + 9).alloc(1, odd + 16, 16);
  Event inner = stamped(event(EventKind::free, kB + 1), 0);
  inner.inner = true;
  const Reading reading = read_all(trace);
  expect_same(reading.events,
              {stamped(event(EventKind::alloc, kA, 16, kFirst), 0), stamped(event(EventKind::alloc, odd, size, kFirst), 1),
               stamped(event(EventKind::alloc, odd + 8, 16, kFirst), 2), inner,
               stamped(event(EventKind::free, kB + 9), 1), stamped(event(EventKind::alloc, odd + 16, 16, kFirst), 3)});
  EXPECT_FALSE(reading.damaged);
}

TEST(LaneReader, AReallocIsTwoEvents) {
  TraceBuilder trace;
  trace.lane(0).site(Api::realloc).alloc(1, kA, 16).realloc(1, kA, kB, 32).realloc(1, kB, kB, 1 << 20).free(kB + 64);
  expect_same(read_all(trace).events,
              {stamped(event(EventKind::alloc, kA, 16, kFirst), 0), stamped(event(EventKind::free, kA), 1),
               stamped(event(EventKind::alloc, kB, 32, kFirst), 0), stamped(event(EventKind::free, kB), 1),
               stamped(event(EventKind::alloc, kB, 1 << 20, kFirst), 2), stamped(event(EventKind::free, kB + 64), 3)});
}

TEST(LaneReader, MappingsStacksAndTheBreak) {
  TraceBuilder trace;
  trace.lane(0).site(Api::mmap).map(1, kA, 8192, trace::kMapUsable | trace::kMapShared).protect(kA, 4096, false);
  trace.lane(0).protect(kA, 4096, true).remap(1, kA, 8192, kB, 4096).unmap(kB, 4096);
  trace.lane(0).stack(1, 77, 1 << 23).stack_end(77).brk(1, kA, 4096).brk(1, kA + 4096, -4096).void_stamp(0);
  Event map = event(EventKind::map, kA, 8192, kFirst), protect = event(EventKind::protect, kA, 4096);
  map.flags = trace::kMapUsable | trace::kMapShared;
  Event usable = protect;
  usable.flags = 1;
  const Event back = event(EventKind::brk, kA + 4096, static_cast<std::uint64_t>(-4096), kFirst);
  std::vector<Event> expected{map, protect, usable, event(EventKind::remap_out, kA, 8192),
                              event(EventKind::remap_in, kB, 4096, kFirst), event(EventKind::unmap, kB, 4096),
                              event(EventKind::stack, 77, 1 << 23, kFirst), event(EventKind::stack_end, 77),
                              event(EventKind::brk, kA, 4096, kFirst), back, event(EventKind::nothing, 0)};
  for (std::size_t i = 0; i < expected.size(); ++i) expected[i].stamp = static_cast<std::uint32_t>(i);
  expect_same(read_all(trace).events, [&] {
    expected.back().address = 0;
    return expected;
  }());
}

TEST(LaneReader, TimeAndThread) {
  TraceBuilder trace;
  trace.lane(0).free(kA).thread(7).at(1000).free(kA).at(1500).free(kA).thread(9).free(kA);
  std::vector<Event> expected(4, event(EventKind::free, kA));
  for (std::uint32_t i = 0; i < 4; ++i) expected[i].stamp = i;
  expected[1].thread = expected[2].thread = 407, expected[3].thread = 409;
  expected[1].time_us = 1000, expected[2].time_us = expected[3].time_us = 1500;
  expect_same(read_all(trace).events, expected);
}

TEST(LaneReader, TheBreakMovedByAnAllocatorIsBacking) {
  TraceBuilder trace;
  trace.lane(0).put(trace::Break{0, 4096, kA, 0, trace::kMapBacking});
  Event moved = event(EventKind::brk, kA, 4096, kUnknown);
  moved.flags = trace::kMapBacking;
  expect_same(read_all(trace).events, {moved});
}

TEST(LaneReader, StampsOfOthersAreSkipped) {
  TraceBuilder trace;
  const auto others = [&](std::uint64_t address, int count) { while (count-- > 0) trace.stamps().take_for(address); };
  auto& lane = trace.lane(0).site(Api::malloc);
  others(kA, 5), lane.alloc(1, kA, 8);
  others(kA, 300), lane.free(kA).free(kA + 3);
  others(kA, 1), lane.alloc(1, kA + 3, 8);
  others(kA, 2), others(kB, 4), lane.realloc(1, kA, kB, 8);
  others(kB, 9), lane.void_stamp(kB), lane.free(kB);
  std::vector<std::uint32_t> stamps;
  for (const Event& e : read_all(trace).events) stamps.push_back(e.stamp);
  EXPECT_EQ(stamps, (std::vector<std::uint32_t>{5, 306, 307, 309, 312, 4, 14, 15}));
}

TEST(LaneReader, StampsWrapAround) {
  TraceBuilder trace;
  trace.lane(0).put(trace::Order{0xfffffffe}).free(kA).free(kA).free(kA);
  std::vector<std::uint32_t> stamps;
  for (const Event& e : read_all(trace).events) stamps.push_back(e.stamp);
  EXPECT_EQ(stamps, (std::vector<std::uint32_t>{0xfffffffe, 0xffffffff, 0}));
}

TEST(LaneReader, DefinitionsWithTheNumbersOfTheReceiver) {
  TraceBuilder trace;
  auto& lane = trace.lane(0).thread(2, "worker");
  lane.put(trace::Process{support::bytes_of("/bin/x"), support::bytes_of("a"), support::bytes_of("/")});
  lane.put(trace::Interpreter{0x030b07f0, 0, 1, 1, support::bytes_of("3.11.7")}).put(trace::SelfTest{2, 9});
  lane.put(trace::Control{support::bytes_of("gc"), support::bytes_of("off"), 3, support::bytes_of("why")});
  lane.code("f", "a.py", 10, "table").code("g", "b.py", 20);
  lane.put(trace::Node{0, 2, 6}).put(trace::Node{1, 1, 8}).site(Api::malloc, 2, 1, 12).site(Api::calloc);
  lane.alloc(2, kA, 8).alloc(1, kB, 8);
  const Reading reading = read_all(trace);
  EXPECT_EQ(reading.definitions,
            (std::vector<std::string>{"site 0 0 0 0", "thread 1002 2 worker", "process /bin/x a /",
                                      "interpreter 51054576 0 1 1 3.11.7", "self_test 2 9", "control gc off 3 why",
                                      "code a.py f 10 table",
                                      "code b.py g 20 ", "node 0 101 6", "node 200 100 8", "site 201 100 12 1",
                                      "site 0 0 0 2"}));
  ASSERT_EQ(reading.events.size(), 2u);
  EXPECT_EQ(reading.events[0].site, 302u);
  EXPECT_EQ(reading.events[1].site, 301u);
}

// ----------------------------------------------------------------------------------------------- types

/// A type named by one letter.
trace::Type type_of(std::string_view name, std::uint32_t base = 0, std::uint32_t flags = 0) {
  trace::Type type;
  type.flags = flags, type.base = base, type.basic_size = 16;
  type.name = support::bytes_of(name), type.module = support::bytes_of("m");
  return type;
}

std::vector<std::uint32_t> types_of(const Reading& reading) {
  std::vector<std::uint32_t> types;
  for (const Event& e : reading.events)
    if (e.kind == EventKind::alloc || e.kind == EventKind::retype) types.push_back(e.type);
  return types;
}

TEST(LaneReader, ObjectsAreOfTheTypeThatTheirSiteHadLast) {
  TraceBuilder trace;
  auto& lane = trace.lane(0).site(Api::py_obj_malloc).site(Api::py_obj_calloc).site(Api::malloc);
  lane.alloc(1, kA, 16);                                                              // nothing is known yet
  lane.alloc(1, kA + 16, 16).put(type_of("A")).put(trace::Typed{1});                 // defined in between
  lane.alloc(1, kA + 32, 16).alloc(2, kA + 48, 16).alloc(3, kB, 16).alloc(1, kA + 64, 16);
  lane.alloc(2, kA + 80, 16).put(type_of("B", 1)).put(trace::Typed{2}).alloc(1, kA + 96, 16).put(trace::Typed{0});
  lane.alloc(1, kA + 112, 16).alloc(2, kA + 128, 16);
  const Reading reading = read_all(trace);
  EXPECT_FALSE(reading.damaged);
  EXPECT_EQ(types_of(reading), (std::vector<std::uint32_t>{0, 500, 500, 0, 0, 500, 501, 0, 0, 501}));
  EXPECT_EQ(reading.definitions.at(4), "type m A 0 16 0 0");
  EXPECT_EQ(reading.definitions.at(5), "type m B 0 16 500 0");
}

TEST(LaneReader, TypesOfReallocsWideOnesAndInTheNextChunk) {
  TraceBuilder trace;
  auto& lane = trace.lane(0).site(Api::py_obj_realloc).put(type_of("A")).put(type_of("B"));
  lane.alloc(1, kA, 16).put(trace::Typed{1}).realloc(1, kA, kB, 32).put(trace::Typed{2});
  lane.alloc(1, kA + 3, 16).chunk().put(trace::Typed{1}).alloc(1, kA + 8, 16);
  EXPECT_EQ(types_of(read_all(trace)), (std::vector<std::uint32_t>{500, 501, 500, 500}));
}

TEST(LaneReader, ALateTypeIsAnEventWithAStamp) {
  TraceBuilder trace;
  auto& lane = trace.lane(0).site(Api::py_obj_malloc).put(type_of("A"));
  lane.alloc(1, kA, 16).free(kB).put(trace::TypedLate{1, 1, kA, 2}).alloc(1, kA + 16, 16);
  const Reading reading = read_all(trace);
  ASSERT_EQ(reading.events.size(), 4u);
  const Event& late = reading.events[2];
  EXPECT_EQ(late.kind, EventKind::retype);
  EXPECT_EQ(std::tuple(late.address, late.type, late.site, late.shard, late.stamp),
            std::tuple(kA, 500u, kFirst, trace::shard_of(kA), 3u));
  EXPECT_EQ(reading.events[3].type, 0u) << "the site has no type from it";
  EXPECT_EQ(reading.events[3].stamp, 4u);
}

TEST(LaneReader, PartsOfInstancesAreEventsThatSetTheLastAddress) {
  TraceBuilder trace;
  auto& lane = trace.lane(0).site(Api::py_obj_malloc).site(Api::malloc).put(type_of("A")).put(type_of("B"));
  lane.alloc(1, kA, 16).part_of(2, trace::Part::dict, kB, {2}).part_of(2, trace::Part::dict, kA);
  lane.put(trace::PartOf{1, trace::kParts, 16, 0}).put(trace::PartOf{1, 2, 0, 0}).free(kA + 16);
  const Reading reading = read_all(trace);
  ASSERT_EQ(reading.events.size(), 6u);
  EXPECT_FALSE(reading.damaged);
  const auto what = [&](std::size_t i) {
    const Event& e = reading.events[i];
    return std::tuple(e.kind, e.address, e.type, e.site, e.shard);
  };
  const std::uint32_t here = trace::shard_of(kA);
  EXPECT_EQ(what(1), std::tuple(EventKind::part, kB, 502u, 0u, trace::shard_of(kB)));
  EXPECT_EQ(what(2), std::tuple(EventKind::part, kA, 502u, 0u, here));
  EXPECT_EQ(what(3), std::tuple(EventKind::nothing, kA + 16, 0u, 0u, here)) << "of a later version";
  EXPECT_EQ(what(4), std::tuple(EventKind::part, kA + 16, 503u, 0u, here));
  EXPECT_EQ(reading.events[5].stamp, reading.events[2].stamp + 3);
  EXPECT_EQ(reading.definitions.at(5), "part __dict__ 501");
  EXPECT_EQ(reading.definitions.at(6), "part keys 500");
}

TEST(LaneReader, AHotReuseIsOneOfTheLastTypeOfItsSite) {
  TraceBuilder trace;
  auto& lane = trace.lane(0).site(Api::py_obj_malloc).site(Api::py_obj_calloc).put(type_of("A")).put(type_of("B"));
  lane.alloc(1, kA, 16).put(trace::Order{3}).reuse(2, kA).put(trace::Reused{2, 2, 0}).reuse(2, kA).free(kA);
  const Reading reading = read_all(trace);
  ASSERT_EQ(reading.events.size(), 5u);
  const Event &untyped = reading.events[1], &named = reading.events[2], &hot = reading.events[3];
  EXPECT_EQ(std::tuple(untyped.kind, untyped.address, untyped.type, untyped.site, untyped.stamp),
            std::tuple(EventKind::reuse, kA, 0u, kFirst + 1, 4u));
  EXPECT_EQ(std::tuple(named.address, named.type, named.stamp), std::tuple(kA, 501u, 5u));
  EXPECT_EQ(std::tuple(hot.kind, hot.address, hot.type, hot.site, hot.stamp),
            std::tuple(EventKind::reuse, kA, 501u, kFirst + 1, 6u));
  EXPECT_EQ(reading.events[4].stamp, 7u);
  EXPECT_FALSE(reading.damaged);
}

TEST(LaneReader, AReuseIsAnEventOfABlockNearTheLast) {
  TraceBuilder trace;
  auto& lane = trace.lane(0).site(Api::py_obj_malloc).site(Api::py_obj_calloc).put(type_of("A"));
  lane.alloc(1, kA, 16)
      .put(trace::Order{2})
      .put(trace::Reused{2, 1, 0})
      .put(trace::Reused{1, 0, -16})
      .put(trace::FreeWide{kA, 0});
  const Reading reading = read_all(trace);
  ASSERT_EQ(reading.events.size(), 4u);
  const Event &first = reading.events[1], &second = reading.events[2];
  EXPECT_EQ(first.kind, EventKind::reuse);
  EXPECT_EQ(std::tuple(first.address, first.type, first.site, first.shard, first.stamp),
            std::tuple(kA, 500u, kFirst + 1, trace::shard_of(kA), 3u));
  EXPECT_EQ(std::tuple(second.address, second.type, second.site, second.stamp),
            std::tuple(kA - 16, 0u, kFirst, trace::shard_of(kA - 16) == first.shard ? 4u : 0u));
  EXPECT_FALSE(reading.damaged);
}

TEST(LaneReader, WhereTypesAreMade) {
  TraceBuilder trace;
  auto& lane = trace.lane(0).site(Api::py_obj_malloc).put(type_of("type", 0, trace::kTypeSubclass));
  lane.alloc(1, kA, 1000).put(trace::Typed{1}).put(trace::Attribute{1, 0, support::bytes_of("x")});
  const Reading reading = read_all(trace);
  EXPECT_EQ(reading.definitions.at(3), "type_object 1048576 301");
  EXPECT_EQ(reading.definitions.at(4), "attribute 500 x");
}

TEST(LaneReader, ChunksContinueEachOther) {
  TraceBuilder one, many;
  for (TraceBuilder* trace : {&one, &many}) {
    auto& lane = trace->lane(0);
    const auto cut = [&]() -> LaneBuilder& { return trace == &many ? lane.chunk() : lane; };
    cut().site(Api::malloc), cut(), cut().alloc(1, kA, 16), cut().at(9).alloc(1, kA + 8, 16), cut().free(kA);
    cut().put(trace::Order{3}), cut().free(kA + 8);
  }
  EXPECT_EQ(many.chunks().size(), 7u);
  expect_same(read_all(many).events, read_all(one).events);
}

/// Bytes and meaning stand in trace/README.md.
TEST(LaneReader, TheExampleOfTheDocument) {
  FileBytes records;
  for (const int b : {0x1c, 0x07, 0x92, 0x21, 0x00, 0x03, 0x61, 0x70, 0x70, 0x28, 0x04, 0x00, 0x00, 0x00, 0x01, 0x08,
                      0x02, 0xa0, 0x1f, 0x5d, 0x01, 0xa8, 0xac, 0xe8, 0x30, 0x74, 0x15, 0x64, 0x03, 0x1c, 0x06, 0x1b,
                      0x04, 0x01, 0x02, 0x13, 0x1b, 0x18, 0x0c, 0x07, 0x01, 0x00, 0x00, 0xa0, 0x1f, 0x00, 0x00})
    records.push_back(static_cast<std::byte>(b));
  constexpr std::uint64_t kBlock = 0x55d0c3a2b2a0;
  std::vector<Event> expected{stamped(event(EventKind::alloc, kBlock, 100, kFirst), 0),
                              stamped(event(EventKind::alloc, 0x55d0c3a2b310, 100, kFirst), 1),
                              stamped(event(EventKind::free, kBlock), 2),
                              stamped(event(EventKind::alloc, kBlock, 24, kFirst), 5),
                              stamped(event(EventKind::free, kBlock), 6),
                              stamped(event(EventKind::alloc, kBlock, 4000, kFirst), 7)};
  for (Event& e : expected) e.shard = 891, e.thread = 400, e.time_us = 4000;
  const Reading reading = read_all({ChunkBytes(records)});
  expect_same(reading.events, expected);
  EXPECT_EQ(reading.definitions, (std::vector<std::string>{"site 0 0 0 0", "thread 4242 0 app", "site 0 0 0 1"}));
}

// ------------------------------------------------------------------------------------- later versions

TEST(LaneReader, KindsOfALaterVersionAreSkipped) {
  TraceBuilder trace;
  constexpr unsigned kLastKind = static_cast<unsigned>(trace::Kind::part_of);
  const FileBytes body(200, std::byte{0xff});
  auto& lane = trace.lane(0).alloc(0, kA, 16);
  for (unsigned kind = 0; kind < 64; ++kind) {
    if (kind > 0 && kind <= kLastKind) continue;
    lane.raw(encoded(kind, {})).raw(encoded(kind, body)).alloc(0, kA + 8 * kind, 16);
  }
  const Reading reading = read_all(trace);
  EXPECT_FALSE(reading.damaged);
  EXPECT_EQ(reading.events.size(), 1u + 64 - kLastKind);
  EXPECT_EQ(reading.events.back().address, kA + 8 * 63);
}

TEST(LaneReader, FieldsOfALaterVersionAreSkipped) {
  TraceBuilder trace;
  FileBytes body(60, std::byte{0xff});
  trace::put_varint(trace::put_varint(trace::put_varint(body.data(), kA), 4096), trace.stamps().take(trace::kMapShard));
  trace.lane(0).raw(encoded(static_cast<unsigned>(trace::Kind::unmap), body)).put(trace::Unmap{kB, 1, 0});
  const Reading reading = read_all(trace);
  expect_same(reading.events,
              {stamped(event(EventKind::unmap, kA, 4096), 0), stamped(event(EventKind::unmap, kB, 1), 1)});
}

TEST(LaneReader, AnApiOfALaterVersionIsUnknown) {
  TraceBuilder trace;
  trace.lane(0).put(trace::Site{0, 0, 0, trace::kApiCount}).put(trace::Site{0, 0, 0, 0xffffffff}).alloc(2, kA, 8);
  const Reading reading = read_all(trace);
  EXPECT_EQ(reading.definitions, (std::vector<std::string>{"site 0 0 0 0", "site 0 0 0 0", "site 0 0 0 0"}));
  EXPECT_EQ(reading.events.size(), 1u);
}

// ---------------------------------------------------------------------------------------------- damage

/// One good event, the damage, and a good event that must not be read any more.
void expect_damage(const FileBytes& damage, const char* what) {
  TraceBuilder trace;
  trace.lane(0).site(Api::malloc).alloc(1, kA, 16).raw(damage).alloc(1, kB, 16).chunk().alloc(1, kB + 64, 16);
  const Reading reading = read_all(trace);
  EXPECT_TRUE(reading.damaged) << what;
  EXPECT_EQ(reading.events.size(), 1u) << what;
  EXPECT_TRUE(reading.ended) << what;
}

TEST(LaneReader, NumbersThatWereNotDefinedAreDamage) {
  expect_damage(encoded(trace::Realloc{2, 0, 0, 8, 0, 0}), "site of a realloc");
  expect_damage(encoded(trace::AllocWide{2, kB, 8}), "site of a wide allocation");
  expect_damage(encoded(trace::Map{2, 1, kB, 4096, 0}), "site of a mapping");
  expect_damage(encoded(trace::Remap{2, kB, 4096, kA, 4096, 0, 0}), "site of a moved mapping");
  expect_damage(encoded(trace::Stack{2, 1, 1, 0}), "site of a stack");
  expect_damage(encoded(trace::Break{2, 1, 1, 0}), "site of the break");
  expect_damage(encoded(trace::Node{1, 0, 0}), "parent of a node");
  expect_damage(encoded(trace::Node{0, 1, 0}), "code of a node");
  expect_damage(encoded(trace::Site{1, 0, 0, 0}), "parent of a site");
  expect_damage(encoded(trace::Site{0, 1, 0, 0}), "code of a site");
  TraceBuilder trace;
  trace.lane(0).alloc(0, kA, 8).alloc(1, kA, 8).alloc(0, kA, 8);
  EXPECT_TRUE(read_all(trace).damaged);
  EXPECT_EQ(read_all(trace).events.size(), 1u) << "site of a hot allocation";
}

TEST(LaneReader, TypesThatWereNotDefinedAreDamage) {
  expect_damage(encoded(type_of("A", 2)), "base of a type");
  expect_damage(encoded(trace::TypedLate{2, 1, kA, 0}), "late type");
  expect_damage(encoded(trace::TypedLate{0, 2, kA, 0}), "site of a late type");
  expect_damage(encoded(trace::TypedLate{0, 1, 0, 0}), "late type of nothing");
  expect_damage(encoded(trace::Attribute{2, 0, {}}), "type of an attribute");
  expect_damage(encoded(trace::PartOf{2, 0, kA, 0}), "owner of a part");
  expect_damage(encoded(trace::PartOf{0, 0, kA, 0}), "part of nobody");
  expect_damage(encoded(trace::PartOf{1, 0, -static_cast<std::int64_t>(kA), 0}), "part at address 0");
  expect_damage(encoded(trace::Reused{2, 0, 0}), "site of a reuse");
  expect_damage(encoded(trace::Reused{1, 2, 0}), "type of a reuse");
  expect_damage(encoded(trace::Reused{1, 0, -static_cast<std::int64_t>(kA)}), "reuse of address 0");
  TraceBuilder trace;
  trace.lane(0).site(Api::py_obj_malloc).alloc(1, kA, 16).put(trace::Typed{1}).alloc(1, kB, 16);
  EXPECT_TRUE(read_all(trace).damaged);
}

TEST(LaneReader, BlocksAndRangesThatCannotBeAreDamage) {
  expect_damage(encoded(trace::FreeWide{0, 0}), "a free at address 0");
  expect_damage(encoded(trace::AllocWide{1, 0, 8}), "a block at address 0");
  expect_damage(encoded(trace::AllocWide{1, kB, ~std::uint64_t{0}}), "a block of all memory");
  expect_damage(encoded(trace::AllocWide{1, ~std::uint64_t{0} - 7, 16}), "a block over the end");
  expect_damage(encoded(trace::Realloc{1, 0, -static_cast<std::int64_t>(kA), 8, 0, 0}), "a block that moved to address 0");
  expect_damage(encoded(trace::Realloc{1, 0, 0, ~std::uint64_t{0}, 0, 0}), "a block that grew to all memory");
  expect_damage(encoded(trace::Map{1, 1, kB, ~std::uint64_t{0}, 0}), "a mapping of all memory");
  expect_damage(encoded(trace::Unmap{~std::uint64_t{0} - 4095, 8192, 0}), "a range over the end");
  expect_damage(encoded(trace::Protect{~std::uint64_t{0} - 4095, 8192, 1, 0}), "a range over the end");
  expect_damage(encoded(trace::Remap{1, ~std::uint64_t{0} - 4095, 8192, kB, 4096, 0, 0}), "old range over the end");
  expect_damage(encoded(trace::Remap{1, kB, 4096, ~std::uint64_t{0} - 4095, 8192, 0, 0}), "new range over the end");
  expect_damage(encoded(trace::Break{1, std::numeric_limits<std::int64_t>::max(), kB, 0, 0}), "the break over the end");
  expect_damage(encoded(trace::Break{1, -static_cast<std::int64_t>(kB) - 1, kB, 0, 0}), "the break below address 0");
  TraceBuilder hot;
  hot.lane(0).raw(FileBytes(1, std::byte{1}));  // by no distance from nowhere
  EXPECT_TRUE(read_all(hot).damaged && read_all(hot).events.empty());
  hot.chunks()[0].records[0] = std::byte{2};
  EXPECT_TRUE(read_all(hot).damaged && read_all(hot).events.empty());
  expect_damage(encoded(trace::Time{~std::uint64_t{0}}), "the end of time");
}

TEST(LaneReader, BodiesTooShortForTheirKindAreDamage) {
  for (unsigned kind = 1; kind <= static_cast<unsigned>(trace::Kind::brk); ++kind) {
    if (kind == static_cast<unsigned>(trace::Kind::thread_end)) continue;  // says nothing that a reader needs
    expect_damage(encoded(kind, {}), "an empty body");
    expect_damage(encoded(kind, FileBytes(1, std::byte{0x80})), "an unfinished number");
    expect_damage(encoded(kind, FileBytes(40, std::byte{0x80})), "an endless number");
  }
}

TEST(LaneReader, LengthsBehindTheChunkAreDamage) {
  const std::byte kTime{4};
  for (const FileBytes& bytes : {FileBytes{kTime}, FileBytes{kTime, std::byte{0x80}}, FileBytes{kTime, std::byte{2}, {}}}) {
    TraceBuilder trace;
    trace.lane(0).free(kA).raw(bytes);
    EXPECT_TRUE(read_all(trace).damaged);
    EXPECT_EQ(read_all(trace).events.size(), 1u);
  }
}

TEST(LaneReader, ARecordMayNotGoOnInTheNextChunk) {
  FileBytes record = encoded(trace::Unmap{kA, 4096, 0});
  for (std::size_t cut = 1; cut < record.size(); ++cut) {
    TraceBuilder trace;
    trace.lane(0).unmap(kB, 1).raw(std::span(record).first(cut)).chunk().raw(std::span(record).subspan(cut)).free(kB);
    EXPECT_TRUE(read_all(trace).damaged) << cut;
    EXPECT_EQ(read_all(trace).events.size(), 1u) << cut;
  }
}

/// A lane with records of every kind.
void put_everything(LaneBuilder& lane) {
  lane.thread(0, "main").put(trace::Process{support::bytes_of("/bin/x"), support::bytes_of("x"), support::bytes_of("/")});
  lane.put(trace::Interpreter{0x030b07f0, 0, 1, 1, support::bytes_of("3.11")}).put(trace::SelfTest{1, 3});
  lane.code("f", "a.py", 1, "\x01\x02").put(trace::Node{0, 1, 2}).site(Api::py_obj_malloc, 1, 1, 4).site(Api::mmap);
  lane.alloc(1, kA, 16).alloc(1, kA + 16, 16).at(4000).alloc(1, kA + 1, 300).realloc(1, kA + 1, kB, 70'000).free(kA);
  lane.map(2, 0x7000'0000, 8192, trace::kMapUsable).protect(0x7000'0000, 4096, false);
  lane.remap(2, 0x7000'0000, 8192, 0x7100'0000, 16384).unmap(0x7100'0000, 4096).void_stamp(0).void_stamp(kB);
  lane.stack(2, 1, 1 << 20).stack_end(1).brk(2, 0x600'0000, 4096).free(kB + 1).free(kB).put(trace::ThreadEnd{0});
}

TEST(LaneReader, CutAtEveryByteGivesAPrefix) {
  TraceBuilder trace;
  put_everything(trace.lane(0));
  const FileBytes records = trace.chunks()[0].records;
  const std::vector<Event> whole = read_all(trace).events;
  ASSERT_EQ(whole.size(), 18u) << "every kind of event";
  for (std::size_t size = 0; size < records.size(); ++size) {
    const FileBytes exact(records.begin(), records.begin() + static_cast<std::ptrdiff_t>(size));
    const std::vector<Event> part = read_all({ChunkBytes(exact)}).events;
    ASSERT_LE(part.size(), whole.size());
    expect_same(part, {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(part.size())});
  }
}

TEST(LaneReader, AnyByteMayHaveAnyValue) {
  TraceBuilder trace;
  put_everything(trace.lane(0));
  FileBytes records = trace.chunks()[0].records;
  for (std::byte& byte : records) {
    const std::byte kept = byte;
    for (int value = 0; value < 256; ++value) {
      byte = static_cast<std::byte>(value);
      const Reading reading = read_all({ChunkBytes(records)});
      ASSERT_LE(reading.events.size(), 2 * records.size());
      ASSERT_TRUE(reading.ended) << "byte " << &byte - records.data() << " = " << value;
    }
    byte = kept;
  }
}

}  // namespace
}  // namespace heapledger::read
