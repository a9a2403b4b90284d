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

class SlotsTest : public testing::Test {
 protected:
  /// So many instances of a size, all alive.
  void instances(std::uint32_t type, std::uint64_t size, int count) {
    const std::uint32_t site = ledger_.site(100 + type, type);
    for (int i = 0; i < count; ++i) ledger_.writer().row(site, 0, size);
  }
  std::vector<SlotsAdvice> advice() {
    const ledger::Reader& reader = ledger_.read();
    return slots_advice(reader, reader.processes()[0], support::types_at_peak(reader));
  }
  TypedLedger ledger_;
};

TEST_F(SlotsTest, WhatIsSavedAndWhichBasesNeedSlotsAsWell) {
  const std::uint32_t item = ledger_.type("Item", 0, 10, {.flags = kPlain, .basic_size = 16});
  const std::uint32_t book = ledger_.type("Book", item, 20, {.flags = kPlain, .basic_size = 16});
  instances(book, 56, 1000);
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
  for (const std::uint32_t type : {number, error, mine, wide, small, slotted, meta}) instances(type, 48, 10);
  Names many;
  for (int i = 0; i < 30; ++i) many.push_back("x" + std::to_string(i));
  ledger_.process.attributes = {{wide, many}, {small, {"a"}}};
  std::map<std::uint32_t, std::string> reasons;
  const auto all = advice();
  for (const SlotsAdvice& a : all) reasons[a.type] = a.refusal;
  EXPECT_EQ(reasons, (std::map<std::uint32_t, std::string>{
                         {number, "instances of its base shop.int differ in size"},
                         {error, "exceptions keep their __dict__"},
                         {mine, "its base shop.partial has a __dict__"},
                         {wide, "it has 30 attributes or more, and not all of their names are known"},
                         {small, ""}}));
  EXPECT_EQ(all.size(), 5u) << "classes with slots and metaclasses are not spoken of";
}

TEST_F(SlotsTest, NamesThatBasesHaveAreTheirs) {
  const std::uint32_t item = ledger_.type("Item", 0, 10, {.flags = kPlain});
  const std::uint32_t book = ledger_.type("Book", item, 20, {.flags = kPlain});
  instances(book, 56, 1);
  ledger_.process.attributes = {{item, {"number", "title"}}, {book, {"number", "title", "price"}}};
  std::vector<SlottedClass> wishes{
      {"shop", "Book", {}, false}, {"shop", "Item", {}, false}, {"shop", "Other", {"x"}, true}};
  const ledger::Reader& reader = ledger_.read();
  learn_names(reader, wishes);
  EXPECT_EQ(wishes[0].names, Names{"price"});
  EXPECT_EQ(wishes[1].names, (Names{"number", "title"}));
  EXPECT_EQ(wishes[2].names, Names{"x"});
  std::vector<SlottedClass> alone{{"shop", "Book", {}, false}};
  learn_names(reader, alone);
  EXPECT_EQ(alone[0].names, (Names{"number", "title", "price"}));
  std::vector<SlottedClass> unknown{{"shop", "Nobody", {}, false}};
  EXPECT_THROW(learn_names(reader, unknown), ledger::FileError);
}

}  // namespace
}  // namespace heapledger::advise
