// fork, wait for orders, exec.
#include "launch.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include <fmt/format.h>

#include "refusal.h"

extern char** environ;

namespace heapledger::record {
namespace {

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (std::string& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

/// `name` is set to the first of the values only; later entries of the same name would be seen by some
/// readers.
void set(std::vector<std::string>& variables, std::string_view name, const std::string& value) {
  std::erase_if(variables, [&](const std::string& entry) {
    return entry.starts_with(name) && entry.size() > name.size() && entry[name.size()] == '=';
  });
  variables.push_back(fmt::format("{}={}", name, value));
}

std::vector<std::string> variables_for(const Environment& environment) {
  std::vector<std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) variables.emplace_back(*entry);
  for (const Variable& variable : environment) set(variables, variable.name, variable.value);
  return variables;
}

void write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string read_all(int file) {
  std::string bytes;
  char part[4096];
  for (ssize_t size; (size = ::read(file, part, sizeof part)) > 0;)
    bytes.append(part, static_cast<std::size_t>(size));
  return bytes;
}

void close_end(int& file) {
  if (file >= 0) ::close(file);
  file = -1;
}

/// The orders of a held command: name and value of each variable, each ended by NUL.
std::string to_orders(const Environment& environment) {
  std::string orders;
  for (const auto& [name, value] : environment)
    orders.append(name).append(1, '\0').append(value).append(1, '\0');
  return orders;
}

Environment from_orders(const std::string& orders) {
  Environment environment;
  for (std::size_t at = 0; at < orders.size();) {
    const std::size_t name_end = orders.find('\0', at), end = orders.find('\0', name_end + 1);
    environment.push_back(
        {orders.substr(at, name_end - at), orders.substr(name_end + 1, end - name_end - 1)});
    at = end + 1;
  }
  return environment;
}

/// Never returns when exec succeeds. As a shell does, a file that is no program for the kernel is run by
/// /bin/sh.
int exec(const Target& target, const Environment& environment) {
  std::vector<std::string> arguments = target.arguments, variables = variables_for(environment);
  ::execve(target.path.c_str(), pointers(arguments).data(), pointers(variables).data());
  if (errno != ENOEXEC) return errno;
  arguments.front() = target.path;
  arguments.insert(arguments.begin(), "sh");
  ::execve("/bin/sh", pointers(arguments).data(), pointers(variables).data());
  return errno;
}

}  // namespace

HeldCommand::HeldCommand(const Target& target, const SignalSession& signals) : path_(target.path) {
  if (::pipe2(orders_, O_CLOEXEC) == 0 && ::pipe2(failure_, O_CLOEXEC) == 0) pid_ = ::fork();
  if (pid_ == 0 && failure_[1] >= 0) run_child(target, signals);
  if (pid_ <= 0)
    throw CannotRecord(fmt::format("cannot make a process for '{}': {}", path_, std::strerror(errno)));
  close_end(orders_[0]);
  close_end(failure_[1]);
}

void HeldCommand::run_child(const Target& target, const SignalSession& signals) {
  close_end(orders_[1]);
  close_end(failure_[0]);
  const std::string orders = read_all(orders_[0]);
  if (orders.empty()) ::_exit(0);
  signals.restore();
  const int error = exec(target, from_orders(orders));
  write_all(failure_[1], std::string_view(reinterpret_cast<const char*>(&error), sizeof error));
  ::_exit(127);
}

void HeldCommand::start(const Environment& environment) {
  write_all(orders_[1], to_orders(environment));
  close_end(orders_[1]);
  const std::string failure = read_all(failure_[0]);
  started_ = failure.empty();
  if (started_) return;
  int error = 0;
  std::memcpy(&error, failure.data(), std::min(failure.size(), sizeof error));
  const char* advice = error == E2BIG ? "; shorten the arguments or the environment" : "";
  throw BadUsage(fmt::format("cannot start '{}': {}{}", path_, std::strerror(error), advice));
}

HeldCommand::~HeldCommand() {
  close_end(orders_[1]);
  close_end(failure_[0]);
  if (pid_ > 0 && !started_) reap();
}

void HeldCommand::reap() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
}

}  // namespace heapledger::record
