// Names of code, and its source when it is there.
#include "places.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <array>
#include <fstream>

#include "../query/types.h"
#include "terminal.h"

namespace heapledger::cli {

namespace {

struct AccountText {
  const char* name;
  const char* title;
};
constexpr std::array<AccountText, ledger::kAccountCount> kAccounts{{
#define HEAPLEDGER_ACCOUNT_TEXT(name, number, title, meaning) {#name, title},
    HEAPLEDGER_ACCOUNTS(HEAPLEDGER_ACCOUNT_TEXT)
#undef HEAPLEDGER_ACCOUNT_TEXT
}};

/// Position of the last ".../lib*/pythonX.Y/" behind its "lib*/"; npos when the path is not of a standard
/// library.
std::size_t library_start(std::string_view path) {
  const std::size_t at = path.rfind("/python");
  if (at == std::string_view::npos || at == 0) return std::string_view::npos;
  const std::size_t parent = path.rfind('/', at - 1);
  const std::string_view folder =
      path.substr(parent == std::string_view::npos ? 0 : parent + 1, at - parent - 1);
  const bool versioned = at + 7 < path.size() && path[at + 7] >= '2' && path[at + 7] <= '9';
  return folder.starts_with("lib") && versioned ? at + 1 : std::string_view::npos;
}

/// Sources are small; anything else under the name of one is not read.
constexpr std::int64_t kMostSourceBytes = 16 * 1024 * 1024;

bool readable_source(const std::string& path, std::uint64_t recorded_until_ns) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_size > kMostSourceBytes)
    return false;
  const auto changed_ns = static_cast<std::uint64_t>(status.st_mtim.tv_sec) * 1'000'000'000 +
                          static_cast<std::uint64_t>(status.st_mtim.tv_nsec);
  return recorded_until_ns == 0 || changed_ns <= recorded_until_ns;
}

std::string stripped(std::string_view line) {
  const auto begin = line.find_first_not_of(" \t\r\f");
  if (begin == std::string_view::npos) return {};
  return printable(line.substr(begin, line.find_last_not_of(" \t\r\f") - begin + 1));
}

}  // namespace

std::string short_path(std::string_view path, std::string_view directory) {
  for (const std::string_view packages : {"/site-packages/", "/dist-packages/"}) {
    if (const auto at = path.rfind(packages); at != std::string_view::npos)
      return std::string{path.substr(at + 1)};
  }
  while (directory.size() > 1 && directory.ends_with('/')) directory.remove_suffix(1);
  if (const auto at = library_start(path); at != std::string_view::npos) return std::string{path.substr(at)};
  const bool inside = directory.size() > 1 && path.starts_with(directory) &&
                      path.size() > directory.size() + 1 && path[directory.size()] == '/';
  return std::string{inside ? path.substr(directory.size() + 1) : path};
}

std::string_view account_name(ledger::Account account) {
  return kAccounts[static_cast<unsigned>(account)].name;
}
std::string_view account_title(ledger::Account account) {
  return kAccounts[static_cast<unsigned>(account)].title;
}

Places::Places(const ledger::Reader& reader) : reader_(reader), recorded_until_ns_(0) {
  if (reader.processes().empty()) return;
  directory_ = reader.processes().front().directory;
  for (const ledger::Process& p : reader.processes()) {
    recorded_until_ns_ = std::max(recorded_until_ns_, p.start_realtime_ns + p.duration_us * 1000);
  }
}

std::string Places::where(const query::GroupKey& key, query::GroupBy by) const {
  using query::GroupBy;
  if (by == GroupBy::account) return std::string{account_title(key.account)};
  if (by == GroupBy::type) {
    return key.type == 0 ? fmt::format("<{} without a type>", account_title(key.account))
                         : printable(query::type_name(reader_, key.type));
  }
  if (by == GroupBy::process || by == GroupBy::thread) {
    const ledger::Process& process = reader_.processes()[key.process];
    const std::string name = short_path(process.executable, process.directory);
    if (by == GroupBy::process) return printable(fmt::format("process {} ({})", process.pid, name));
    const ledger::Thread& thread = process.threads[key.thread];
    return printable(fmt::format("{} (tid {} of process {})", thread.name.empty() ? "thread" : thread.name,
                                 thread.tid, process.pid));
  }
  if (key.imports) return kImportSystem;
  if (key.origin != query::Origin::python) return std::string{query::origin_name(key.origin)};
  const std::string path = printable(short_path(reader_.string(key.file), directory_));
  return by == GroupBy::file || key.line == 0 ? path : fmt::format("{}:{}", path, key.line);
}

std::string Places::function(const query::GroupKey& key, query::GroupBy by) const {
  const bool code =
      by == query::GroupBy::line || by == query::GroupBy::function || by == query::GroupBy::stack;
  return code && !key.imports && key.origin == query::Origin::python ? printable(reader_.string(key.function))
                                                                     : std::string{};
}

std::string Places::frame(std::uint32_t node) const {
  const query::GroupKey key = query::frame_key(reader_, node, query::GroupBy::line);
  return fmt::format("{} {}", where(key, query::GroupBy::line), function(key, query::GroupBy::line));
}

std::string Places::source(const query::GroupKey& key, query::GroupBy by) {
  const bool line = by == query::GroupBy::line || by == query::GroupBy::stack;
  if (!line || key.origin != query::Origin::python || key.line == 0) return {};
  const auto& text = lines(key.file);
  return key.line <= text.size() ? text[key.line - 1] : std::string{};
}

const std::vector<std::string>& Places::lines(std::uint32_t file) {
  const auto [at, is_new] = files_.try_emplace(file);
  if (!is_new) return at->second;
  std::string path{reader_.string(file)};
  if (path.empty() || path.front() == '<') return at->second;
  if (path.front() != '/') path = directory_ + "/" + path;
  if (!readable_source(path, recorded_until_ns_)) return at->second;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) at->second.push_back(stripped(line));
  return at->second;
}

}  // namespace heapledger::cli
