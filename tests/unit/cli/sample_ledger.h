// A small ledger whose every figure is known: what golden reports and the JSON schema are tested with.
#pragma once

#include <string>
#include <vector>

#include "../../../analyzer/ledger/writer.h"
#include "../ledger/ledger_oracle.h"

namespace heapledger::cli::testing {

using ledger::Account;
using ledger::testing::TempFolder;
using trace::Api;

/// Where sources of the sample are, and what else differs.
struct SampleShape {
  std::string directory = std::string{HEAPLEDGER_SOURCE} + "/tests/golden/report/source";
  bool child = false;                        ///< a second process, forked at 1 s, killed at 3 s with losses
  std::uint64_t realtime_s = 4'102'444'800;  ///< start, 2100-01-01: sources did not change after it
};

class Sample {
 public:
  Sample(const std::string& path, const SampleShape& shape) : writer_(path), shape_(shape) {
    parent();
    if (shape.child) child();
    ledger::Session session;
    session.command = {"python3", "app.py", "--name", "it's"};
    session.wall_us = 4'100'000;
    session.exit_status = 0;
    session.tool_version = "0.1.0";
    writer_.finish(session);
  }

 private:
  std::uint32_t frame(const char* function, const std::string& file, std::uint32_t line,
                      std::uint32_t first) {
    return writer_.frame({writer_.string(function), writer_.string(file), line, first});
  }
  std::uint32_t site(std::uint32_t node, Api api, Account account) {
    return writer_.site({node, api, account, false});
  }

  std::vector<std::uint64_t> rows(std::uint32_t site, std::uint32_t thread, std::uint64_t size, int count) {
    std::vector<std::uint64_t> result;
    for (int i = 0; i < count; ++i) result.push_back(writer_.row(site, thread, size));
    return result;
  }
  void free_all(const std::vector<std::uint64_t>& rows) {
    for (const std::uint64_t row : rows) writer_.death(row);
  }
  void churn(std::uint32_t site, std::uint32_t thread, std::uint64_t size, int count) {
    for (int i = 0; i < count; ++i) writer_.death(writer_.row(site, thread, size));
  }

  ledger::Process described(std::uint32_t pid) const {
    ledger::Process process;
    process.pid = pid;
    process.parent_pid = 1;
    process.executable = "/venv/bin/python3";
    process.arguments = {"python3", "app.py", "--name", "it's"};
    process.directory = shape_.directory;
    process.python_hex = 0x030b07f0;
    process.stacks = trace::StackState::verified;
    process.start_monotonic_ns = 5'000'000'000;
    process.start_realtime_ns = shape_.realtime_s * 1'000'000'000;
    return process;
  }

  void parent();
  void child();

  ledger::Writer writer_;
  SampleShape shape_;
  std::uint32_t list_ = 0;  ///< site of app.py:3 in load
};

inline constexpr std::uint64_t kPeakBytes = 64 + 1000 + 2 * 512 + 100 * 1024 + (1 << 20);

/// Peak at 2 s: kPeakBytes.
inline void Sample::parent() {
  const std::string app = shape_.directory + "/app.py";
  const std::string decoder = "/nowhere/lib/python3.11/json/decoder.py";
  const auto module = writer_.node(0, frame("<module>", app, 16, 1));
  const auto main = writer_.node(module, frame("main", app, 11, 9));
  const auto load = writer_.node(main, frame("load", app, 3, 1));
  const auto decode = writer_.node(load, frame("JSONDecoder.decode", decoder, 337, 332));
  const auto map = writer_.node(module, frame("main", app, 12, 9));
  const auto import = writer_.node(0, frame("_find_and_load", "<frozen importlib._bootstrap>", 1176, 1165));
  const auto import2 = writer_.node(import, frame("exec_module", "<frozen importlib._bootstrap>", 940, 930));
  const auto package =
      writer_.node(import2, frame("<module>", "/venv/lib/python3.11/site-packages/pkg/__init__.py", 1, 1));
  const auto start = site(0, Api::py_mem_malloc, Account::python_buffer);
  const auto native = site(0, Api::malloc, Account::native);
  const auto imported = site(package, Api::py_obj_malloc, Account::python_object);
  const auto list = list_ = site(load, Api::py_obj_malloc, Account::python_object);
  const auto decoded = site(decode, Api::py_mem_realloc, Account::python_buffer);
  const auto mapped = site(map, Api::mmap, Account::mapping);
  const auto arena = site(decode, Api::mmap, Account::backing);

  writer_.begin_process();
  rows(start, 0, 64, 1);
  rows(start, 0, 1000, 1);
  rows(imported, 0, 512, 2);
  writer_.time(500'000);
  rows(arena, 0, 262'144, 1);
  const auto loaded = rows(list, 0, 1024, 100);
  churn(decoded, 0, 300, 500);
  writer_.rss({600'000, 9'000'000, 5'000'000});
  writer_.time(2'000'000);
  const auto page = rows(mapped, 0, 1 << 20, 1);
  writer_.rss({2'100'000, 10'485'760, 5'000'000});
  free_all(page);
  churn(list, 1, 2048, 20);
  writer_.time(4'000'000);
  free_all({loaded.begin(), loaded.begin() + 60});
  rows(native, 0, 128, 3);
  ledger::Process process = described(100);
  process.python_version = "3.11.7 (main, Jan  1 2100, 00:00:00) [GCC 12.2.0]";
  process.duration_us = 4'050'000;
  process.clean_end = true;
  process.exit_status = 0;
  process.peak_bytes = kPeakBytes;
  process.peak_row = page.front();
  process.threads = {{100, "python3"}, {101, "worker"}};
  writer_.end_process(process);
}

inline void Sample::child() {
  writer_.begin_process();
  rows(list_, 0, 4096, 10);
  ledger::Process process = described(102);
  process.parent_pid = process.forked_from = 100;
  process.python_version = "3.11.7 (main, Jan  1 2100, 00:00:00) [GCC 12.2.0]";
  process.start_monotonic_ns += 1'000'000'000;
  process.start_realtime_ns += 1'000'000'000;
  process.duration_us = 2'000'000;
  process.exit_status = 9;
  process.lost_events = 1234;
  process.peak_bytes = 40'960;
  process.peak_row = 9;
  process.threads = {{102, "python3"}};
  process.warnings = {{"stopped recording at 2.5 s because the disk was full: 1,234 events are lost; free "
                       "some space and record again",
                       true},
                      {"a name with \x1b[31m control characters", false}};
  writer_.end_process(process);
}

}  // namespace heapledger::cli::testing
