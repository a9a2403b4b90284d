// Messages on stderr.
#include "message.h"

#include <fmt/core.h>
#include <unistd.h>

namespace heapledger::cli {

using namespace std::chrono_literals;

void print_error(std::string_view text) { fmt::print(stderr, "heapledger: error: {}\n", text); }

void print_warning(std::string_view text) { fmt::print(stderr, "heapledger: warning: {}\n", text); }

Progress::Progress(const char* what)
    : what_(what),
      start_(std::chrono::steady_clock::now()),
      last_(start_),
      enabled_(isatty(STDERR_FILENO) == 1) {}

void Progress::update(std::uint64_t done, std::uint64_t total) {
  if (!enabled_ || total == 0) return;
  const auto now = std::chrono::steady_clock::now();
  if (now - start_ < 1s || now - last_ < 100ms) return;
  last_ = now;
  shown_ = true;
  fmt::print(stderr, "\r\033[Kheapledger: {} {:3.0f} %", what_,
             100.0 * static_cast<double>(done) / static_cast<double>(total));
  std::fflush(stderr);
}

void Progress::finish() {
  if (shown_) fmt::print(stderr, "\r\033[K");
  shown_ = false;
  enabled_ = false;
}

}  // namespace heapledger::cli
