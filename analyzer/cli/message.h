// Messages to the user on stderr: errors, warnings, progress. Nothing here writes to stdout.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace heapledger::cli {

/// `heapledger: error: TEXT`, one line.
void print_error(std::string_view text);
/// `heapledger: warning: TEXT`, one line.
void print_warning(std::string_view text);

/// As it must be typed in a shell; always printable.
std::string shell_word(const std::string& text);

/// A line on stderr that shows how far long work is. Silent in the first second, when stderr is no terminal,
/// and after finish(), which takes the line away again. Not thread-safe.
class Progress {
 public:
  explicit Progress(const char* what);  ///< "packing"
  ~Progress() { finish(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void update(std::uint64_t done, std::uint64_t total);
  /// The same for few and long steps: what is done now, and how long the rest will take at this pace. Shown at once.
  void step(std::string_view now, std::uint64_t done, std::uint64_t total);
  void finish();

 private:
  const char* what_;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point last_;
  bool enabled_;
  bool shown_ = false;
};

}  // namespace heapledger::cli
