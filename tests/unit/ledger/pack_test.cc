// From raw traces to a ledger: what is in it, what it warns of, and every way in which a trace can be bad.
#include "../../../analyzer/ledger/pack.h"

#include <nlohmann/json.hpp>

#include "../../../analyzer/ledger/error.h"
#include "../../../analyzer/read/session.h"
#include "../../support/thread_simulation.h"
#include "ledger_oracle.h"

namespace heapledger::ledger {
namespace {

using support::bytes_of;
using support::FileBytes;
using support::Simulation;
using support::TraceBuilder;
using support::TraceFile;
using testing::TempFolder;
using trace::Api;

class PackTest : public ::testing::Test {
 protected:
  /// Packs one trace.
  Reader packed(const FileBytes& bytes) { return packed({TraceFile(bytes).path()}); }
  Reader packed(TraceBuilder& trace) { return packed(trace.bytes()); }
  Reader packed(const std::vector<std::string>& inputs) {
    const TraceFile keep({});
    summary_ = pack({inputs, output_, {}});
    return Reader(output_);
  }
  /// The error of packing these; empty when it works.
  std::string error_of(const std::vector<std::string>& inputs) {
    try {
      pack({inputs, output_, {}});
      return "";
    } catch (const FileError& error) {
      EXPECT_FALSE(std::filesystem::exists(output_)) << "no ledger where there is nothing to tell";
      return error.what();
    }
  }
  std::string save(const std::string& name, const FileBytes& bytes) const {
    testing::write_bytes(folder_ / name, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    return folder_ / name;
  }

  TempFolder folder_;
  std::string output_ = folder_ / "out.hl";
  PackSummary summary_;
};

bool says(std::string_view text, std::string_view words) {
  return text.find(words) != std::string_view::npos;
}

bool warns(const Process& process, std::string_view words) {
  return std::ranges::any_of(process.warnings, [&](const Warning& w) { return says(w.text, words); });
}

/// Rows without the ticks of the clock.
std::vector<Row> blocks_of(const Reader& reader, std::size_t process = 0) {
  std::vector<Row> rows = testing::read_rows(reader, process);
  std::erase_if(rows, [](const Row& row) { return row.site == 0; });
  return rows;
}

constexpr std::uint64_t kA = 0x10'0000;

/// A process of one thread with names, times and everything that is not an event.
void put_process(TraceBuilder& trace) {
  auto& h = trace.header();
  h.pid = 70, h.parent_pid = 69, h.start_monotonic_ns = 5'000'000, h.start_realtime_ns = 123,
  h.start_ticks = 9;
  auto& lane = trace.lane(0).thread(0, "main");
  lane.put(trace::Process{bytes_of("/usr/bin/python3"), bytes_of(std::string_view("python3\0app.py\0", 15)),
                          bytes_of("/srv")});
  lane.put(trace::Interpreter{0x030a0df0, 0, 0, 1, bytes_of("3.10.13 (main)")}).put(trace::SelfTest{1, 12});
  lane.code("outer", "app.py", 10, "\x08\x01\x08\x02").code("inner", "lib.py", 100, "\x10\x05");
  lane.put(trace::Node{0, 1, 2})
      .site(Api::py_obj_malloc, 1, 2, 4)
      .site(Api::malloc)
      .site(Api::mmap, 0, 1, 10);
  lane.at(2000)
      .alloc(1, kA, 100)
      .alloc(2, kA + 256, 50)
      .at(6000)
      .free(kA)
      .map(3, 0x7000'0000, 8192, trace::kMapUsable);
  lane.unmap(0x7000'0000, 4096).at(8000).alloc(1, kA, 30).free(0x99'0000);
}

// --------------------------------------------------------------------------------------------- contents

TEST_F(PackTest, AProcessWithNamesAndTotals) {
  TraceBuilder trace;
  put_process(trace);
  const Reader reader = packed(trace);
  EXPECT_TRUE(reader.warnings().empty());
  ASSERT_EQ(reader.processes().size(), 1u);
  const Process& p = reader.processes()[0];
  EXPECT_EQ(std::tie(p.pid, p.parent_pid, p.forked_from), std::tuple(70u, 69u, 0u));
  EXPECT_EQ(p.executable, "/usr/bin/python3");
  EXPECT_EQ(p.arguments, (std::vector<std::string>{"python3", "app.py"}));
  EXPECT_EQ(p.directory, "/srv");
  EXPECT_EQ(p.python_version, "3.10.13 (main)");
  EXPECT_EQ(p.stacks, trace::StackState::verified);
  EXPECT_EQ(p.threads.size(), 1u);
  EXPECT_EQ(p.threads[0].name, "main");
  EXPECT_EQ(p.duration_us, 8000u);
  EXPECT_TRUE(p.clean_end);
  EXPECT_EQ(std::tie(p.allocations, p.frees, p.allocated_bytes), std::tuple(4u, 1u, 100u + 50 + 8192 + 30));
  EXPECT_EQ(std::tie(p.peak_bytes, p.live_bytes, p.peak_time_us),
            std::tuple(50u + 8192, 50u + 4096 + 30, 6000u));
  EXPECT_EQ(p.unknown_frees, 1u);
  EXPECT_EQ(summary_.processes, 1u);
  EXPECT_EQ(summary_.events, 7u);
  EXPECT_EQ(summary_.raw_bytes, p.raw_bytes);
  EXPECT_EQ(summary_.ledger_bytes, std::filesystem::file_size(output_));
}

/// "function file:line < caller ..." of a site.
std::string place(const Reader& reader, const Site& site) {
  std::string text;
  for (std::uint32_t node = site.node; node != 0; node = reader.nodes()[node].parent) {
    const Frame& frame = reader.frames()[reader.nodes()[node].frame];
    text += (text.empty() ? "" : " < ") + std::string(reader.string(frame.function)) + " " +
            std::string(reader.string(frame.file)) + ":" + std::to_string(frame.line);
  }
  return text;
}

/// "Asked" stands only where nothing came of it, whichever lane is read first.
TEST_F(PackTest, OutcomesOfControls) {
  using trace::ControlOutcome;
  TraceBuilder trace;
  const auto put = [&](std::uint32_t lane, const char* subject, unsigned outcome, const char* text) {
    trace.lane(lane).put(trace::Control{bytes_of("slots"), bytes_of(subject), outcome, bytes_of(text)});
  };
  put(0, "m:A", 0, ""), put(0, "m:B", 0, ""), put(0, "m:C", 1, ""), put(0, "m:C", 1, "");
  put(1, "m:A", 1, ""), put(1, "m:A", 2, "why"), put(1, "m:C", 0, ""), put(1, "m:D", trace::kControlOutcomes, "later");
  std::vector<std::string> found;
  const Reader reader = packed(trace);
  for (const Control& c : reader.processes()[0].controls)
    found.push_back(c.name + " " + c.subject + " " + std::to_string(static_cast<unsigned>(c.outcome)) + c.text);
  std::ranges::sort(found);
  EXPECT_EQ(found, (std::vector<std::string>{"slots m:A 1", "slots m:A 2why", "slots m:B 0", "slots m:C 1"}));
}

TEST_F(PackTest, SitesHaveTheirLinesAndAccounts) {
  TraceBuilder trace;
  put_process(trace);
  const Reader reader = packed(trace);
  std::vector<std::string> places;
  std::vector<Account> accounts;
  for (const Row& row : blocks_of(reader)) {
    places.push_back(place(reader, reader.sites()[row.site]));
    accounts.push_back(reader.sites()[row.site].account);
  }
  const std::string deep = "inner lib.py:105 < outer app.py:11";
  EXPECT_EQ(places, (std::vector<std::string>{deep, "", "outer app.py:13", "outer app.py:13", deep}));
  using enum Account;
  EXPECT_EQ(accounts, (std::vector{python_object, native, mapping, mapping, python_object}));
}

TEST_F(PackTest, ThreadsThatTradeBlocks) {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    Simulation simulation({.threads = 5}, seed);
    for (std::uint32_t lane = 0; lane < 5; ++lane) simulation.trace.lane(lane).thread(lane);
    simulation.run(1, 300), simulation.run(5, 5000);
    std::uint64_t allocations = 0, bytes = 0, frees = 0;
    for (const auto& h : simulation.happenings) ++(h.is_free ? frees : allocations), bytes += h.size;
    const Reader reader = packed(simulation.trace);
    const Process& p = reader.processes()[0];
    EXPECT_EQ(std::tie(p.allocations, p.frees, p.allocated_bytes), std::tie(allocations, frees, bytes));
    EXPECT_EQ(p.unknown_frees, 0u);
    EXPECT_EQ(blocks_of(reader).size(), allocations);
    EXPECT_TRUE(p.warnings.empty());
  }
}

TEST_F(PackTest, TheDurationIsThatOfTheLastEventInTime) {
  TraceBuilder trace;
  const std::uint32_t first = trace.stamps().take_for(kA);
  trace.lane(1).thread(1).at(100).alloc(0, kA, 8);
  trace.lane(0).thread(0).at(9000).alloc(0, kA + 64, 8, first);  // held up between its stamp and its clock
  EXPECT_EQ(packed(trace).processes()[0].duration_us, 9000u);
}

// ----------------------------------------------------------------------------------------------- inputs

TEST_F(PackTest, AFolderWithASessionLog) {
  TraceBuilder first, second;
  put_process(first), put_process(second);
  second.header().start_monotonic_ns = 2'000'000, second.header().pid = 71, second.header().forked_from = 70;
  save("70-0.raw", first.bytes());
  save("71-0.raw", second.bytes());
  save("notes.txt", FileBytes(10));
  using nlohmann::json;
  const json lines[] = {
      {{"type", "command"},
       {"schema", 1},
       {"argv", {"python3", "app.py"}},
       {"cwd", "/srv"},
       {"pid", 70},
       {"start_ticks", 9},
       {"start_monotonic_ns", 1'000'000},
       {"start_realtime_ns", 5},
       {"tool_version", "9.9"}},
      {{"type", "rss"}, {"pid", 70}, {"start_ticks", 9}, {"t_ns", 4'000'000}, {"resident", 1}, {"file", 0}},
      {{"type", "rss"},
       {"pid", 70},
       {"start_ticks", 9},
       {"t_ns", 7'000'000},
       {"resident", 4096},
       {"file", 512}},
      {{"type", "exit"}, {"pid", 70}, {"start_ticks", 9}, {"status", 256}, {"t_ns", 9'000'000}},
      {{"type", "end"}, {"t_ns", 11'000'000}}};
  std::ofstream log(folder_ / std::string(read::kSessionLogName));
  for (const json& line : lines) log << line.dump() << '\n';
  log.close();
  const Reader reader = packed({folder_.path()});
  ASSERT_EQ(reader.processes().size(), 2u);
  EXPECT_EQ(reader.processes()[0].pid, 71u) << "in the order of their start";
  EXPECT_EQ(reader.processes()[1].exit_status, 256);
  EXPECT_EQ(reader.processes()[0].exit_status, -1);
  ASSERT_EQ(reader.rss(1).size(), 1u) << "readings of the time before the trace belong to nobody";
  EXPECT_EQ(reader.rss(1)[0].time_us, 2000u);
  EXPECT_EQ(reader.rss(1)[0].resident, 4096u);
  EXPECT_EQ(reader.session().command, (std::vector<std::string>{"python3", "app.py"}));
  EXPECT_EQ(reader.session().wall_us, 10'000u);
  EXPECT_EQ(reader.session().exit_status, 256);
}

TEST_F(PackTest, BadTracesOfAFolderAreNamedAndLeftOut) {
  TraceBuilder trace;
  put_process(trace);
  save("1-0.raw", trace.bytes());
  save("2-0.raw", FileBytes{});
  save("3-0.raw", FileBytes(20'000, std::byte{7}));
  const Reader reader = packed({folder_.path()});
  EXPECT_EQ(reader.processes().size(), 1u);
  ASSERT_EQ(reader.session().warnings.size(), 2u);
  EXPECT_TRUE(says(reader.session().warnings[0].text, "2-0.raw"));
  EXPECT_TRUE(reader.session().warnings[0].incomplete);
}

TEST_F(PackTest, NothingToPack) {
  EXPECT_TRUE(says(error_of({}), "no raw trace"));
  EXPECT_TRUE(says(error_of({folder_.path()}), "heapledger record"));
  EXPECT_TRUE(says(error_of({folder_ / "nothing"}), "nothing: cannot be opened"));
  EXPECT_TRUE(says(error_of({save("1.raw", {})}), "empty"));
  EXPECT_TRUE(says(error_of({folder_.path()}), "empty")) << "a folder of nothing but bad traces says why";
  EXPECT_TRUE(says(error_of({"/dev/null"}), "is not a file"));
}

TEST_F(PackTest, ALedgerGivenAsARawTrace) {
  TraceBuilder trace;
  put_process(trace);
  packed(trace);
  const std::string ledger = folder_ / "old.hl";
  std::filesystem::rename(output_, ledger);
  EXPECT_TRUE(says(error_of({ledger}), "old.hl: is not a raw trace"));
}

TEST_F(PackTest, TheOutputIsOnlyReplacedByAWholeLedger) {
  TraceBuilder trace;
  put_process(trace);
  packed(trace);
  const std::string before = testing::read_bytes(output_);
  const std::string bad = save("bad.raw", FileBytes(20'000, std::byte{7}));
  EXPECT_THROW(pack({{bad}, output_, {}}), FileError);
  EXPECT_EQ(testing::read_bytes(output_), before);
  EXPECT_THROW(pack({{save("1.raw", trace.bytes())}, folder_ / "none/a.hl", {}}), FileError);
}

TEST_F(PackTest, ProgressGoesUpToTheWhole) {
  TraceBuilder trace;
  trace.lane(0).thread(0);
  for (int i = 0; i < 400'000; ++i) trace.lane(0).alloc(0, kA, 8).free(kA);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> calls;
  const TraceFile file(trace.bytes());
  pack({{file.path(), file.path()}, output_, [&](std::uint64_t done, std::uint64_t total) {
          calls.emplace_back(done, total);
        }});
  ASSERT_FALSE(calls.empty());
  EXPECT_TRUE(std::ranges::is_sorted(calls));
  EXPECT_EQ(calls.back().first, calls.back().second);
}

// --------------------------------------------------------------------------------------------- warnings

TEST_F(PackTest, AWholeTraceHasNoWarnings) {
  TraceBuilder trace;
  trace.lane(0).thread(0).alloc(0, kA, 8).free(kA);
  EXPECT_TRUE(packed(trace).processes()[0].warnings.empty());
}

TEST_F(PackTest, WhyRecordingStopped) {
  const std::pair<trace::StopReason, const char*> reasons[] = {
      {trace::StopReason::disk_full, "disk was full"},
      {trace::StopReason::file_size_limit, "ulimit -f"},
      {trace::StopReason::open_failed, "opened again"},
      {trace::StopReason::map_failed, "ulimit -v"},
      {trace::StopReason::internal, "an error in itself"},
      {static_cast<trace::StopReason>(99), "unknown reason"}};
  for (const auto& [reason, words] : reasons) {
    TraceBuilder trace;
    auto& h = trace.header();
    h.start_monotonic_ns = 1'000'000, h.stop_monotonic_ns = 3'000'000, h.stop_reason = reason,
    h.lost_events = 5;
    trace.lane(0)
        .thread(0)
        .at(1000)
        .alloc(0, kA, 8)
        .at(2000)
        .alloc(0, kA + 8, 8)
        .at(3000)
        .alloc(0, kA + 16, 8);
    const Reader reader = packed(trace);
    const Process& p = reader.processes()[0];
    EXPECT_TRUE(warns(p, words) && warns(p, "stopped 0.002 s after") && warns(p, "6 events lost")) << words;
    EXPECT_EQ(p.lost_events, 6u) << "what other threads wrote after the stop counts as lost";
    EXPECT_EQ(p.allocations, 2u);
    EXPECT_TRUE(p.warnings[0].incomplete);
  }
}

TEST_F(PackTest, LossesDamagesAndDoubts) {
  TraceBuilder trace;
  auto& h = trace.header();
  h.lost_events = 1, h.handler_events = 3, h.clean_end = 0;
  trace.stamps().take_for(kA);
  trace.lane(0).thread(0).put(trace::Interpreter{0x03ff0000, 0, 3, 1, bytes_of("3.255")});
  trace.lane(0).alloc(0, kA, 8).free(8).raw(FileBytes(1, std::byte{0xff}));
  const Reader reader = packed(trace);
  const Process& p = reader.processes()[0];
  EXPECT_TRUE(warns(p, "1 event could not be written"));
  EXPECT_TRUE(warns(p, "records of 1 thread could not be read"));
  EXPECT_TRUE(warns(p, "1 record is missing"));
  EXPECT_TRUE(warns(p, "3 allocator calls of signal handlers"));
  EXPECT_TRUE(warns(p, "1 free of blocks"));
  EXPECT_TRUE(warns(p, "layout of Python 3.255 is not known"));
}

// ----------------------------------------------------------------------------------------------- hostile

TEST_F(PackTest, ThreadsThatWereNeverNamed) {
  TraceBuilder trace;
  trace.lane(0).alloc(0, kA, 8);
  EXPECT_EQ(packed(trace).processes()[0].allocations, 1u);
}

TEST_F(PackTest, ThreadNumbersNobodyCounted) {
  for (const std::uint64_t serial : {std::uint64_t{1} << 24, std::uint64_t{0xffff'ffff}, ~std::uint64_t{0}}) {
    TraceBuilder trace;
    trace.lane(0).put(trace::Thread{1, serial, {}}).alloc(0, kA, 8);
    EXPECT_EQ(packed(trace).processes()[0].allocations, 1u) << serial;
  }
}

TEST_F(PackTest, AGreatThreadNumberTakesNoGreatMemory) {
  TraceBuilder trace;
  trace.lane(0).put(trace::Thread{1, (1u << 24) - 1, {}}).alloc(0, kA, 8);
  rlimit old{};
  ::getrlimit(RLIMIT_AS, &old);
#if !defined(__SANITIZE_ADDRESS__)
  const rlimit limit{.rlim_cur = std::uint64_t{512} << 20, .rlim_max = old.rlim_max};
  ::setrlimit(RLIMIT_AS, &limit);
#endif
  EXPECT_NO_THROW(packed(trace));
  ::setrlimit(RLIMIT_AS, &old);
}

TEST_F(PackTest, BlocksAtAddressZero) {
  TraceBuilder trace;
  trace.lane(0).thread(0).raw(FileBytes(1, std::byte{2}));
  trace.lane(1).thread(1).raw(FileBytes(3, std::byte{1}));
  trace.lane(2).thread(2).alloc(0, kA, 8);
  const Reader reader = packed(trace);
  EXPECT_EQ(reader.processes()[0].allocations, 1u);
  EXPECT_TRUE(warns(reader.processes()[0], "records of 2 threads could not be read"));
}

TEST_F(PackTest, TimesAtTheEndOfTime) {
  TraceBuilder trace;
  const std::uint64_t far = ~std::uint64_t{0};
  trace.lane(0).thread(0).put(trace::Time{far}).alloc(0, kA, 8);
  trace.lane(1).thread(1).alloc(0, kA, 8);
  trace.header().start_monotonic_ns = far, trace.header().stop_monotonic_ns = 0;
  const Reader reader = packed(trace);
  EXPECT_EQ(reader.processes()[0].allocations, 1u);
  EXPECT_TRUE(warns(reader.processes()[0], "records of 1 thread could not be read"));
}

TEST_F(PackTest, CutAtEveryByte) {
  TraceBuilder trace;
  put_process(trace);
  trace.lane(0).chunk();
  for (std::uint64_t i = 0; i < 40; ++i) trace.lane(0).alloc(1 + i % 2, kA + 64 * i, i);
  const FileBytes bytes = trace.bytes();
  const std::vector<Row> whole = blocks_of(packed(bytes));
  const TraceFile file(bytes);
  std::uint64_t used = 0;
  for (const auto& chunk : trace.chunks()) used = std::max<std::uint64_t>(used, chunk.records.size());
  for (std::uint64_t size = bytes.size() - 1; size != 0; --size) {
    if (size % trace::kGranule > sizeof(trace::ChunkHeader) + used + 2 && size % 256 != 255)
      continue;  // in unused room
    file.resize(size);
    std::filesystem::remove(output_);
    if (size < sizeof(trace::FileHeader)) {
      ASSERT_FALSE(error_of({file.path()}).empty()) << size;
      continue;
    }
    const Reader reader = packed({file.path()});
    const std::vector<Row> part = blocks_of(reader);
    ASSERT_LE(part.size(), whole.size());
    for (std::size_t i = 0; i < part.size(); ++i) ASSERT_EQ(part[i].size, whole[i].size) << size;
    ASSERT_TRUE(part.size() == whole.size() || !reader.processes()[0].warnings.empty())
        << "cut at byte " << size;
  }
}

TEST_F(PackTest, AnyByteMayBeAnother) {
  TraceBuilder trace;
  put_process(trace);
  trace.lane(1)
      .thread(1)
      .site(Api::realloc)
      .realloc(1, kA, kA + 64, 9)
      .at(7000)
      .stack(1, 3, 9)
      .stack_end(3)
      .brk(1, 8192, 4096);
  const FileBytes bytes = trace.bytes();
  const TraceFile file(bytes);
  for (std::uint64_t at = 0; at < bytes.size(); ++at) {
    const std::uint64_t inside = at % trace::kGranule;
    const auto& chunks = trace.chunks();
    const std::uint64_t used = at < trace::kGranule ? 0 : chunks[at / trace::kGranule - 1].records.size();
    if (inside >= std::max<std::uint64_t>(sizeof(trace::FileHeader), sizeof(trace::ChunkHeader) + used))
      continue;
    for (const int change : {0x01, 0x04, 0x10, 0x80, 0xff}) {
      file.set(at, bytes[at] ^ static_cast<std::byte>(change));
      try {
        EXPECT_EQ(packed({file.path()}).processes().size(), 1u);
      } catch (const FileError&) {
        EXPECT_LT(at, sizeof(trace::FileHeader)) << "only the header makes a trace unreadable";
      }
    }
    file.set(at, bytes[at]);
  }
}

}  // namespace
}  // namespace heapledger::ledger
