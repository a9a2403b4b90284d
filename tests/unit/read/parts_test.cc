// Blocks beside an instance, from lanes as CPython's allocations make them: what is found, and what must not
// be guessed.
#include "../../../analyzer/read/parts.h"

#include <gtest/gtest.h>

#include <string>

#include "../../../analyzer/read/lane_reader.h"
#include "../../support/definitions.h"
#include "../../support/trace_builder.h"

namespace heapledger::read {
namespace {

using support::bytes_of;
using support::LaneBuilder;
using support::TraceBuilder;
using trace::Api;

constexpr std::uint32_t kHeap = trace::kHeapType, kManaged = trace::kManagedDict;

/// Gives types the numbers that they have in the lane, and parts 1000 (values) or 2000 (dict) more than their
/// owner.
class LaneNumbers : public NoDefinitions {
 public:
  std::uint32_t type(const trace::Type&, std::uint32_t, std::uint32_t) override { return ++types_; }
  std::uint32_t part(std::uint32_t owner, trace::Part part) override {
    return owner + (part == trace::Part::dict ? 2000 : 1000);
  }

 private:
  std::uint32_t types_ = 0;
};

/// A lane with code objects, types, nodes and sites by name; blocks get addresses as they come.
class Lane {
 public:
  enum : std::uint32_t { main = 1, init, create, other };              // codes
  enum : std::uint32_t { object = 1, dict, list, text, first_class };  // types

  Lane() : lane_(trace_.lane(0)) {
    lane_.code("main", "a.py", 1)
        .code("__init__", "a.py", 1)
        .code("__new__", "a.py", 1)
        .code("other", "a.py", 1);
    type("object", 0, 0, 16), type("dict", trace::kDictSubclass, object, 48), type("list", 0, object, 40),
        type("str", 0, object, 80);
  }
  std::uint32_t type(std::string_view name, std::uint32_t flags, std::uint32_t base, std::uint64_t size,
                     std::int64_t dict_offset = 0, std::int64_t weak_offset = 0,
                     std::uint64_t item_size = 0) {
    trace::Type t;
    t.flags = flags, t.base = base, t.basic_size = size, t.item_size = item_size;
    t.dict_offset = dict_offset, t.weaklist_offset = weak_offset, t.name = bytes_of(name);
    lane_.put(t);
    return ++types_;
  }
  /// 3.8 - 3.10.
  std::uint32_t plain_class(std::uint32_t base = object, std::uint32_t flags = 0) {
    return type("C", kHeap | flags, base, 32, 16, 24);
  }
  /// 3.11.
  std::uint32_t managed_class(std::uint32_t flags = 0, std::uint32_t base = object, std::uint64_t size = 24) {
    return type("C", kHeap | kManaged | flags, base, size, -8, size == 24 ? 16 : 0);
  }
  std::uint32_t node(std::uint32_t parent, std::uint32_t code, std::uint32_t offset) {
    lane_.put(trace::Node{parent, code, offset});
    return ++nodes_;
  }
  /// An allocation; its number is its place in types().
  Lane& alloc(Api api, std::uint32_t parent, std::uint32_t code, std::uint32_t offset, std::uint64_t size,
              std::uint32_t type = 0) {
    lane_.site(api, parent, code, offset).alloc(++sites_, address_ += 1024, size);
    if (type != 0) lane_.put(trace::Typed{type});
    return *this;
  }
  Lane& make(std::uint32_t type, std::uint32_t parent, std::uint32_t code, std::uint32_t offset) {
    return alloc(Api::py_obj_malloc, parent, code, offset, 48, type);
  }
  Lane& values(std::uint32_t parent, std::uint32_t code, std::uint32_t offset, std::uint64_t size = 40) {
    return alloc(Api::py_mem_malloc, parent, code, offset, size);
  }
  /// The first attribute is set.
  Lane& set(std::uint32_t parent, std::uint32_t code, std::uint32_t offset) {
    return values(parent, code, offset).alloc(Api::py_obj_malloc, parent, code, offset, 64, dict);
  }
  Lane& free_last() { return lane_.free(address_), *this; }
  LaneBuilder& records() { return lane_; }
  [[nodiscard]] std::uint64_t last_address() const { return address_; }
  [[nodiscard]] std::uint32_t last_site() const { return sites_; }

