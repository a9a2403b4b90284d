// The in-memory truth that ledgers are compared with: writes through a Writer and keeps what a Reader must
// give back.
#pragma once

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "../../../analyzer/ledger/reader.h"
#include "../../../analyzer/ledger/writer.h"
#include "../../support/temp_folder.h"

namespace heapledger::ledger::testing {

using support::TempFolder;

/// Files of this process cannot grow behind `bytes` while it lives: what a full disk looks like to the
/// Writer.
class SizeLimit {
 public:
  explicit SizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{.rlim_cur = bytes, .rlim_max = old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~SizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, handler_);
  }
  SizeLimit(const SizeLimit&) = delete;
  SizeLimit& operator=(const SizeLimit&) = delete;

 private:
  void (*handler_)(int);
  rlimit old_{};
};

inline std::string read_bytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_bytes(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

struct OracleProcess {
  Process process;
  std::vector<Row> rows;
  std::vector<TimeMark> marks;
  std::vector<RssSample> rss;
};

/// What was written. Numbers of dictionary entries are those that the Writer gave.
struct Oracle {
  std::vector<std::string> strings{""};
  std::vector<Frame> frames;
  std::vector<Node> nodes{{}};
  std::vector<Site> sites{{}};
  std::vector<OracleProcess> processes;
  Session session;
};

/// Shape of one generated process.
struct Shape {
  std::uint64_t rows = 0;
  std::uint32_t threads = 1;
  std::uint32_t new_sites = 20;  ///< entries added to every dictionary
  double death = 0.9;            ///< share of rows that die, most of them soon
  std::uint64_t greatest_size = 1 << 12;
};

/// Writes generated processes and remembers them.
class Generator {
 public:
  Generator(Writer& writer, std::uint64_t seed) : writer_(writer), random_(seed) {}
  void process(const Shape& shape);
  Oracle oracle;

 private:
  std::uint64_t below(std::uint64_t n) {
    return std::uniform_int_distribution<std::uint64_t>(0, n - 1)(random_);
  }
  void grow_dictionaries(std::uint32_t count);
  void kill_some(OracleProcess& p, std::vector<std::uint64_t>& alive, double share);

  Writer& writer_;
  std::mt19937_64 random_;
};

inline void Generator::grow_dictionaries(std::uint32_t count) {
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::string text = "name" + std::to_string(oracle.strings.size()) + std::string(below(20), 'x');
    EXPECT_EQ(writer_.string(text), oracle.strings.size());
    oracle.strings.push_back(text);
    const Frame frame{.function = static_cast<std::uint32_t>(below(oracle.strings.size())),
                      .file = static_cast<std::uint32_t>(below(oracle.strings.size())),
                      .line = static_cast<std::uint32_t>(oracle.frames.size()),  // makes it a new one
                      .first_line = static_cast<std::uint32_t>(below(1000))};
    EXPECT_EQ(writer_.frame(frame), oracle.frames.size());
    oracle.frames.push_back(frame);
    const Node node{.parent = static_cast<std::uint32_t>(below(oracle.nodes.size())),
                    .frame = static_cast<std::uint32_t>(oracle.frames.size() - 1)};
    EXPECT_EQ(writer_.node(node.parent, node.frame), oracle.nodes.size());
    oracle.nodes.push_back(node);
    const Site site{.node = static_cast<std::uint32_t>(oracle.nodes.size() - 1),
                    .api = static_cast<trace::Api>(below(trace::kApiCount)),
                    .account = static_cast<Account>(below(kAccountCount)),
                    .continuation = below(10) == 0};
    EXPECT_EQ(writer_.site(site), oracle.sites.size());
    oracle.sites.push_back(site);
  }
}

inline void Generator::kill_some(OracleProcess& p, std::vector<std::uint64_t>& alive, double share) {
  while (!alive.empty() && std::uniform_real_distribution<>(0, 1)(random_) < share) {
    const std::size_t i = below(4) != 0 ? alive.size() - 1 : below(alive.size());
    const std::uint64_t row = alive[i];
    alive[i] = alive.back();
    alive.pop_back();
    writer_.death(row);
    p.rows[row].life = p.rows.size() - row;
  }
}

inline void Generator::process(const Shape& shape) {
  OracleProcess p;
  p.process.pid = static_cast<std::uint32_t>(1000 + oracle.processes.size());
  p.process.executable = "/usr/bin/python3";
  p.process.arguments = {"python3", "app.py", "\xff\xfe"};
  p.process.duration_us = below(1u << 30);
  p.process.warnings.push_back({.text = "a warning", .incomplete = true});
  for (std::uint32_t t = 0; t < shape.threads; ++t) {
    p.process.threads.push_back({.tid = 100 + t, .name = "thread" + std::to_string(t)});
  }
  grow_dictionaries(shape.new_sites);
  writer_.begin_process();
  std::vector<std::uint64_t> alive, last_size(oracle.sites.size(), 16);
  std::uint32_t thread = 0;
  std::uint64_t now = 0;
  for (std::uint64_t i = 0; i < shape.rows; ++i) {
    if (below(50) == 0) {
      now += 1 + below(1000);
      writer_.time(now);
      p.marks.push_back({.row = i, .time_us = now});
    }
    if (below(500) == 0) {
      p.rss.push_back({.time_us = now, .resident = below(1u << 30), .resident_file = below(1u << 20)});
      writer_.rss(p.rss.back());
    }
    if (below(30) == 0) thread = static_cast<std::uint32_t>(below(shape.threads));
    const auto site = static_cast<std::uint32_t>(below(oracle.sites.size()));
    if (below(4) == 0) last_size[site] = below(shape.greatest_size);
    EXPECT_EQ(writer_.row(site, thread, last_size[site]), i);
    p.rows.push_back({.site = site, .thread = thread, .size = last_size[site]});
    alive.push_back(i);
    kill_some(p, alive, shape.death / 2);
  }
  p.process.allocations = p.rows.size();
  writer_.end_process(p.process);
  oracle.processes.push_back(std::move(p));
}

