// What a missing Python frame is called, by process and time.
#include "../../../analyzer/query/origin.h"

#include "../../../analyzer/query/clock.h"
#include "../ledger/ledger_oracle.h"

namespace heapledger::query {
namespace {

using ledger::testing::TempFolder;
using trace::StackState;

/// Processes whose rows are: no frame, import system, site module called by it, codecs called from C, no frame, program,
/// no frame.
class OriginTest : public ::testing::Test {
 protected:
  OriginTest() : writer_(folder_ / "o.hl") {
    const auto import = node(0, "<frozen importlib._bootstrap>");
    sites_ = {site(0), site(import), site(node(import, "<frozen site>")),
              site(node(0, "/usr/lib/python3.9/encodings/__init__.py")), site(0), site(node(0, "app.py")), site(0)};
  }

  void process(StackState stacks, const char* version, std::uint32_t forked_from, std::size_t rows = 7) {
    ledger::Process p;
    p.stacks = stacks;
    p.python_version = version;
    p.forked_from = forked_from;
    p.threads = {{}};
    writer_.begin_process();
    for (std::size_t r = 0; r < rows; ++r) writer_.row(sites_[r], 0, 1);
    writer_.end_process(p);
  }

  /// Names of the blocks without a frame, in order.
  std::vector<std::string> names() {
    writer_.finish({});
    const ledger::Reader reader(folder_ / "o.hl");
    const Slots slots(reader);
    std::vector<std::string> result;
    ledger::Reader::Buffer buffer;
    const ledger::Group group = reader.group(0, 0, buffer);
    for (std::size_t r = 0; r < group.site.size(); ++r) {
      const auto slot = slots.table(0, r).slot[group.site[r]];
      EXPECT_EQ(slots.site(slot), group.site[r]);
      if (slots.origin(slot) != Origin::python) result.emplace_back(origin_name(slots.origin(slot)));
    }
    return result;
  }

 private:
  std::uint32_t node(std::uint32_t parent, const char* file) {
    return writer_.node(parent, writer_.frame({writer_.string("f"), writer_.string(file), ++line_, 1}));
  }
  std::uint32_t site(std::uint32_t node) {
    return writer_.site({node, trace::Api::malloc, ledger::Account::native, false});
  }

  TempFolder folder_;
  ledger::Writer writer_;
  std::vector<std::uint32_t> sites_;
  std::uint32_t line_ = 0;
};

constexpr const char* kStartUp = "<interpreter start-up>";
constexpr const char* kNative = "<native: no Python frame>";
constexpr const char* kOff = "<Python stacks were off>";
using Names = std::vector<std::string>;

TEST_F(OriginTest, StartUpEndsWithTheFirstFrameOfTheProgram) {
  process(StackState::verified, "3.11.7", 0);
  EXPECT_EQ(names(), (Names{kStartUp, kStartUp, kNative}));
}
TEST_F(OriginTest, AnInterpreterThatRanNothingOnlyStartedUp) {
  process(StackState::verified, "3.11.7", 0, 5);
  EXPECT_EQ(names(), (Names{kStartUp, kStartUp}));
}
TEST_F(OriginTest, AForkedProcessDoesNotStartUp) {
  process(StackState::verified, "3.11.7", 42);
  EXPECT_EQ(names(), (Names{kNative, kNative, kNative}));
}
TEST_F(OriginTest, NativeProgram) {
  process(StackState::unsupported, "", 0);
  EXPECT_EQ(names(), (Names{kNative, kNative, kNative}));
}
TEST_F(OriginTest, StacksSwitchedOff) {
  process(StackState::switched_off, "3.11.7", 0);
  EXPECT_EQ(names(), (Names{kOff, kOff, kOff}));
}
TEST_F(OriginTest, FailedSelfTestAfterStartUp) {
  process(StackState::mismatch, "3.11.7", 0);
  EXPECT_EQ(names(), (Names{kStartUp, kStartUp, kOff}));
}
TEST_F(OriginTest, FailedSelfTestBeforeTheProgram) {
  process(StackState::mismatch, "3.11.7", 0, 5);
  EXPECT_EQ(names(), (Names{kOff, kOff}));
}

}  // namespace
}  // namespace heapledger::query
