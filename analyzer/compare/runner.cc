// The two ends of the runner: the caller's, and the front door of the small process.
#include "runner.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <string_view>

#include <fmt/format.h>

#include "../record/refusal.h"
#include "run_child.h"

namespace heapledger::compare {

namespace {

/// A launch as words, each ended by NUL, with the counts of the two lists in front of them.
std::string to_words(const Launch& launch) {
  std::string words;
  const auto put = [&](std::string_view word) { words.append(word).push_back('\0'); };
  const auto put_list = [&](const std::vector<std::string>& list) {
    put(std::to_string(list.size()));
    for (const std::string& word : list) put(word);
  };
  for (const std::string& word : {launch.path, launch.directory, launch.output, launch.errors}) put(word);
  put(std::to_string(launch.timeout_ns));
  put(launch.fixed_addresses ? "1" : "0");
  put_list(launch.arguments);
  put_list(launch.environment);
  return words;
}

Launch from_words(std::string_view words) {
  const auto take = [&] {
    const std::size_t end = words.find('\0');
    std::string word(words.substr(0, end));
    words.remove_prefix(end + 1);
    return word;
  };
  const auto take_number = [&] {
    const std::string word = take();
    std::uint64_t number = 0;
    std::from_chars(word.data(), word.data() + word.size(), number);
    return number;
  };
  const auto take_list = [&](std::vector<std::string>& list) {
    for (std::uint64_t left = take_number(); left != 0; --left) list.push_back(take());
  };
  Launch launch;
  for (std::string* word : {&launch.path, &launch.directory, &launch.output, &launch.errors}) *word = take();
  launch.timeout_ns = take_number();
  launch.fixed_addresses = take_number() != 0;
  take_list(launch.arguments);
  take_list(launch.environment);
  return launch;
}

bool write_whole(int file, const void* data, std::size_t size) {
  const auto* at = static_cast<const char*>(data);
  while (size != 0) {
    const ssize_t done = ::write(file, at, size);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    at += done, size -= static_cast<std::size_t>(done);
  }
  return true;
}

bool read_whole(int file, void* data, std::size_t size) {
  auto* at = static_cast<char*>(data);
  while (size != 0) {
    const ssize_t done = ::read(file, at, size);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    at += done, size -= static_cast<std::size_t>(done);
  }
  return true;
}

/// The small process: lives until its caller closes the pipe or dies.
[[noreturn]] void serve(int orders, int stops, int endings) {
  prepare_for_children();
  for (std::uint64_t size = 0; read_whole(orders, &size, sizeof size);) {
    std::string words(size, '\0');
    if (!read_whole(orders, words.data(), size)) break;
    const Ending ending = run_child(from_words(words), stops);
    if (!write_whole(endings, &ending, sizeof ending)) break;
  }
  ::_exit(0);
}

}  // namespace

Runner::Runner() {
  int orders[2], stops[2], endings[2];
  if (::pipe2(orders, O_CLOEXEC) != 0 || ::pipe2(stops, O_CLOEXEC | O_NONBLOCK) != 0 ||
      ::pipe2(endings, O_CLOEXEC) != 0 || (pid_ = ::fork()) < 0)
    throw record::CannotRecord(fmt::format("cannot make a process: {}", std::strerror(errno)));
  if (pid_ == 0) {
    for (const int file : {orders[1], stops[1], endings[0]}) ::close(file);
    serve(orders[0], stops[0], endings[1]);
  }
  for (const int file : {orders[0], stops[0], endings[1]}) ::close(file);
  orders_ = orders[1], stops_ = stops[1], endings_ = endings[0];
}

Runner::~Runner() {
  for (const int file : {orders_, stops_, endings_}) ::close(file);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) continue;
}

Ending Runner::run(const Launch& launch) {
  const std::string words = to_words(launch);
  const std::uint64_t size = words.size();
  Ending ending;
  if (!write_whole(orders_, &size, sizeof size) || !write_whole(orders_, words.data(), size) ||
      !read_whole(endings_, &ending, sizeof ending))
    throw record::CannotRecord("the process that starts the commands was killed");
  return ending;
}

void Runner::stop() const noexcept { (void)!::write(stops_, "s", 1); }

}  // namespace heapledger::compare
