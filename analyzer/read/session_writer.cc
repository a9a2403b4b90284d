// Writing of the session log: every line, or bundle of readings, is one write at the end of the file.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iterator>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "../error.h"
#include "session.h"

namespace heapledger::read {
namespace {

using Json = nlohmann::ordered_json;

std::string line_of(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

SessionWriter::SessionWriter(const std::string& folder) {
  const std::string path = folder + "/" + std::string(kSessionLogName);
  file_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (file_ < 0)
    throw FileError(
        fmt::format("cannot create {}: {}; choose another place with -o", path, std::strerror(errno)));
}

SessionWriter::~SessionWriter() {
  flush();
  ::close(file_);
}

void SessionWriter::append(std::string_view line) {
  flush();
  pending_ = line;
  flush();
}

void SessionWriter::flush() {
  std::string_view rest = pending_;
  while (!rest.empty() && !failed_) {
    const ssize_t written = ::write(file_, rest.data(), rest.size());
    if (written >= 0)
      rest.remove_prefix(static_cast<std::size_t>(written));
    else if (errno != EINTR)
      failed_ = true;
  }
  pending_.clear();
}

void SessionWriter::command(const SessionLog& session) {
  append(line_of({{"type", "command"},
                  {"schema", kSessionSchema},
                  {"argv", session.command},
                  {"cwd", session.directory},
                  {"pid", session.command_process.pid},
                  {"start_ticks", session.command_process.start_ticks},
                  {"start_monotonic_ns", session.start_monotonic_ns},
                  {"start_realtime_ns", session.start_realtime_ns},
                  {"tool_version", session.tool_version}}));
}

void SessionWriter::rss(const ProcessKey& process, const RssReading& reading) {
  // Written a hundred times a second: a fixed form without texts needs no JSON library.
  fmt::format_to(std::back_inserter(pending_),
                 R"({{"type":"rss","pid":{},"start_ticks":{},"t_ns":{},"resident":{},"file":{}}})"
                 "\n",
                 process.pid, process.start_ticks, reading.t_ns, reading.resident, reading.file);
}

void SessionWriter::exit(const ProcessKey& process, const ProcessExit& exit) {
  append(line_of({{"type", "exit"},
                  {"pid", process.pid},
                  {"start_ticks", process.start_ticks},
                  {"status", exit.status},
                  {"t_ns", exit.t_ns}}));
}

void SessionWriter::warning(const Warning& warning) {
  append(line_of({{"type", "warning"}, {"text", warning.text}, {"incomplete", warning.incomplete}}));
}

void SessionWriter::end(std::uint64_t t_ns) { append(line_of({{"type", "end"}, {"t_ns", t_ns}})); }

}  // namespace heapledger::read