  /// Of all allocations, in their order. All stamps and addresses must be those that were written.
  std::vector<std::uint32_t> types() {
    const std::vector<ChunkBytes> chunks = trace_.records();
    LaneNumbers definitions;
    LaneReader reader(0, chunks, definitions);
    std::vector<std::uint32_t> types;
    std::uint64_t address = kBase;
    for (Event event; reader.next(event);) {
      if (event.kind != EventKind::alloc) continue;
      EXPECT_EQ(event.address, address += 1024);
      types.push_back(event.type);
    }
    EXPECT_FALSE(reader.damaged());
    return types;
  }

 private:
  static constexpr std::uint64_t kBase = 0x10'0000;
  TraceBuilder trace_;
  LaneBuilder& lane_;
  std::uint32_t types_ = 0, nodes_ = 0, sites_ = 0;
  std::uint64_t address_ = kBase;
};
using Types = std::vector<std::uint32_t>;

constexpr std::uint32_t values_of(std::uint32_t type) { return type + 1000; }
constexpr std::uint32_t dict_of(std::uint32_t type) { return type + 2000; }

// ------------------------------------------------------------------------------------------- 3.11, 3.12

TEST(PartsManaged, ValuesFollowTheirObject) {
  Lane lane;
  const std::uint32_t c = lane.managed_class();
  lane.make(c, 0, Lane::main, 4).values(0, Lane::main, 4, 32).values(0, Lane::main, 4, 32);
  EXPECT_EQ(lane.types(), (Types{c, values_of(c), 0}));
}

TEST(PartsManaged, OnlyAtTheSamePlaceFromTheSameCallAndOfASizeThatValuesHave) {
  Lane lane;
  const std::uint32_t c = lane.managed_class();
  const std::uint32_t node = lane.node(0, Lane::main, 2);
  lane.make(c, 0, Lane::main, 4).values(0, Lane::main, 6, 32).values(node, Lane::main, 4, 32);
  lane.values(0, Lane::other, 4, 32).alloc(Api::py_mem_calloc, 0, Lane::main, 4, 32);
  lane.values(0, Lane::main, 4, 33).values(0, Lane::main, 4, 32);
  EXPECT_EQ(lane.types(), (Types{c, 0, 0, 0, 0, 0, 0}));
}

TEST(PartsManaged, ACollectionMayRunInBetween) {
  Lane lane;
  const std::uint32_t c = lane.managed_class();
  lane.make(c, 0, Lane::main, 4).make(Lane::dict, 0, Lane::main, 4).make(Lane::text, 0, Lane::main, 4);
  lane.records().put(trace::CollectionBegin{0}).free(lane.last_address()).put(trace::CollectionEnd{});
  lane.values(0, Lane::main, 4, 16);
  EXPECT_EQ(lane.types(), (Types{c, Lane::dict, Lane::text, values_of(c)}));
}

TEST(PartsManaged, NothingFrom313On) {
  Lane lane;
  const std::uint32_t c = lane.managed_class(trace::kInlineValues);
  const std::uint32_t slots_and_dict = lane.type("S", kHeap | kManaged, Lane::object, 24, -24, -32);
  lane.make(c, 0, Lane::main, 4).values(0, Lane::main, 4, 32);
  lane.make(slots_and_dict, 0, Lane::main, 4).values(0, Lane::main, 4, 32);
  EXPECT_EQ(lane.types(), (Types{c, 0, slots_and_dict, 0}));
}

TEST(PartsManaged, OnlyWhereObjectItselfMakesTheInstance) {
  Lane lane;
  const std::uint32_t of_list = lane.type("L", kHeap | kManaged, Lane::list, 48, -8, 40);
  const std::uint32_t of_tuple = lane.type("T", kHeap | kManaged, Lane::object, 24, -8, 16, 8);
  const std::uint32_t in_c = lane.type("Random", kHeap, Lane::object, 2520);
  const std::uint32_t of_c = lane.type("R", kHeap | kManaged, in_c, 2528, -8, 2520);
  for (const std::uint32_t t : {of_list, of_tuple, of_c})
    lane.make(t, 0, Lane::main, 4).values(0, Lane::main, 4, 24);
  EXPECT_EQ(lane.types(), (Types{of_list, 0, of_tuple, 0, of_c, 0}));
}

TEST(PartsManaged, BasesWithoutSlotsOfTheirOwnAreTransparent) {
  Lane lane;
  const std::uint32_t abc = lane.type("Sized", kHeap, Lane::object, 16);
  const std::uint32_t c = lane.managed_class(0, abc), derived = lane.managed_class(0, c);
  lane.make(c, 0, Lane::main, 4)
      .values(0, Lane::main, 4, 24)
      .make(derived, 0, Lane::main, 8)
      .values(0, Lane::main, 8, 24);
  EXPECT_EQ(lane.types(), (Types{c, values_of(c), derived, values_of(derived)}));
}

TEST(PartsManaged, ATypeThatIsKnownLate) {
  Lane lane;
  const std::uint32_t c = lane.managed_class();
  lane.alloc(Api::py_obj_malloc, 0, Lane::main, 4, 56);
  lane.records().put(trace::TypedLate{c, lane.last_site(), lane.last_address(), 0});
  lane.values(0, Lane::main, 4, 24);
  EXPECT_EQ(lane.types(), (Types{0, values_of(c)}));
}

// ------------------------------------------------------------------------------------------- 3.8 - 3.10

/// Every test has instances made by the call main+4, whose frame is called from `call`.
struct Constructing : Lane {
  const std::uint32_t c = plain_class(), d = plain_class();
  const std::uint32_t call = node(0, main, 4);
  const std::uint32_t inner_call = node(call, init, 10);  ///< what __init__ calls at its byte 10
};

TEST(PartsDict, SetByTheConstructor) {
  Constructing lane;
  lane.make(lane.c, 0, Lane::main, 4).set(lane.call, Lane::init, 6).set(lane.call, Lane::init, 12);
  EXPECT_EQ(lane.types(), (Types{lane.c, values_of(lane.c), dict_of(lane.c), 0, Lane::dict}))
      << "the second is another's";
}

TEST(PartsDict, SetByTheConstructorOfABase) {
  Constructing lane;
  const std::uint32_t deeper = lane.node(lane.inner_call, Lane::init, 10);
  lane.make(lane.c, 0, Lane::main, 4).make(Lane::text, lane.call, Lane::init, 8).set(deeper, Lane::init, 6);
  EXPECT_EQ(lane.types(), (Types{lane.c, Lane::text, values_of(lane.c), dict_of(lane.c)}));
}

TEST(PartsDict, ConstructorsInsideConstructors) {
  Constructing lane;
  lane.make(lane.c, 0, Lane::main, 4)
      .make(lane.d, lane.call, Lane::init, 10)
      .set(lane.inner_call, Lane::init, 6);
  lane.set(lane.call, Lane::init, 14);
  EXPECT_EQ(lane.types(),
            (Types{lane.c, lane.d, values_of(lane.d), dict_of(lane.d), values_of(lane.c), dict_of(lane.c)}));
}

TEST(PartsDict, AnInstanceWithoutAttributesAsTheFirstOne) {
  Constructing lane;  // self.bare = Bare()
  lane.make(lane.c, 0, Lane::main, 4).make(lane.d, lane.call, Lane::init, 10).set(lane.call, Lane::init, 14);
  EXPECT_EQ(lane.types(), (Types{lane.c, lane.d, values_of(lane.c), dict_of(lane.c)}));
}

TEST(PartsDict, NotWhenAnInstanceMadeInTheConstructorMayBeMeant) {
  for (const std::uint32_t offset : {12u, 16u, 18u, 40u}) {  // bare = Bare(); bare.x = 1
    Constructing lane;
    lane.make(lane.c, 0, Lane::main, 4)
        .make(lane.d, lane.call, Lane::init, 10)
        .set(lane.call, Lane::init, offset);
    EXPECT_EQ(lane.types(), (Types{lane.c, lane.d, 0, Lane::dict})) << offset;
  }
  Constructing lane;  // it was made by a function that the constructor called
  lane.make(lane.c, 0, Lane::main, 4)
      .make(lane.d, lane.inner_call, Lane::other, 10)
      .set(lane.call, Lane::init, 14);
  EXPECT_EQ(lane.types(), (Types{lane.c, lane.d, 0, Lane::dict}));
}

TEST(PartsDict, InstancesThatAreGoneAreNotMeant) {
  Constructing lane;
  lane.make(lane.c, 0, Lane::main, 4)
      .make(lane.d, lane.call, Lane::init, 10)
      .free_last()
      .set(lane.call, Lane::init, 30);
  EXPECT_EQ(lane.types(), (Types{lane.c, lane.d, values_of(lane.c), dict_of(lane.c)}));
}

TEST(PartsDict, NotOfAnInstanceThatIsGone) {
  Constructing lane;
  lane.make(lane.c, 0, Lane::main, 4).free_last().set(lane.call, Lane::init, 6);
  EXPECT_EQ(lane.types(), (Types{lane.c, 0, Lane::dict}));
}

TEST(PartsDict, NotInAFunctionThatTheConstructorCalls) {
  Constructing lane;
  lane.make(lane.c, 0, Lane::main, 4)
      .set(lane.inner_call, Lane::other, 6)
      .set(lane.inner_call, Lane::init, 6);
  EXPECT_EQ(lane.types(), (Types{lane.c, 0, Lane::dict, values_of(lane.c), dict_of(lane.c)}));
}

TEST(PartsDict, NotInAConstructorInsideWhoseInstanceHasItsDict) {
  Constructing lane;  // c.__init__ makes d, whose __init__ sets its own attribute and copies a dict
  lane.make(lane.c, 0, Lane::main, 4).make(lane.d, lane.call, Lane::init, 10);
  lane.set(lane.inner_call, Lane::init, 6).set(lane.inner_call, Lane::init, 12);
  EXPECT_EQ(lane.types(), (Types{lane.c, lane.d, values_of(lane.d), dict_of(lane.d), 0, Lane::dict}));
}

TEST(PartsDict, NotInAConstructorInsideOfAClassWithSlots) {
  Constructing lane;
  const std::uint32_t slotted = lane.type("S", kHeap, Lane::object, 32);
  lane.make(lane.c, 0, Lane::main, 4)
      .make(slotted, lane.call, Lane::init, 10)
      .set(lane.inner_call, Lane::init, 6);
  EXPECT_EQ(lane.types(), (Types{lane.c, slotted, 0, Lane::dict}));
}

TEST(PartsDict, NotByTheCallerOrElsewhere) {
  Constructing lane;
  const std::uint32_t elsewhere = lane.node(0, Lane::main, 20);
  lane.make(lane.c, 0, Lane::main, 4).set(0, Lane::main, 12).set(elsewhere, Lane::init, 6);
  EXPECT_EQ(lane.types(), (Types{lane.c, 0, Lane::dict, 0, Lane::dict}));
}

TEST(PartsDict, ExceptionsHaveNoPartsAndTheirDictIsNobodyElses) {
  Constructing lane;
  const std::uint32_t error = lane.plain_class(Lane::object, trace::kExceptionSubclass);
  lane.make(lane.c, 0, Lane::main, 4)
      .make(error, lane.call, Lane::init, 10)
      .set(lane.inner_call, Lane::init, 6);
  lane.set(lane.call, Lane::init, 30);
  EXPECT_EQ(lane.types(), (Types{lane.c, error, 0, Lane::dict, values_of(lane.c), dict_of(lane.c)}));
}

TEST(PartsDict, TypesWithoutAnOwnDict) {
  Constructing lane;
  const std::uint32_t static_type = lane.type("module", 0, Lane::object, 72, 16),
                      no_dict = lane.type("S", kHeap, 1, 32);
  const std::uint32_t metaclass = lane.plain_class(Lane::object, trace::kTypeSubclass);
  for (const std::uint32_t t : {static_type, no_dict, metaclass})
    lane.make(t, 0, Lane::main, 4).set(lane.call, Lane::init, 6);
  EXPECT_EQ(lane.types(),
            (Types{static_type, 0, Lane::dict, no_dict, 0, Lane::dict, metaclass, 0, Lane::dict}));
}

TEST(PartsDict, MadeByNew) {
  Constructing lane;  // super().__new__(cls) at byte 8 of __new__; then __init__
  lane.make(lane.c, lane.call, Lane::create, 8).set(lane.call, Lane::init, 6);
  EXPECT_EQ(lane.types(), (Types{lane.c, values_of(lane.c), dict_of(lane.c)}));
}

TEST(PartsDict, SetInNew) {
  Constructing lane;
  lane.make(lane.c, lane.call, Lane::create, 8).set(lane.call, Lane::create, 16);
  EXPECT_EQ(lane.types(), (Types{lane.c, values_of(lane.c), dict_of(lane.c)}));
  Constructing before;  // of an earlier instance: the loop goes back
  before.make(before.c, before.call, Lane::create, 8).set(before.call, Lane::create, 6);
  EXPECT_EQ(before.types(), (Types{before.c, 0, Lane::dict}));
}

TEST(PartsDict, MadeAndSetByOneCall) {
  Constructing lane;  // as unpickling does
  lane.make(lane.c, 0, Lane::main, 4)
      .make(lane.c, 0, Lane::main, 4)
      .set(0, Lane::main, 4)
      .set(0, Lane::main, 4);
  EXPECT_EQ(lane.types(),
            (Types{lane.c, lane.c, values_of(lane.c), dict_of(lane.c), values_of(lane.c), dict_of(lane.c)}));
  Constructing mixed;
  mixed.make(mixed.c, 0, Lane::main, 4).make(mixed.d, 0, Lane::main, 4).set(0, Lane::main, 4);
  EXPECT_EQ(mixed.types(), (Types{mixed.c, mixed.d, 0, Lane::dict}));
}

TEST(PartsDict, ValuesWithADictThatPythonHadKept) {
  Constructing lane;
  lane.make(lane.c, 0, Lane::main, 4)
      .values(lane.call, Lane::init, 6)
      .make(Lane::text, lane.call, Lane::init, 6);
  lane.set(lane.call, Lane::init, 12);
  EXPECT_EQ(lane.types(), (Types{lane.c, 0, Lane::text, 0, Lane::dict})) << "it may have its dict";
}

TEST(PartsDict, TheDictMayNeedNewMemoryOfTheSystem) {
  Constructing lane;
  lane.make(lane.c, 0, Lane::main, 4)
      .values(lane.call, Lane::init, 6)
      .records()
      .map(0, 0x7000'0000, 1 << 18, 1);
  lane.alloc(Api::py_obj_malloc, lane.call, Lane::init, 6, 64, Lane::dict).set(lane.call, Lane::init, 12);
  EXPECT_EQ(lane.types(), (Types{lane.c, values_of(lane.c), dict_of(lane.c), 0, Lane::dict}));
}

TEST(PartsDict, BuffersOfOtherSizesAndDictsElsewhere) {
  Constructing lane;
  lane.make(lane.c, 0, Lane::main, 4).values(lane.call, Lane::init, 2, 48).values(lane.call, Lane::init, 6);
  lane.make(Lane::dict, lane.call, Lane::init, 8);
  EXPECT_EQ(lane.types(), (Types{lane.c, 0, 0, Lane::dict}));
}

TEST(PartsDict, AnotherThreadGoesOnInTheLane) {
  Constructing lane;
  lane.make(lane.c, 0, Lane::main, 4).records().thread(1);
  lane.set(lane.call, Lane::init, 6);
  EXPECT_EQ(lane.types(), (Types{lane.c, 0, Lane::dict}));
}

TEST(PartsDict, ConstructorsTooDeepInsideEachOther) {
  Constructing lane;
  std::uint32_t parent = 0;
  std::vector<std::uint32_t> calls;
  for (int depth = 0; depth < 200; ++depth) {
    lane.make(lane.c, parent, Lane::init, 10);
    calls.push_back(parent = lane.node(parent, Lane::init, 10));
  }
  for (; !calls.empty(); calls.pop_back()) lane.set(calls.back(), Lane::init, 30);
  const Types types = lane.types();
  EXPECT_EQ(std::ranges::count(types, values_of(lane.c)), 72);
  EXPECT_EQ(std::ranges::count(types, std::uint32_t{Lane::dict}), 200 - 72);
}

TEST(PartsDict, OrderAndStampsStayWhenTheLaneEndsOrIsDamagedBehindValues) {
  for (const bool damaged : {false, true}) {
    TraceBuilder trace;
    trace::Type type;
    type.flags = kHeap, type.basic_size = 32, type.dict_offset = 16;
    LaneBuilder& lane = trace.lane(0).code("__init__", "a.py", 1).put(type).put(trace::Node{0, 1, 4});
    lane.site(Api::py_obj_malloc, 0, 1, 4).site(Api::py_mem_malloc, 1, 1, 6);
    lane.alloc(1, 0x1000, 48).put(trace::Typed{1}).alloc(2, 0x2000, 40);
    if (damaged) lane.put(trace::FreeWide{0, 0});
    const std::vector<ChunkBytes> chunks = trace.records();
    LaneNumbers definitions;
    LaneReader reader(0, chunks, definitions);
    Event event;
    ASSERT_TRUE(reader.next(event) && reader.next(event));
    EXPECT_EQ(event.address, 0x2000u);
    EXPECT_EQ(event.stamp, 1u);
    EXPECT_FALSE(reader.next(event));
    EXPECT_EQ(reader.damaged(), damaged);
  }
}

}  // namespace
}  // namespace heapledger::read
