// Compiles filters: patterns are looked up once a frame, thread or account, never once a row.
#include "filter.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <array>

#include "../ledger/error.h"
#include "types.h"

namespace heapledger::query {

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

/// "a, b, c", cut to what one line can take.
std::string listed(const std::vector<std::string>& words) {
  constexpr std::size_t kMost = 10;
  std::string text;
  for (std::size_t i = 0; i < std::min(words.size(), kMost); ++i) {
    if (i != 0) text += ", ";
    text += words[i];
  }
  if (words.size() > kMost) text += ", ...";
  return text;
}

bool glob(const std::string& pattern, std::string_view text) {
  return fnmatch(pattern.c_str(), std::string{text}.c_str(), 0) == 0;
}

bool is_glob(const std::string& pattern) { return pattern.find_first_of("*?[") != std::string::npos; }

template <class Matcher>
bool any(const std::vector<std::string>& words, Matcher matcher) {
  return words.empty() || std::any_of(words.begin(), words.end(), matcher);
}

std::vector<std::size_t> select_processes(const Filter& filter, const ledger::Reader& reader) {
  const auto processes = reader.processes();
  std::vector<std::uint8_t> wanted(processes.size(), filter.processes.empty() ? 1 : 0);
  for (const std::string& word : filter.processes) {
    bool found = false;
    for (std::size_t p = 0; p < processes.size(); ++p) {
      if (word == std::to_string(processes[p].pid)) wanted[p] = 1, found = true;
    }
    for (std::size_t p = 0; p < processes.size() && !found; ++p) {
      if (word == std::to_string(p + 1)) wanted[p] = 1, found = true;
    }
    if (found) continue;
    std::vector<std::string> pids;
    for (const auto& process : processes) pids.push_back(std::to_string(process.pid));
    throw ledger::FileError(fmt::format("no process '{}' in the ledger, it has {}", word, listed(pids)));
  }
  std::vector<std::size_t> result;
  for (std::size_t p = 0; p < wanted.size(); ++p) {
    if (wanted[p] != 0) result.push_back(p);
  }
  return result;
}

std::vector<std::uint8_t> select_threads(const Filter& filter, const ledger::Process& process) {
  std::vector<std::uint8_t> wanted;
  for (const ledger::Thread& thread : process.threads) {
    wanted.push_back(any(filter.threads, [&](const std::string& word) {
      return word == std::to_string(thread.tid) || (!thread.name.empty() && matches(word, thread.name));
    }));
  }
  return wanted;
}

void require_thread(const Filter& filter, const ledger::Reader& reader, const Selection& selection) {
  if (filter.threads.empty()) return;
  std::vector<std::string> names;
  for (const std::size_t p : selection.processes) {
    const auto& wanted = selection.of_process[p].threads;
    if (std::find(wanted.begin(), wanted.end(), 1) != wanted.end()) return;
    for (const auto& t : reader.processes()[p].threads)
      names.push_back(fmt::format("{} ({})", t.tid, t.name));
  }
  throw ledger::FileError(fmt::format("no thread '{}' in the chosen processes, they have {}",
                                      listed(filter.threads), listed(names)));
}

/// By account: 1 = wanted.
std::array<std::uint8_t, ledger::kAccountCount> select_accounts(const Filter& filter) {
  std::array<std::uint8_t, ledger::kAccountCount> wanted{};
  for (unsigned a = 0; a < wanted.size(); ++a) {
    wanted[a] = filter.accounts.empty() ? is_heap(ledger::Account{static_cast<std::uint8_t>(a)}) : 0;
  }
  for (const std::string& word : filter.accounts) {
    bool found = false;
    for (unsigned a = 0; a < wanted.size(); ++a) {
      if (word == kAccounts[a].name || matches(word, kAccounts[a].title)) wanted[a] = 1, found = true;
    }
    if (found) continue;
    std::vector<std::string> names;
    for (const AccountText& text : kAccounts) names.emplace_back(text.name);
    throw ledger::FileError(fmt::format("no account '{}', there are {}", word, listed(names)));
  }
  return wanted;
}

/// By node: 1 = the node or a caller of it is a frame that the filter names. Parents precede children.
std::vector<std::uint8_t> select_nodes(const Filter& filter, const ledger::Reader& reader) {
  const auto frames = reader.frames();
  const auto nodes = reader.nodes();
  std::vector<std::uint8_t> frame_wanted;
  for (const ledger::Frame& f : frames) {
    const auto function = [&](const std::string& w) { return matches(w, reader.string(f.function)); };
    const auto file = [&](const std::string& w) { return matches_path(w, reader.string(f.file)); };
    frame_wanted.push_back(any(filter.functions, function) && any(filter.files, file));
  }
  const bool all = filter.functions.empty() && filter.files.empty();
  std::vector<std::uint8_t> wanted(nodes.size(), all ? 1 : 0);
  for (std::size_t n = 1; n < nodes.size() && !all; ++n) {
    wanted[n] = wanted[nodes[n].parent] | frame_wanted[nodes[n].frame];
  }
  return wanted;
}

void select_sites(const Filter& filter, const ledger::Reader& reader, Selection& selection) {
  const auto accounts = select_accounts(filter);
  const auto nodes = select_nodes(filter, reader);
  const auto types = select_types(filter.types, reader);
  const auto sites = reader.sites();
  selection.places.assign(sites.size(), 0);
  selection.sites.assign(sites.size(), 0);
  for (std::size_t s = 1; s < sites.size(); ++s) {
    selection.places[s] = nodes[sites[s].node] & types[sites[s].type];
    selection.sites[s] = selection.places[s] & accounts[static_cast<unsigned>(sites[s].account)];
  }
}

/// First row of the process born at that time of the session.
std::uint64_t row_at(const Clock& clock, std::uint64_t offset_us, std::uint64_t session_us) {
  return session_us <= offset_us ? 0 : clock.first_row_at(session_us - offset_us);
}

}  // namespace

bool Filter::whole() const {
  return processes.empty() && threads.empty() && functions.empty() && files.empty() && accounts.empty() && types.empty() &&
         !from_us && !to_us;
}

bool matches(const std::string& pattern, std::string_view text) {
  return is_glob(pattern) ? glob(pattern, text) : text.find(pattern) != std::string_view::npos;
}

bool matches_path(const std::string& pattern, std::string_view path) {
  return matches(pattern, path) || (is_glob(pattern) && glob("*/" + pattern, path));
}

Selection compile(const Filter& filter, const ledger::Reader& reader, const std::vector<Clock>& clocks) {
  Selection selection;
  selection.whole = filter.whole();
  selection.processes = select_processes(filter, reader);
  const auto offsets = process_offsets(reader);
  for (std::size_t p = 0; p < clocks.size(); ++p) {
    ProcessSelection s{0, clocks[p].rows(), select_threads(filter, reader.processes()[p])};
    if (filter.from_us) s.first_row = row_at(clocks[p], offsets[p], *filter.from_us);
    if (filter.to_us) s.end_row = row_at(clocks[p], offsets[p], *filter.to_us);
    selection.of_process.push_back(std::move(s));
  }
  require_thread(filter, reader, selection);
  select_sites(filter, reader, selection);
  return selection;
}

}  // namespace heapledger::query
