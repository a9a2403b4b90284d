// What a Reader says about files that are no ledger, cut or damaged, and that it never shows wrong data.
#include "../../../analyzer/ledger/reader.h"

#include <sys/mman.h>
#include <unistd.h>

#include <functional>
#include <thread>

#include "../../../analyzer/ledger/byte_buffer.h"
#include "../../../analyzer/ledger/error.h"
#include "../../../analyzer/ledger/file_format.h"
#include "../../../analyzer/ledger/samples.h"
#include "../../support/ledger_parts.h"
#include "ledger_oracle.h"

namespace heapledger::ledger {
namespace {

using testing::Generator;
using testing::Oracle;
using testing::Shape;
using testing::TempFolder;

std::string bytes_of(const auto& array) {
  return {reinterpret_cast<const char*>(array.data()), array.size()};
}

struct Written {
  Oracle oracle;
  std::string bytes;
};

Written write(const std::vector<Shape>& shapes) {
  const TempFolder folder;
  const std::string path = folder / "a.hl";
  Writer writer(path);
  Generator generator(writer, 42);
  for (const Shape& shape : shapes) generator.process(shape);
  generator.oracle.session.command = {"python3", "app.py"};
  writer.finish(generator.oracle.session);
  return {std::move(generator.oracle), testing::read_bytes(path)};
}

/// One file, written again and again; in memory, because disks dislike that.
class Scratch {
 public:
  ~Scratch() { ::close(file_); }
  const std::string& write(std::string_view bytes) {
    EXPECT_EQ(::ftruncate(file_, 0), 0);
    EXPECT_EQ(::pwrite(file_, bytes.data(), bytes.size(), 0), std::ssize(bytes));
    return path_;
  }

