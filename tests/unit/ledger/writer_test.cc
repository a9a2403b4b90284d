// What a Writer writes, a Reader gives back: generated ledgers of many shapes against the oracle.
#include "../../../analyzer/ledger/writer.h"

#include <functional>
#include <stdexcept>

#include "../../../analyzer/ledger/error.h"
#include "ledger_oracle.h"

namespace heapledger::ledger {
namespace {

using testing::Generator;
using testing::Shape;
using testing::TempFolder;

void round_trip(const std::vector<Shape>& shapes, std::uint64_t seed) {
  const TempFolder folder;
  const std::string path = folder / "a.hl";
  Writer writer(path);
  Generator generator(writer, seed);
  for (const Shape& shape : shapes) generator.process(shape);
  generator.oracle.session.command = {"python3", "app.py"};
  EXPECT_FALSE(std::filesystem::exists(path));
  writer.finish(generator.oracle.session);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
  testing::expect_same(Reader(path), generator.oracle);
}

TEST(Writer, NoProcess) { round_trip({}, 1); }
TEST(Writer, ProcessWithoutRows) { round_trip({{}, {.new_sites = 0}}, 2); }
TEST(Writer, OneRow) { round_trip({{.rows = 1}}, 3); }
TEST(Writer, SmallProcesses) {
  round_trip({{.rows = 100}, {.rows = 7, .threads = 3}, {}, {.rows = 1000}}, 4);
}
TEST(Writer, ExactlyOneGroup) { round_trip({{.rows = 65536, .threads = 4}}, 5); }
TEST(Writer, OneRowMoreThanAGroup) { round_trip({{.rows = 65537}}, 6); }
TEST(Writer, SeveralGroupsAndProcesses) {
  round_trip({{.rows = 200'000, .threads = 300}, {.rows = 70'000, .new_sites = 5000}}, 7);
}
TEST(Writer, HugeSizes) { round_trip({{.rows = 5000, .greatest_size = std::uint64_t{1} << 48}}, 8); }
TEST(Writer, MoreSitesThanAGroupHasRows) { round_trip({{.rows = 150'000, .new_sites = 100'000}}, 9); }

TEST(Writer, EqualValuesHaveEqualNumbers) {
  const TempFolder folder;
  Writer writer(folder / "a.hl");
  EXPECT_EQ(writer.string(""), 0u);
  EXPECT_EQ(writer.string("f"), 1u);
  EXPECT_EQ(writer.string(std::string_view("f\0", 2)), 2u);
  EXPECT_EQ(writer.string("f"), 1u);
  EXPECT_EQ(writer.frame({.function = 1}), 0u);
  EXPECT_EQ(writer.frame({.function = 1, .first_line = 1}), 1u);
  EXPECT_EQ(writer.frame({.function = 1}), 0u);
  EXPECT_EQ(writer.node(0, 0), 1u);  // the root has no frame, this one has frame 0
  EXPECT_EQ(writer.node(0, 1), 2u);
  EXPECT_EQ(writer.node(1, 0), 3u);
  EXPECT_EQ(writer.node(0, 0), 1u);
  EXPECT_EQ(writer.site({}), 1u);  // a block without a stack is no tick of the clock
  EXPECT_EQ(writer.site({.node = 1}), 2u);
  EXPECT_EQ(writer.site({.continuation = true}), 3u);
  EXPECT_EQ(writer.site({.account = Account::mapping}), 4u);
  EXPECT_EQ(writer.site({.api = trace::Api::malloc}), 5u);
  EXPECT_EQ(writer.site({}), 1u);
}

TEST(Writer, LongNamesUpToALimit) {
  const TempFolder folder;
  const std::string path = folder / "a.hl";
  Writer writer(path);
  for (const char c : {'a', 'b', 'c'}) writer.string(std::string(4 << 20, c));
  EXPECT_THROW(writer.string(std::string((4 << 20) + 1, 'd')), FileError);
  writer.finish({});
  const Reader reader(path);
  EXPECT_TRUE(reader.warnings().empty());
  EXPECT_EQ(reader.string(3), std::string(4 << 20, 'c'));
}

TEST(Writer, AMillionOfEveryEntry) {
  const TempFolder folder;
  const std::string path = folder / "a.hl";
  constexpr std::uint32_t kCount = 1'000'000;
  const auto text = [](std::uint32_t i) { return "function_" + std::to_string(i * 7919u); };
  const auto frame = [](std::uint32_t i) {
    return Frame{.function = i, .file = i / 50, .line = i % 977, .first_line = 1};
  };
  Writer writer(path);
  for (int round = 0; round < 2; ++round) {  // the second one finds everything
    for (std::uint32_t i = 1; i < kCount; ++i) {
      ASSERT_EQ(writer.string(text(i)), i);
      ASSERT_EQ(writer.frame(frame(i)), i - 1);
      ASSERT_EQ(writer.node(i / 3, i - 1), i);
      ASSERT_EQ(writer.site({.node = i}), i);
    }
  }
  writer.finish({});
  const Reader reader(path);
  EXPECT_TRUE(reader.warnings().empty());
  ASSERT_EQ(reader.sites().size(), kCount);
  for (std::uint32_t i = 1; i < kCount; ++i) {
    ASSERT_EQ(reader.string(i), text(i));
    ASSERT_EQ(reader.frames()[i - 1], frame(i));
    ASSERT_EQ(reader.nodes()[i], (Node{.parent = i / 3, .frame = i - 1}));
    ASSERT_EQ(reader.sites()[i], (Site{.node = i}));
  }
}

TEST(Writer, MoreMarksAndSamplesThanOneSectionHolds) {
  const TempFolder folder;
  const std::string path = folder / "a.hl";
  std::vector<TimeMark> marks;
  std::vector<RssSample> samples;
  Writer writer(path);
  writer.begin_process();
  for (std::uint64_t i = 0; i < 140'000; ++i) {
    writer.time(i * 10);
    writer.time(i * 10 + i % 10);  // replaces the one before
    writer.row(0, 0, 0);
    marks.push_back({.row = i, .time_us = i * 10 + i % 10});
    samples.push_back({.time_us = i, .resident = i * 4096 % 1'000'003, .resident_file = i});
    writer.rss(samples.back());
  }
  writer.end_process({.threads = {{}}});
  writer.finish({});
  const Reader reader(path);
  EXPECT_TRUE(testing::same_marks(reader.marks(0), marks));
  EXPECT_TRUE(testing::same_rss(reader.rss(0), samples));
}

TEST(Writer, AnUnfinishedLedgerLeavesTheOldOne) {
  const TempFolder folder;
  const std::string path = folder / "a.hl";
  testing::write_bytes(path, "old");
  {
    Writer writer(path);
    Generator(writer, 1).process({.rows = 70'000});
    EXPECT_GT(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
  EXPECT_EQ(testing::read_bytes(path), "old");
}

TEST(Writer, AFinishedLedgerReplacesTheOldOne) {
  const TempFolder folder;
  const std::string path = folder / "a.hl";
  testing::write_bytes(path, "old");
  Writer(path).finish({.tool_version = "1.2"});
  EXPECT_EQ(Reader(path).session().tool_version, "1.2");
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const FileError& error) {
    return error.what();
  }
  return "no FileError";
}

TEST(Writer, SaysWhereItCannotWrite) {
  const TempFolder folder;
  const std::string missing = folder / "missing/a.hl";
  const std::string message = message_of([&] { Writer writer(missing); });
  EXPECT_NE(message.find(missing), std::string::npos) << message;
  EXPECT_NE(message.find("No such file or directory"), std::string::npos) << message;
  EXPECT_NE(message_of([&] { Writer writer(folder.path()); }).find("is a folder"), std::string::npos);
  EXPECT_NE(message_of([] { Writer writer("/dev/null"); }).find("not a regular file"), std::string::npos);
}

TEST(Writer, StopsWithAnErrorWhenNoSpaceIsLeft) {
  const TempFolder folder;
  const std::string path = folder / "a.hl";
  // Stops at the file's header, at the first rows, and in the midst.
  for (const rlim_t bytes : {rlim_t{8}, rlim_t{100'000}, rlim_t{400'000}}) {
    const testing::SizeLimit limit(bytes);
    const std::string message = message_of([&] {
      Writer writer(path);
      for (int i = 0; i < 20; ++i) Generator(writer, 1).process({.rows = 60'000, .greatest_size = 1u << 30});
      writer.finish({});
    });
    EXPECT_NE(message.find(path), std::string::npos) << bytes << ": " << message;
    EXPECT_NE(message.find("File too large"), std::string::npos) << bytes << ": " << message;
    EXPECT_TRUE(std::filesystem::is_empty(folder.path())) << bytes;
  }
}

TEST(Writer, RefusesRowsOfUnknownSitesAndThreads) {
  const TempFolder folder;
  Writer sites(folder / "a.hl");
  sites.begin_process();
  sites.row(1, 0, 0);
  EXPECT_THROW(sites.end_process({.threads = {{}}}), std::logic_error);
  Writer threads(folder / "b.hl");
  threads.begin_process();
  threads.row(0, 1, 0);
  EXPECT_THROW(threads.end_process({.threads = {{}}}), std::logic_error);
}

}  // namespace
}  // namespace heapledger::ledger
