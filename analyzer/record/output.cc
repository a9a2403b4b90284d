// Names, checks and removal of what a recording writes.
#include "output.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

#include "../../trace/format.h"
#include "../read/session.h"
#include "refusal.h"

namespace heapledger::record {
namespace {

namespace fs = std::filesystem;

/// The shim keeps the folder's path in a fixed buffer of this size, and appends file names elsewhere.
constexpr std::size_t kMaxFolder = trace::kMaxText - 1;

std::string parent_of(const std::string& path) {
  const std::string parent = fs::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

std::string place(const std::string& folder) {
  return folder == "." ? "the current folder" : fmt::format("the folder '{}'", folder);
}

bool is_ours(const std::string& file_name) {
  return file_name == read::kSessionLogName || pid_of_raw_trace(file_name) != 0;
}

/// First entry that no recording makes; empty when there is none.
std::string foreign_entry(const std::string& folder) {
  for (const std::string& name : names_in(folder))
    if (!is_ours(name)) return name;
  return {};
}

void empty_old_folder(const Output& output, bool force) {
  std::error_code error;
  if (fs::is_directory(output.folder, error) && fs::is_empty(output.folder, error) && !error) return;
  if (!force)
    throw BadUsage(fmt::format(
        "'{0}' holds raw traces of an earlier recording; pack them with: heapledger pack {0} -o {1}; "
        "or give -f to throw them away",
        output.folder, output.ledger));
  if (const std::string name = foreign_entry(output.folder); !name.empty())
    throw BadUsage(
        fmt::format("'{}' is needed for the raw traces but holds something else ('{}'); move it away or "
                    "choose another place with -o",
                    output.folder, name));
  if (!remove_folder(output.folder) || ::mkdir(output.folder.c_str(), 0777) != 0)
    throw BadUsage(fmt::format("cannot empty '{}': {}; choose another place with -o", output.folder,
                               std::strerror(errno)));
}

}  // namespace

Output name_output(const std::string& path, const std::string& program, int pid) {
  const std::string ledger = path.empty() ? fmt::format("{}.{}.hl", program, pid) : path;
  std::error_code error;
  const fs::path absolute = fs::absolute(ledger, error);
  return {ledger, (error ? fs::path(ledger) : absolute.lexically_normal()).string() + ".raw"};
}

void check_output(const Output& output, bool force) {
  if (output.ledger == "-")
    throw BadUsage(
        "a ledger cannot be written to standard output, which belongs to the program; give -o a file name");
  struct stat status {};
  const bool exists = ::stat(output.ledger.c_str(), &status) == 0;
  if (output.ledger.ends_with('/') || (exists && S_ISDIR(status.st_mode)))
    throw BadUsage(fmt::format("'{}' is a folder; give -o the name of a file", output.ledger));
  if (exists && !S_ISREG(status.st_mode))  // -f would put a file in the place of a device
    throw BadUsage(fmt::format("'{}' is no regular file; give -o another name", output.ledger));
  if (::lstat(output.ledger.c_str(), &status) == 0 && !force)
    throw BadUsage(fmt::format("'{}' exists; give -f to replace it, or -o another name", output.ledger));
  const std::string parent = parent_of(output.ledger);
  if (::stat(parent.c_str(), &status) != 0)
    throw BadUsage(
        fmt::format("{} does not exist; make it first or choose another place with -o", place(parent)));
  if (output.folder.size() > kMaxFolder || output.folder.front() != '/')
    throw BadUsage(fmt::format(
        "the path of '{}' is too long or its folder is gone; choose another place with -o", output.ledger));
}

void make_folder(const Output& output, bool force) {
  if (::mkdir(output.folder.c_str(), 0777) == 0) return;
  if (errno == EEXIST) return empty_old_folder(output, force);
  throw BadUsage(fmt::format("cannot write to {}: {}; choose another place with -o",
                             place(parent_of(output.ledger)), std::strerror(errno)));
}

bool remove_folder(const std::string& folder) {
  for (const std::string& name : names_in(folder))
    if (is_ours(name)) ::unlink((folder + "/" + name).c_str());
  return ::rmdir(folder.c_str()) == 0;
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    names.push_back(at->path().filename().string());
  return names;
}

bool has_raw_trace(const std::string& folder, int pid) {
  return std::ranges::any_of(names_in(folder), [pid](const std::string& name) {
    const int found = pid_of_raw_trace(name);
    return found != 0 && (pid == 0 || found == pid);
  });
}

int pid_of_raw_trace(const std::string& file_name) {
  int pid = 0, serial = 0;
  const char* end = file_name.data() + file_name.size();
  const auto first = std::from_chars(file_name.data(), end, pid);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '-' || pid <= 0) return 0;
  const auto second = std::from_chars(first.ptr + 1, end, serial);
  return second.ec == std::errc() && serial >= 0 && std::string_view(second.ptr, end) == ".raw" ? pid : 0;
}

}  // namespace heapledger::record
