// PATH search and what to say when it finds nothing.
#include "command_search.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include <fmt/format.h>

#include "refusal.h"

namespace heapledger::record {
namespace {

bool is_file(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

bool is_executable(const std::string& path) {
  return is_file(path) && ::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0;
}

/// Empty parts of PATH mean the current directory; without PATH the system's default is searched.
std::string_view search_list() {
  const char* path = std::getenv("PATH");
  return path != nullptr ? path : "/bin:/usr/bin";
}

/// For a file that is there but cannot be started: how a newcomer would start it.
std::string start_hint(const std::string& path) {
  if (path.ends_with(".py")) return fmt::format("run it with its interpreter: python3 {}", path);
  return fmt::format("make it executable with chmod +x {}, or name its interpreter first", path);
}

[[noreturn]] void refuse_path(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) throw BadUsage(fmt::format("there is no file '{}'; check the path", path));
    throw BadUsage(fmt::format("cannot start '{}': {}", path, std::strerror(errno)));
  }
  if (S_ISDIR(status.st_mode)) throw BadUsage(fmt::format("'{}' is a directory, not a program", path));
  throw BadUsage(fmt::format("'{}' is not executable; {}", path, start_hint(path)));
}

[[noreturn]] void refuse_name(const std::string& name) {
  if (name.empty()) throw BadUsage("the command is an empty word; give a program after --");
  if (is_executable(name))
    throw BadUsage(
        fmt::format("'{0}' is not in PATH, but a program in this folder; start it as ./{0}", name));
  if (is_file(name))
    throw BadUsage(fmt::format("'{0}' is not in PATH, but a file in this folder; {1}", name,
                               start_hint(name.ends_with(".py") ? name : "./" + name)));
  throw BadUsage(fmt::format("there is no command '{}' in PATH; check the spelling or give its path", name));
}

}  // namespace

std::string search_path(const std::string& name) {
  std::string_view rest = search_list();
  while (true) {
    const std::string_view folder = rest.substr(0, rest.find(':'));
    const std::string path = folder.empty() ? "./" + name : fmt::format("{}/{}", folder, name);
    if (is_executable(path)) return path;
    if (folder.size() == rest.size()) return {};
    rest.remove_prefix(folder.size() + 1);
  }
}

std::string find_command(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    if (!is_executable(name)) refuse_path(name);
    return name;
  }
  const std::string path = name.empty() ? std::string() : search_path(name);
  if (path.empty()) refuse_name(name);
  return path;
}

}  // namespace heapledger::record