 private:
  int file_ = ::memfd_create("ledger", 0);
  std::string path_ = "/proc/self/fd/" + std::to_string(file_);
};

std::string opening_error(std::string_view bytes) {
  Scratch scratch;
  try {
    const Reader reader(scratch.write(bytes));
  } catch (const FileError& error) {
    return error.what();
  }
  return "no FileError";
}

TEST(Reader, NamesFilesThatAreNoLedger) {
  EXPECT_NE(opening_error("").find("is empty"), std::string::npos);
  EXPECT_NE(opening_error("x").find("is not a heapledger ledger"), std::string::npos);
  EXPECT_NE(opening_error("\x7f"
                          "ELF and so on, long enough for a header")
                .find("is not a heapledger ledger"),
            std::string::npos);
  const std::string raw(trace::kMagic, sizeof trace::kMagic);
  EXPECT_NE(opening_error(raw + std::string(1000, '\0')).find("heapledger pack"), std::string::npos);
}

TEST(Reader, NamesFilesThatCannotBeOpened) {
  const TempFolder folder;
  const auto message = [](const std::string& path) -> std::string {
    try {
      const Reader reader(path);
    } catch (const FileError& error) {
      return error.what();
    }
    return "no FileError";
  };
  EXPECT_NE(message(folder / "none").find("No such file"), std::string::npos);
  EXPECT_NE(message(folder.path()).find("Is a directory"), std::string::npos);
  EXPECT_NE(message("/dev/null").find("not a regular file"), std::string::npos);
}

TEST(Reader, RefusesADamagedHeader) {
  std::string bytes = write({{.rows = 10}}).bytes;
  bytes[sizeof kMagic] = 7;
  EXPECT_NE(opening_error(bytes).find("damaged header"), std::string::npos) << opening_error(bytes);
  EXPECT_NE(opening_error(bytes.substr(0, 12)).find("cut off after 12 bytes"), std::string::npos);
}

TEST(Reader, RefusesNewerVersions) {
  std::string bytes = write({{.rows = 10}}).bytes;
  bytes.replace(0, kFileHeaderBytes, bytes_of(file_header(kVersion + 1)));
  const std::string message = opening_error(bytes);
  EXPECT_NE(message.find("format version 2"), std::string::npos) << message;
  EXPECT_NE(message.find("newer heapledger"), std::string::npos) << message;
}

const testing::OracleProcess* find_process(const Oracle& oracle, std::uint32_t pid) {
  for (const testing::OracleProcess& p : oracle.processes) {
    if (p.process.pid == pid) return &p;
  }
  return nullptr;
}

/// Whether the process is the oracle's in all that is there; `whole` becomes false when something is missing.
void expect_prefix(const Reader& reader, std::size_t number, const Oracle& oracle, bool& whole) {
  const auto* const expected = find_process(oracle, reader.processes()[number].pid);
  ASSERT_NE(expected, nullptr);
  testing::expect_same_process(reader.processes()[number], expected->process);
  ASSERT_LE(reader.row_count(number), expected->rows.size());
  const std::vector<Row> rows = testing::read_rows(reader, number);
  testing::expect_same_rows(rows, testing::cut(expected->rows, reader.row_count(number)));
  for (const Row& row : rows) ASSERT_LT(row.site, reader.sites().size());
  const auto marks = reader.marks(number);
  const auto rss = reader.rss(number);
  ASSERT_LE(marks.size(), expected->marks.size());
  ASSERT_LE(rss.size(), expected->rss.size());
  EXPECT_TRUE(
      testing::same_marks(marks, {expected->marks.begin(), expected->marks.begin() + std::ssize(marks)}));
  EXPECT_TRUE(testing::same_rss(rss, {expected->rss.begin(), expected->rss.begin() + std::ssize(rss)}));
  whole = whole && reader.row_count(number) == expected->rows.size() &&
          marks.size() == expected->marks.size() && rss.size() == expected->rss.size();
}

/// FileError, or nothing but the oracle's data, and a warning when some of it is missing.
void expect_honest(const std::string& path, const Oracle& oracle) try {
  const Reader reader(path);
  EXPECT_TRUE(testing::is_prefix(reader.frames(), oracle.frames));
  EXPECT_TRUE(testing::is_prefix(reader.nodes(), oracle.nodes));
  EXPECT_TRUE(testing::is_prefix(reader.sites(), oracle.sites));
  for (const Frame& f : reader.frames()) {
    EXPECT_EQ(reader.string(f.function), oracle.strings[f.function]);
    EXPECT_EQ(reader.string(f.file), oracle.strings[f.file]);
  }
  bool whole = reader.processes().size() == oracle.processes.size() &&
               reader.session().command == oracle.session.command &&
               reader.sites().size() == oracle.sites.size();
  for (std::size_t i = 0; i < reader.processes().size(); ++i) expect_prefix(reader, i, oracle, whole);
  const bool incomplete = std::ranges::any_of(reader.warnings(), &Warning::incomplete);
  EXPECT_EQ(whole, !incomplete);
} catch (const FileError& error) {
  EXPECT_NE(std::string(error.what()).find(path), std::string::npos) << error.what();
}

TEST(Reader, CutAtEveryByte) {
  const Written written = write({{.rows = 60}, {.rows = 30, .threads = 3}, {}});
  Scratch scratch;
  for (std::size_t size = 0; size < written.bytes.size() && !HasFailure(); ++size) {
    SCOPED_TRACE(size);
    expect_honest(scratch.write(std::string_view(written.bytes).substr(0, size)), written.oracle);
  }
}

TEST(Reader, DamagedAtEveryByte) {
  Written written = write({{.rows = 60}, {.rows = 30, .threads = 3}, {}});
  Scratch scratch;
  for (std::size_t i = 0; i < written.bytes.size() && !HasFailure(); ++i) {
    for (const char flip : {'\x01', '\x10', '\x80', '\xff'}) {
      SCOPED_TRACE(i);
      written.bytes[i] = static_cast<char>(written.bytes[i] ^ flip);
      expect_honest(scratch.write(written.bytes), written.oracle);
      written.bytes[i] = static_cast<char>(written.bytes[i] ^ flip);
    }
  }
}

TEST(Reader, DamagedAtEveryByteAndWithoutItsEnd) {
  Written written = write({{.rows = 60}, {.rows = 30, .threads = 3}, {}});
  written.bytes.resize(written.bytes.size() - kTrailerBytes);
  Scratch scratch;
  for (std::size_t i = 0; i < written.bytes.size() && !HasFailure(); ++i) {
    SCOPED_TRACE(i);
    written.bytes[i] = static_cast<char>(written.bytes[i] ^ 0x20);
    expect_honest(scratch.write(written.bytes), written.oracle);
    written.bytes[i] = static_cast<char>(written.bytes[i] ^ 0x20);
  }
}

TEST(Reader, CutAndDamagedLedgersOfSeveralGroups) {
  Written written = write({{.rows = 150'000}, {.rows = 70'000, .threads = 3}});
  std::mt19937_64 random(7);
  Scratch scratch;
  for (int i = 0; i < 60 && !HasFailure(); ++i) {
    const std::size_t at = random() % written.bytes.size();
    SCOPED_TRACE(at);
    expect_honest(scratch.write(std::string_view(written.bytes).substr(0, at)), written.oracle);
    written.bytes[at] = static_cast<char>(written.bytes[at] ^ 0x04);
    expect_honest(scratch.write(written.bytes), written.oracle);
    written.bytes[at] = static_cast<char>(written.bytes[at] ^ 0x04);
  }
}

/// The file with one section's payload changed, and every checksum right.
std::string tampered(const std::string& bytes, Tag tag,
                     const std::function<void(std::vector<std::byte>&)>& change) {
  auto parts = testing::take_apart(std::as_bytes(std::span(bytes)));
  parts.pop_back();  // the contents would be wrong
  for (auto& part : parts) {
    if (part.header.tag == tag) change(part.payload);
  }
  return bytes_of(testing::put_together(parts));
}

TEST(Reader, RefusesLivesBehindTheLastRow) {
  const std::string bytes = write({{.rows = 60}}).bytes;
  Scratch scratch;
  const auto change = [&](unsigned life) {
    return tampered(bytes, Tag::lives, [life](auto& payload) { payload[50] = static_cast<std::byte>(life); });
  };
  const Reader good(scratch.write(change(10)));
  EXPECT_EQ(testing::read_rows(good, 0)[50].life, 10u);
  const Reader bad(scratch.write(change(11)));
  EXPECT_THROW(testing::read_rows(bad, 0), FileError);
}

/// A ledger of 60 rows that says this of rows whose blocks were used again.
std::string with_continued(const std::vector<Continued>& continued) {
  const std::string bytes = write({{.rows = 60}}).bytes;
  auto parts = testing::take_apart(std::as_bytes(std::span(bytes)));
  parts.pop_back();
  ByteBuffer out;
  encode_continued(continued, out);
  parts.insert(parts.end() - 1, {{.tag = Tag::continued}, {out.bytes().begin(), out.bytes().end()}});
  return bytes_of(testing::put_together(parts));
}

TEST(Reader, KeepsContinuedRowsWholeOrNot) {
  using Pairs = std::vector<std::pair<std::uint64_t, std::uint64_t>>;
  Scratch scratch;
  Reader::Buffer buffer;
  const auto read = [&](const std::vector<Continued>& continued) {
    const Reader reader(scratch.write(with_continued(continued)));
    Pairs found;
    for (const Continued& c : reader.group(0, 0, buffer).continued) found.emplace_back(c.row, c.life);
    const auto tells = [](const Warning& w) {
      return w.incomplete && w.text.find("timeline") != w.text.npos;
    };
    return std::pair(found, std::ranges::any_of(reader.warnings(), tells));
  };
  EXPECT_EQ(read({{5, 3}, {59, 1}}), std::pair(Pairs({{5, 3}, {59, 1}}), false));
  for (const std::vector<Continued>& bad : std::vector<std::vector<Continued>>{
           {{60, 0}}, {{5, 56}}, {{7, 1}, {6, 1}}, {{7, 1}, {7, 2}}, {{5, 3}, {~std::uint64_t{0}, 1}}})
    EXPECT_EQ(read(bad), std::pair(Pairs{}, true)) << bad.back().row;
}

TEST(Reader, DoesNotUnpackWhatIsTooGoodToBeTrue) {
  const Written written = write({{.rows = 60}});
  auto parts = testing::take_apart(std::as_bytes(std::span(written.bytes)));
  parts.pop_back();
  // One more string, right in every way, but of 100 MB in a file of some kB.
  ByteBuffer out;
  for (const std::uint64_t n : {written.oracle.strings.size(), std::size_t{1}, std::size_t{100'000'000}})
    out.number(n);
  testing::LedgerPart bomb{{.tag = Tag::strings, .group = 1}, {out.bytes().begin(), out.bytes().end()}};
  bomb.payload.resize(out.size() + 100'000'000);
  parts.insert(parts.end() - 1, bomb);
  const std::string bytes = bytes_of(testing::put_together(parts));
  ASSERT_LT(bytes.size(), 100'000u);
  Scratch scratch;
  const Reader reader(scratch.write(bytes));
  ASSERT_EQ(reader.processes().size(), 1u);  // does not need it
  EXPECT_TRUE(std::ranges::any_of(reader.warnings(), &Warning::incomplete));
}

TEST(Reader, KeepsWholeGroupsOfACutProcess) {
  const Written written = write({{.rows = 200'000}});
  const auto& expected = written.oracle.processes[0];
  Scratch scratch;
  std::uint64_t rows = expected.rows.size();
  // The lives stand at the end of the file, group by group: shorter and shorter files lose one after the
  // other.
  for (std::size_t size = written.bytes.size(); rows > 0; size -= 64) {
    const Reader reader(scratch.write(std::string_view(written.bytes).substr(0, size)));
    ASSERT_EQ(reader.processes().size(), 1u);
    if (reader.row_count(0) == rows) continue;
    rows = reader.row_count(0);
    EXPECT_EQ(rows % 65536, 0u);
    ASSERT_EQ(reader.warnings().size(), 2u);
    EXPECT_NE(reader.warnings()[1].text.find(std::to_string(rows) + " of 200000"), std::string::npos);
    testing::expect_same_rows(testing::read_rows(reader, 0), testing::cut(expected.rows, rows));
    auto marks = expected.marks;
    std::erase_if(marks, [rows](const TimeMark& m) { return m.row > rows; });
    EXPECT_TRUE(testing::same_marks(reader.marks(0), marks));
  }
}

TEST(Reader, KeepsProcessesBeforeTheCut) {
  const Written written = write({{.rows = 1000}, {.rows = 1000}, {.rows = 1000}});
  Scratch scratch;
  const Reader reader(scratch.write(std::string_view(written.bytes).substr(0, written.bytes.size() / 2)));
  ASSERT_EQ(reader.processes().size(), 1u);
  EXPECT_EQ(reader.processes()[0].pid, written.oracle.processes[0].process.pid);
  EXPECT_TRUE(reader.warnings()[0].incomplete);
}

TEST(Reader, DecodesInTwoThreads) {
  const Written written = write({{.rows = 400'000, .threads = 4}});
  Scratch scratch;
  const Reader reader(scratch.write(written.bytes));
  std::vector<Row> rows[2];
  {
    std::thread other([&] { rows[1] = testing::read_rows(reader, 0); });
    rows[0] = testing::read_rows(reader, 0);
    other.join();
  }
  testing::expect_same_rows(rows[0], written.oracle.processes[0].rows);
  testing::expect_same_rows(rows[1], written.oracle.processes[0].rows);
}

}  // namespace
}  // namespace heapledger::ledger
