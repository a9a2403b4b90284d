// Metadata: every field comes back, and texts from other versions, or from nobody, do no harm.
#include "../../../analyzer/ledger/metadata.h"

#include <gtest/gtest.h>

#include <string_view>
#include <tuple>

namespace heapledger::ledger {
namespace {

auto bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

ProcessRecord full_record() {
  ProcessRecord r;
  r.rows = ~std::uint64_t{0};
  r.sites = 1;
  Process& p = r.process;
  p.pid = 2, p.parent_pid = 3, p.forked_from = 4;
  p.executable = "/bin/py\xffthon", p.arguments = {"a", "", "\xc3\xa9", "\x80"}, p.directory = "/tmp";
  p.python_version = "3.11.7 (main)", p.python_hex = 0x030b07f0, p.stacks = trace::StackState::verified;
  p.start_realtime_ns = 5, p.start_monotonic_ns = 6, p.duration_us = 7, p.clean_end = true,
  p.exit_status = -9;
  p.lost_events = 8, p.handler_events = 9, p.unknown_frees = 10, p.inherited_frees = 11;
  p.allocations = 12, p.frees = 13, p.allocated_bytes = 14, p.peak_bytes = 15, p.peak_row = 16,
  p.peak_time_us = 17;
  p.live_bytes = 18, p.live_blocks = 19, p.raw_bytes = 20;
  p.threads = {{.tid = 21, .name = "main"}, {.tid = ~std::uint64_t{0}, .name = "\xfe"}};
  p.controls = {{"gc", "off", trace::ControlOutcome::undone, "enabled \xff"}, {"slots", "m:C", {}, ""}};
  p.cpu_us = 22, p.attributes = {{23, {"title", "\xfd"}}, {24, {}}};
  p.collections_watched = true, p.collections_before = {25, 26, 27};
  p.collections_unseen = {28, 0, 29}, p.callback_gone = true, p.still_collecting = true, p.foreign_deaths = {3, 4, 9, 9};
  p.collections = {{.time_us = 28, .pause_ns = 29, .first = 30, .last = 31, .generation = 2, .thread = 1,
                    .collected = 32, .uncollectable = 33, .freed_blocks = 34, .freed_bytes = 35, .cpu_ns = 36}};
  p.warnings = {{.text = "lost", .incomplete = true}, {.text = "odd", .incomplete = false}};
  return r;
}

TEST(Metadata, EveryFieldOfAProcessComesBack) {
  const ProcessRecord r = full_record();
  const auto got = parse_process(bytes_of(process_text(r)));
  ASSERT_TRUE(got);
  EXPECT_EQ(got->rows, r.rows);
  EXPECT_EQ(got->sites, r.sites);
  const Process &p = r.process, &q = got->process;
  EXPECT_EQ(q.pid, p.pid);
  EXPECT_EQ(q.parent_pid, p.parent_pid);
  EXPECT_EQ(q.forked_from, p.forked_from);
  EXPECT_EQ(q.executable, p.executable);
  EXPECT_EQ(q.arguments, p.arguments);
  EXPECT_EQ(q.directory, p.directory);
  EXPECT_EQ(q.python_version, p.python_version);
  EXPECT_EQ(q.python_hex, p.python_hex);
  EXPECT_EQ(q.stacks, p.stacks);
  EXPECT_EQ(q.start_realtime_ns, p.start_realtime_ns);
  EXPECT_EQ(q.start_monotonic_ns, p.start_monotonic_ns);
  EXPECT_EQ(q.duration_us, p.duration_us);
  EXPECT_EQ(q.clean_end, p.clean_end);
  EXPECT_EQ(q.exit_status, p.exit_status);
  EXPECT_EQ(q.lost_events, p.lost_events);
  EXPECT_EQ(q.handler_events, p.handler_events);
  EXPECT_EQ(q.unknown_frees, p.unknown_frees);
  EXPECT_EQ(q.inherited_frees, p.inherited_frees);
  EXPECT_EQ(q.allocations, p.allocations);
  EXPECT_EQ(q.frees, p.frees);
  EXPECT_EQ(q.allocated_bytes, p.allocated_bytes);
  EXPECT_EQ(q.peak_bytes, p.peak_bytes);
  EXPECT_EQ(q.peak_row, p.peak_row);
  EXPECT_EQ(q.peak_time_us, p.peak_time_us);
  EXPECT_EQ(q.live_bytes, p.live_bytes);
  EXPECT_EQ(q.live_blocks, p.live_blocks);
  EXPECT_EQ(q.raw_bytes, p.raw_bytes);
  ASSERT_EQ(q.threads.size(), 2u);
  EXPECT_EQ(q.threads[1].tid, p.threads[1].tid);
  EXPECT_EQ(q.threads[1].name, p.threads[1].name);
  ASSERT_EQ(q.warnings.size(), 2u);
  EXPECT_EQ(q.warnings[0].text, "lost");
  EXPECT_TRUE(q.warnings[0].incomplete);
  EXPECT_FALSE(q.warnings[1].incomplete);
  ASSERT_EQ(q.controls.size(), 2u);
  EXPECT_TRUE(q.controls[0].is_same(p.controls[0]));
  EXPECT_EQ(q.controls[0].outcome, p.controls[0].outcome);
  EXPECT_EQ(q.controls[0].text, p.controls[0].text);
  EXPECT_EQ(q.controls[1].subject, "m:C");
  EXPECT_EQ(q.cpu_us, p.cpu_us);
  ASSERT_EQ(q.attributes.size(), 2u);
  EXPECT_EQ(q.attributes[0].type, 23u);
  EXPECT_EQ(q.attributes[0].names, p.attributes[0].names);
  EXPECT_EQ(q.attributes[1].type, 24u);
  EXPECT_TRUE(q.attributes[1].names.empty());
  EXPECT_TRUE(q.collections_watched);
  EXPECT_EQ(q.collections_before, p.collections_before);
  EXPECT_EQ(q.collections_unseen, p.collections_unseen);
  EXPECT_EQ(q.foreign_deaths, p.foreign_deaths);
  EXPECT_TRUE(q.callback_gone && q.still_collecting);
  ASSERT_EQ(q.collections.size(), 1u);
  const Collection &c = p.collections[0], &d = q.collections[0];
  EXPECT_EQ(std::tie(d.time_us, d.pause_ns, d.first, d.last, d.generation, d.thread),
            std::tie(c.time_us, c.pause_ns, c.first, c.last, c.generation, c.thread));
  EXPECT_EQ(std::tie(d.collected, d.uncollectable, d.freed_blocks, d.freed_bytes, d.cpu_ns),
            std::tie(c.collected, c.uncollectable, c.freed_blocks, c.freed_bytes, c.cpu_ns));
}

/// The keys are part of the file format.
TEST(Metadata, KeysOfTheParts) {
  ProcessRecord r;
  Process& p = r.process;
  p.threads = {{.tid = 1, .name = "main"}}, p.warnings = {{.text = "w", .incomplete = true}};
  p.controls = {{"gc", "off", trace::ControlOutcome::undone, "why"}}, p.attributes = {{2, {"a", "b"}}};
  const std::string text = process_text(r);
  for (const char* part :
       {R"("threads":[{"tid":1,"name":"main"}])", R"("warnings":[{"text":"w","incomplete":true}])",
        R"("controls":[{"name":"gc","subject":"off","outcome":3,"text":"why"}])",
        R"("attributes":[{"type":2,"names":["a","b"]}])"})
    EXPECT_NE(text.find(part), std::string::npos) << part << " is not in " << text;
}

TEST(Metadata, EveryFieldOfASessionComesBack) {
  const Session s{.command = {"python3", "\xff"},
                  .wall_us = 1,
                  .exit_status = 137,
                  .tool_version = "0.1.0",
                  .warnings = {{.text = "w", .incomplete = true}}};
  const auto got = parse_session(bytes_of(session_text(s)));
  ASSERT_TRUE(got);
  EXPECT_EQ(got->command, s.command);
  EXPECT_EQ(got->wall_us, s.wall_us);
  EXPECT_EQ(got->exit_status, s.exit_status);
  EXPECT_EQ(got->tool_version, s.tool_version);
  ASSERT_EQ(got->warnings.size(), 1u);
  EXPECT_TRUE(got->warnings[0].incomplete);
}

TEST(Metadata, MissingAndForeignKeysLeaveDefaults) {
  const auto got = parse_process(bytes_of(R"({"pid": 7, "colour": "red"})"));
  ASSERT_TRUE(got);
  EXPECT_EQ(got->process.pid, 7u);
  EXPECT_EQ(got->process.exit_status, -1);
  EXPECT_EQ(got->process.stacks, trace::StackState::unsupported);
  EXPECT_TRUE(got->process.threads.empty());
}

TEST(Metadata, MistypedValuesLeaveDefaults) {
  const auto got =
      parse_process(bytes_of(R"({"pid": "x", "parent_pid": -1, "forked_from": 4294967296, "rows": 1e300,
      "sites": 1.5, "exit_status": 2147483648, "clean_end": 1, "stacks": 200, "executable": 3, "arguments": "x",
      "directory": [1, 256, "a", null], "threads": [1, {"tid": -5, "name": {}}], "warnings": null})"));
  ASSERT_TRUE(got);
  const Process& p = got->process;
  EXPECT_EQ(p.pid + p.parent_pid + p.forked_from + got->rows + got->sites, 0u);
  EXPECT_EQ(p.exit_status, -1);
  EXPECT_FALSE(p.clean_end);
  EXPECT_EQ(p.stacks, trace::StackState::unsupported);
  EXPECT_EQ(p.executable, "");
  EXPECT_TRUE(p.arguments.empty());
  EXPECT_EQ(p.directory.size(), 4u);
  EXPECT_EQ(p.threads.size(), 2u);
}

TEST(Metadata, WhatIsNoObjectIsRefused) {
  for (const char* const text : {"", "{", "[]", "3", "{\"pid\": }", "\xff\xfe", "{} {}"}) {
    EXPECT_FALSE(parse_process(bytes_of(text))) << text;
    EXPECT_FALSE(parse_session(bytes_of(text))) << text;
  }
  EXPECT_FALSE(parse_process(bytes_of(std::string(1 << 20, '['))));  // deep, not only long
}

}  // namespace
}  // namespace heapledger::ledger
