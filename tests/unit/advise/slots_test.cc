// Which classes slots would help, and which names they get.
#include "../../../analyzer/advise/slots.h"

#include <gtest/gtest.h>

#include <map>

#include "../../support/typed_ledger.h"

namespace heapledger::advise {
namespace {

using support::TypedLedger;
using Names = std::vector<std::string>;

constexpr std::uint32_t kPlain = trace::kHeapType | trace::kHasGc | trace::kManagedDict;  // CPython 3.11
constexpr std::uint32_t kOld = trace::kHeapType | trace::kHasGc;  // up to 3.10

/// Why not, by class.
std::map<std::uint32_t, std::string> reasons(const std::vector<SlotsAdvice>& all) {
  std::map<std::uint32_t, std::string> found;
  for (const SlotsAdvice& a : all) found[a.type] = a.refusal;
  return found;
}

class SlotsTest : public testing::Test {
 protected:
  /// So many instances of a size, all alive.
  void instances(std::uint32_t type, std::uint64_t size, int count) {
    const std::uint32_t site = ledger_.site(100 + type, type);
    for (int i = 0; i < count; ++i) ledger_.writer().row(site, 0, size);
  }
  /// The same with values beside each, as CPython 3.11 has them.
  void instances(std::uint32_t type, std::uint64_t size, int count, std::uint64_t values) {
    instances(type, size, count);
    parts(type, "values", count, values);
  }
  void parts(std::uint32_t owner, const char* name, int count, std::uint64_t size) {
    ledger::Type like;
    like.owner = owner;
    const std::uint32_t part = ledger_.type(name, 0, 0, like);
    const std::uint32_t site = ledger_.site(100 + owner, part);
    for (int i = 0; i < count; ++i) ledger_.writer().row(site, 0, size);
  }
  void learn(std::vector<SlottedClass>& classes) {
    reader_ = &ledger_.read();
    learn_again(classes);
  }
  void learn_again(std::vector<SlottedClass>& classes) {
    learn_names(*reader_, {support::classed_at_peak(*reader_)}, classes);
  }
  std::vector<SlotsAdvice> advice() {
    const ledger::Reader& reader = ledger_.read();
    return slots_advice(reader, reader.processes()[0], support::classed_at_peak(reader));
  }
  /// What is said of the only class.
  SlotsAdvice only() {
    const auto all = advice();
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? SlotsAdvice{} : all[0];
  }
  TypedLedger ledger_;
  const ledger::Reader* reader_ = nullptr;
};

TEST_F(SlotsTest, WhatIsSavedAndWhichBasesNeedSlotsAsWell) {
  const std::uint32_t item = ledger_.type("Item", 0, 10, {.flags = kPlain, .basic_size = 16});
  const std::uint32_t book = ledger_.type("Book", item, 20, {.flags = kPlain, .basic_size = 16});
  instances(book, 56, 1000, 48);
  ledger_.process.attributes = {{book, {"title", "price", "stock", "sold"}}};
  const auto all = advice();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].refusal, "");
  EXPECT_EQ(all[0].chain, (std::vector{item, book}));
  EXPECT_EQ(all[0].plain_bytes, 56 + 48);
  EXPECT_EQ(all[0].slotted_bytes, 72u);
  EXPECT_EQ(all[0].saved_bytes, 32'000u);
  EXPECT_EQ(all[0].saved_rounded, 1000u * (64 + 48 - 80));
}

TEST_F(SlotsTest, ReasonsAgainstSlots) {
  const std::uint32_t builtin = ledger_.type("int", 0, 0, {.basic_size = 24, .item_size = 4});
  const std::uint32_t number =
      ledger_.type("Number", builtin, 10, {.flags = kPlain, .basic_size = 40, .item_size = 4});
  const std::uint32_t error = ledger_.type(
      "Error", 0, 11, {.flags = trace::kHeapType | trace::kExceptionSubclass, .dict_offset = 16});
  const std::uint32_t partial = ledger_.type("partial", 0, 0, {.flags = 0, .dict_offset = 48});
  const std::uint32_t mine = ledger_.type("Mine", partial, 12, {.flags = kPlain});
  const std::uint32_t wide = ledger_.type("Wide", 0, 13, {.flags = kPlain});
  const std::uint32_t small = ledger_.type("Small", 0, 14, {.flags = kPlain});
  const std::uint32_t slotted = ledger_.type("Slotted", 0, 15, {.flags = trace::kHeapType});
  const std::uint32_t meta = ledger_.type("Meta", 0, 16, {.flags = kPlain | trace::kTypeSubclass});
  for (const std::uint32_t type : {number, error, mine, wide, small, slotted, meta})
    instances(type, 48, 1000, 24);
  Names many;
  for (int i = 0; i < 30; ++i) many.push_back("x" + std::to_string(i));
  ledger_.process.attributes = {{wide, many}, {small, {"a"}}};
  const auto all = advice();
  EXPECT_EQ(reasons(all), (std::map<std::uint32_t, std::string>{
                         {number, "instances of its base shop.int differ in size"},
                         {error, "exceptions keep their __dict__"},
                         {mine, "its base shop.partial has a __dict__"},
                         {wide, "it has 30 attributes or more, and not all of their names are known"},
                         {small, ""}}));
  EXPECT_EQ(all.size(), 5u) << "classes with slots and metaclasses are not spoken of";
}

TEST_F(SlotsTest, SizesOfBasesCount) {
  const std::uint32_t list = ledger_.type("list", 0, 0, {.flags = trace::kHasGc, .basic_size = 40});
  const std::uint32_t bag = ledger_.type(
      "Bag", list, 10, {.flags = kOld, .basic_size = 56, .dict_offset = 40, .weaklist_offset = 48});
  ledger_.process.python_hex = 0x030a0df0;
  instances(bag, 72, 1000, 40);
  parts(bag, "__dict__", 1000, 64);
  ledger_.process.attributes = {{bag, {"owner"}}};
  const SlotsAdvice a = only();
  EXPECT_EQ(a.refusal, "");
  EXPECT_EQ(a.plain_bytes, 72 + 64 + 40);
  EXPECT_EQ(a.slotted_bytes, 16u + 40 + 8 + 8);
}

TEST_F(SlotsTest, SlotsAndWeakReferencesOfBasesCount) {
  const std::uint32_t base = ledger_.type(
      "Base", 0, 10, {.flags = trace::kHeapType | trace::kHasGc, .basic_size = 32, .weaklist_offset = 24});
  const std::uint32_t derived = ledger_.type(
      "Derived", base, 20, {.flags = kOld, .basic_size = 40, .dict_offset = 32, .weaklist_offset = 24});
  ledger_.process.python_hex = 0x030812f0;
  instances(derived, 56, 1000, 40);
  parts(derived, "__dict__", 1000, 64);
  ledger_.process.attributes = {{derived, {"b"}}};
  EXPECT_EQ(only().slotted_bytes, 16u + 32 + 8);
}

/// Instances of classes with a base of C have a __dict__ each, with room for 30 values.
class BuiltInBaseTest : public SlotsTest {
 protected:
  std::uint32_t bag(ledger::Type like) {
    const std::uint32_t list = ledger_.type("list", 0, 0, {.flags = trace::kHasGc, .basic_size = 40});
    const std::uint32_t type = ledger_.type("Bag", list, 10, like);
    instances(type, 72, 1000);
    ledger_.process.attributes = {{type, {"owner"}}};
    return type;
  }
  static constexpr ledger::Type k311{.flags = kPlain, .basic_size = 40};
  static constexpr const char* kNotPredicted =
      "not all of its instances were seen with the __dict__ that they may have; what slots would save is not predicted";
};

TEST_F(BuiltInBaseTest, DictsAreMadeFree) {
  const std::uint32_t type = bag(k311);
  parts(type, "__dict__", 1000, 64);
  parts(type, "values", 1000, 272);
  parts(type, "keys", 1000, 500);  // of what is in it, were it a dict
  const SlotsAdvice advice = only();
  EXPECT_EQ(advice.refusal, "");
  EXPECT_EQ(advice.plain_bytes, 72.0 + 64 + 272);
  EXPECT_EQ(advice.slotted_bytes, 40u + 16 + 8 + 8);
  EXPECT_EQ(advice.saved_bytes, 1000u * (72 + 64 + 272 - 72));
  EXPECT_EQ(advice.saved_rounded, 1000u * (80 + 64 + 272 - 80));
}

TEST_F(BuiltInBaseTest, DictsAreMadeFreeSince313) {
  ledger_.process.python_hex = 0x030d00f0;
  const std::uint32_t type = bag({.flags = kPlain | trace::kManagedWeakref, .basic_size = 40});
  parts(type, "__dict__", 1000, 64);
  parts(type, "values", 1000, 280);
  EXPECT_EQ(only().saved_bytes, 1000u * (72 + 64 + 280 - (40 + 16 + 8 + 16)));
}

TEST_F(BuiltInBaseTest, DictsThatSomeHave) {
  const std::uint32_t type = bag(k311);
  parts(type, "__dict__", 700, 64);
  parts(type, "values", 700, 272);
  EXPECT_EQ(only().saved_bytes, 700u * (64 + 272));
}

TEST_F(BuiltInBaseTest, DictsThatNobodyMayHaveSeen) {
  const std::uint32_t type = bag(k311);
  parts(type, "__dict__", 700, 64);
  parts(type, "values", 700, 272);
  instances(ledger_.builtin("dict", {.flags = trace::kHasGc, .basic_size = 48}), 64, 150);
  EXPECT_EQ(only().refusal, kNotPredicted);
}

TEST_F(BuiltInBaseTest, DictsThatNobodyHasSeen) {
  bag(k311);
  EXPECT_EQ(only().refusal, kNotPredicted);
}

TEST_F(BuiltInBaseTest, DictsWithTablesOfTheirOwn) {
  const std::uint32_t type = bag(k311);
  parts(type, "__dict__", 1000, 64);
  parts(type, "values", 900, 272);
  EXPECT_EQ(only().refusal, "instances have dicts of their own, and not all names in them are known");
}

TEST_F(BuiltInBaseTest, RoomInsideSince314) {
  ledger_.process.python_hex = 0x030e00f0;
  bag({.flags = kPlain | trace::kManagedWeakref | trace::kInlineValues, .basic_size = 40});
  const SlotsAdvice advice = only();  // 72: as if it were not inside; 48 of them are list, headers, ...
  EXPECT_EQ(advice.refusal, "its instances would not become smaller");
  EXPECT_EQ(advice.plain_bytes, 72.0);
}

TEST_F(SlotsTest, ADictThatTheProgramAskedFor) {
  const std::uint32_t plain = ledger_.type("Plain", 0, 10, {.flags = kPlain, .basic_size = 16});
  instances(plain, 56, 1000, 32);
  parts(plain, "__dict__", 1000, 64);
  ledger_.process.attributes = {{plain, {"a", "b"}}};
  EXPECT_EQ(only().plain_bytes, 56.0 + 32);  // slots are for programs that do not
}

TEST_F(SlotsTest, RoomThatNoNameIsKnownFor) {
  const std::uint32_t none = ledger_.type("None", 0, 10, {.flags = kPlain, .basic_size = 16});
  const std::uint32_t some = ledger_.type("Some", 0, 20, {.flags = kPlain, .basic_size = 16});
  const std::uint32_t bare = ledger_.type("Bare", 0, 30, {.flags = kPlain, .basic_size = 16});
  const std::uint32_t apart = ledger_.type("Apart", 0, 40, {.flags = kPlain, .basic_size = 16});
  instances(none, 56, 1000, 32);
  instances(some, 56, 1000, 48);
  instances(bare, 48, 1000, 16);
  instances(apart, 56, 1000);
  parts(apart, "values", 900, 24);
  ledger_.process.attributes = {{some, {"a", "b"}}, {apart, {"a"}}};
  EXPECT_EQ(reasons(advice()),
            (std::map<std::uint32_t, std::string>{
                {none, "the names of its attributes are not known: no collection and no end of the "
                       "interpreter saw them"},
                {some, "its instances have room for more attributes than those whose names are known"},
                {bare, ""},
                {apart, "instances have dicts of their own, and not all names in them are known"}}));
}

TEST_F(SlotsTest, FullTablesOfInstancesWithRoomInside) {
  constexpr std::uint32_t kInside = kPlain | trace::kManagedWeakref | trace::kInlineValues;
  ledger_.process.python_hex = 0x030d00f0;
  const std::uint32_t object = ledger_.type("object", 0, 0, {.basic_size = 16});
  const std::uint32_t dict = ledger_.builtin("dict", {.flags = trace::kHasGc, .basic_size = 48});
  const std::uint32_t roomy = ledger_.type("Roomy", object, 10, {.flags = kInside, .basic_size = 16});
  const std::uint32_t full = ledger_.type("Full", object, 20, {.flags = kInside, .basic_size = 16});
  instances(roomy, 88, 1000);
  instances(full, 80, 1000);
  instances(dict, 64, 1000);
  ledger_.process.attributes = {{roomy, {"a", "b"}}, {full, {"a", "b"}}};
  const auto all = advice();
  for (const SlotsAdvice& a : all) {
    if (a.type == roomy) {
      EXPECT_EQ(a.slotted_bytes, 64u);
    }
  }
  EXPECT_EQ(reasons(all), (std::map<std::uint32_t, std::string>{
                         {roomy, ""},
                         {full, "the table of names that its instances share is full; what found no room in "
                                "it is not known"}}));
}

TEST_F(SlotsTest, DictsThatShareNoTable) {
  ledger_.process.python_hex = 0x030812f0;
  const ledger::Type old{.flags = kOld, .basic_size = 32, .dict_offset = 16, .weaklist_offset = 24};
  const std::uint32_t none = ledger_.type("None", 0, 10, old), left = ledger_.type("Left", 0, 20, old);
  const std::uint32_t doubtful = ledger_.type("Doubtful", 0, 30, old);
  for (const std::uint32_t type : {none, left, doubtful}) instances(type, 48, 1000);
  parts(left, "__dict__", 1000, 64);
  parts(left, "values", 900, 40);
  instances(0, 168, 1000);  // tables
  ledger_.process.attributes = {{left, {"a"}}, {doubtful, {"a"}}};
  EXPECT_EQ(reasons(advice()),
            (std::map<std::uint32_t, std::string>{
                {none, "the names of its attributes are not known: it has none, or its instances do not "
                       "share a table of them"},
                {left, "instances have dicts of their own, and not all names in them are known"},
                {doubtful, "instances may have dicts of their own, so that not all names of attributes are "
                           "known"}}));
}

TEST_F(SlotsTest, NamesThatNoSlotCanHave) {
  const std::uint32_t item = ledger_.type("Item", 0, 10, {.flags = kPlain, .basic_size = 16});
  instances(item, 56, 1000, 32);
  ledger_.process.attributes = {{item, {"number", "in stock"}}};
  EXPECT_EQ(only().refusal, "its attribute 'in stock' cannot be a slot");
}

TEST_F(SlotsTest, NamesThatNoOptionCanHave) {
  const std::uint32_t item = ledger_.type("List[int]", 0, 10, {.flags = kPlain, .basic_size = 16});
  instances(item, 56, 1000, 32);
  ledger_.process.attributes = {{item, {"number"}}};
  EXPECT_EQ(only().refusal, "no option can name it: its name or module is not made of identifiers");
}

TEST_F(SlotsTest, BasesNeedTheirNamesAsWell) {
  const std::uint32_t item = ledger_.type("Item", 0, 10, {.flags = kPlain, .basic_size = 16});
  const std::uint32_t book = ledger_.type("Book", item, 20, {.flags = kPlain, .basic_size = 16});
  instances(item, 56, 1000, 32);
  instances(book, 56, 1000, 32);
  ledger_.process.attributes = {{book, {"a", "b"}}};
  for (const SlotsAdvice& a : advice()) EXPECT_NE(a.refusal, "");
}

TEST_F(SlotsTest, NamesAreNotLearntByHalves) {
  const std::uint32_t item = ledger_.type("Item", 0, 10, {.flags = kPlain, .basic_size = 16});
  const std::uint32_t book = ledger_.type("Book", item, 20, {.flags = kPlain, .basic_size = 16});
  instances(book, 56, 1000, 48);
  ledger_.process.attributes = {{book, {"title"}}};
  std::vector<SlottedClass> base{{"shop", "Item", {}, false}};
  learn(base);
  EXPECT_EQ(base[0].names, Names{}) << "it has no instances";
  std::vector<SlottedClass> wishes{{"shop", "Book", {}, false}};
  EXPECT_THROW(learn_again(wishes), ledger::FileError);
  wishes[0].listed = true;
  learn_again(wishes);
}

TEST_F(SlotsTest, NamesThatBasesHaveAreTheirs) {
  const std::uint32_t item = ledger_.type("Item", 0, 10, {.flags = kPlain});
  const std::uint32_t book = ledger_.type("Book", item, 20, {.flags = kPlain});
  instances(book, 56, 1000, 40);
  ledger_.process.attributes = {{item, {"number", "title"}}, {book, {"number", "title", "price"}}};
  std::vector<SlottedClass> wishes{
      {"shop", "Book", {}, false}, {"shop", "Item", {}, false}, {"shop", "Other", {"x"}, true}};
  learn(wishes);
  EXPECT_EQ(wishes[0].names, Names{"price"});
  EXPECT_EQ(wishes[1].names, (Names{"number", "title"}));
  EXPECT_EQ(wishes[2].names, Names{"x"});
  std::vector<SlottedClass> alone{{"shop", "Book", {}, false}};
  learn_again(alone);
  EXPECT_EQ(alone[0].names, (Names{"number", "title", "price"}));
  std::vector<SlottedClass> unknown{{"shop", "Nobody", {}, false}};
  EXPECT_THROW(learn_again(unknown), ledger::FileError);
}

}  // namespace
}  // namespace heapledger::advise
