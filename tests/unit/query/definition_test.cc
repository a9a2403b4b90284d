// The frame that asked for a class, told from those that made it.
#include "../../../analyzer/query/definition.h"

#include <gtest/gtest.h>

#include "../../support/typed_ledger.h"

namespace heapledger::query {
namespace {

struct Step {
  const char *function, *file;
  std::uint32_t line;
};

class DefinitionTest : public testing::Test {
 protected:
  /// Line in which a class is defined; steps from the outermost frame inwards.
  std::uint32_t line_of(const char* module, const char* name, std::initializer_list<Step> steps) {
    ledger::Writer& w = ledger_.writer();
    ledger::Type type{.name = w.string(name), .module = w.string(module), .flags = trace::kHeapType};
    for (const Step& s : steps)
      type.node = w.node(type.node, w.frame({w.string(s.function), w.string(s.file), s.line, 1}));
    const std::uint32_t number = w.type(type);
    const ledger::Reader& reader = ledger_.read();
    const std::uint32_t node = definition_of(reader, reader.types()[number]);
    return node == 0 ? 0 : reader.frames()[reader.nodes()[node].frame].line;
  }
  support::TypedLedger ledger_;
};

TEST_F(DefinitionTest, Nowhere) { EXPECT_EQ(line_of("shop", "Item", {}), 0u); }

TEST_F(DefinitionTest, PlainStatement) {
  EXPECT_EQ(line_of("__main__", "Item", {{"<module>", "/x/shop.py", 5}}), 5u);
}

TEST_F(DefinitionTest, MetaclassOfTheLibrary) {
  EXPECT_EQ(line_of("a.shop", "Item",
                    {{"<module>", "/x/main.py", 1},
                     {"<module>", "/x/a/shop.py", 5},
                     {"ABCMeta.__new__", "<frozen abc>", 106}}),
            5u);
}

TEST_F(DefinitionTest, MetaclassOfTheSameFile) {
  EXPECT_EQ(line_of("__main__", "Item", {{"<module>", "/x/shop.py", 9}, {"__new__", "/x/shop.py", 4}}), 9u);
}

TEST_F(DefinitionTest, MetaclassWithFunctions) {
  EXPECT_EQ(line_of("a", "make.<locals>.Row",
                    {{"<module>", "/x/a/__init__.py", 20},
                     {"make", "/x/a/__init__.py", 9},
                     {"Meta.__new__", "/x/a/__init__.py", 4},
                     {"build", "/x/a/__init__.py", 2}}),
            9u);
}

TEST_F(DefinitionTest, NestedClass) {
  EXPECT_EQ(line_of("__main__", "Outer.Inner",
                    {{"<module>", "/x/shop.py", 1},
                     {"Outer", "/x/shop.py", 2},
                     {"__new__", "/lib/abc.py", 85}}), 2u);
}

TEST_F(DefinitionTest, FunctionsThatMakeClasses) {
  EXPECT_EQ(line_of("__main__", "Point",
                    {{"<module>", "/x/shop.py", 30},
                     {"load", "/x/shop.py", 7},
                     {"namedtuple", "/lib/collections/__init__.py", 500}}), 7u);
}

TEST_F(DefinitionTest, ModuleThatIsNotAmongTheFiles) {
  EXPECT_EQ(line_of("elsewhere", "Item",
                    {{"<module>", "/x/shop.py", 8},
                     {"make", "/x/other.py", 3},
                     {"__new__", "<frozen abc>", 106}}), 3u);
}

TEST_F(DefinitionTest, FrozenModule) {
  EXPECT_EQ(line_of("os", "PathLike",
                    {{"<module>", "<frozen os>", 1078},
                     {"ABCMeta.__new__", "<frozen abc>", 106}}), 1078u);
}

TEST_F(DefinitionTest, EndingsOfNamesAreNotNames) {
  EXPECT_EQ(line_of("hop", "Item", {{"<module>", "/x/hop.py", 4}, {"make", "/x/shop.py", 3}}), 4u);
}

}  // namespace
}  // namespace heapledger::query