/// All rows of a process as the reader gives them.
inline std::vector<Row> read_rows(const Reader& reader, std::size_t process) {
  std::vector<Row> rows;
  Reader::Buffer buffer;
  for (std::size_t g = 0; g < reader.group_count(process); ++g) {
    const Group group = reader.group(process, g, buffer);
    EXPECT_EQ(group.first_row, rows.size());
    for (std::size_t i = 0; i < group.site.size(); ++i) {
      rows.push_back({group.site[i], group.thread[i], group.size[i], group.life[i]});
    }
  }
  return rows;
}

/// The rows that a ledger cut behind `count` rows must show: who died later is alive.
inline std::vector<Row> cut(std::vector<Row> rows, std::size_t count) {
  rows.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (rows[i].life > count - i) rows[i].life = 0;
  }
  return rows;
}

inline bool same(const Row& a, const Row& b) {
  return a.site == b.site && a.thread == b.thread && a.size == b.size && a.life == b.life;
}

inline void expect_same_rows(const std::vector<Row>& got, const std::vector<Row>& expected) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    ASSERT_TRUE(same(got[i], expected[i]))
        << "row " << i << ": site " << got[i].site << " thread " << got[i].thread << " size " << got[i].size
        << " life " << got[i].life << " instead of " << expected[i].site << " " << expected[i].thread << " "
        << expected[i].size << " " << expected[i].life;
  }
}

inline void expect_same_process(const Process& got, const Process& expected) {
  EXPECT_EQ(got.pid, expected.pid);
  EXPECT_EQ(got.executable, expected.executable);
  EXPECT_EQ(got.arguments, expected.arguments);
  EXPECT_EQ(got.duration_us, expected.duration_us);
  EXPECT_EQ(got.allocations, expected.allocations);
  ASSERT_EQ(got.threads.size(), expected.threads.size());
  for (std::size_t i = 0; i < got.threads.size(); ++i) {
    EXPECT_EQ(got.threads[i].tid, expected.threads[i].tid);
    EXPECT_EQ(got.threads[i].name, expected.threads[i].name);
  }
}

template <class Got, class Expected>
bool is_prefix(const Got& got, const Expected& expected) {
  return got.size() <= expected.size() && std::equal(got.begin(), got.end(), expected.begin());
}

inline void expect_same_dictionaries(const Reader& reader, const Oracle& oracle) {
  for (std::size_t i = 0; i < oracle.strings.size(); ++i) {
    ASSERT_EQ(reader.string(static_cast<std::uint32_t>(i)), oracle.strings[i]);
  }
  EXPECT_TRUE(std::ranges::equal(reader.frames(), oracle.frames));
  EXPECT_TRUE(std::ranges::equal(reader.nodes(), oracle.nodes));
  EXPECT_TRUE(std::ranges::equal(reader.sites(), oracle.sites));
}

inline bool same_marks(std::span<const TimeMark> got, const std::vector<TimeMark>& expected) {
  return std::ranges::equal(got, expected, [](const TimeMark& a, const TimeMark& b) {
    return a.row == b.row && a.time_us == b.time_us;
  });
}

inline bool same_rss(std::span<const RssSample> got, const std::vector<RssSample>& expected) {
  return std::ranges::equal(got, expected, [](const RssSample& a, const RssSample& b) {
    return a.time_us == b.time_us && a.resident == b.resident && a.resident_file == b.resident_file;
  });
}

/// The reader must give back the whole oracle and have nothing to complain about.
inline void expect_same(const Reader& reader, const Oracle& oracle) {
  EXPECT_TRUE(reader.warnings().empty());
  EXPECT_EQ(reader.session().command, oracle.session.command);
  expect_same_dictionaries(reader, oracle);
  ASSERT_EQ(reader.processes().size(), oracle.processes.size());
  for (std::size_t i = 0; i < oracle.processes.size(); ++i) {
    const OracleProcess& expected = oracle.processes[i];
    expect_same_process(reader.processes()[i], expected.process);
    EXPECT_EQ(reader.row_count(i), expected.rows.size());
    expect_same_rows(read_rows(reader, i), expected.rows);
    EXPECT_TRUE(same_marks(reader.marks(i), expected.marks));
    EXPECT_TRUE(same_rss(reader.rss(i), expected.rss));
  }
}

}  // namespace heapledger::ledger::testing
