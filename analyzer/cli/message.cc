// Messages on stderr.
#include "message.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "terminal.h"

namespace heapledger::cli {

using namespace std::chrono_literals;

namespace {
/// Unlike fmt::print, does not throw where stderr is closed or full: nobody is left to be told.
void put(const std::string& text) { (void)std::fwrite(text.data(), 1, text.size(), stderr); }
}  // namespace

void print_error(std::string_view text) { put(fmt::format("heapledger: error: {}\n", text)); }

void print_warning(std::string_view text) { put(fmt::format("heapledger: warning: {}\n", text)); }

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
  put(fmt::format("\r\033[Kheapledger: {} {:3.0f} %", what_,
                  100.0 * static_cast<double>(done) / static_cast<double>(total)));
  std::fflush(stderr);
}

void Progress::step(std::string_view now, std::uint64_t done, std::uint64_t total) {
  if (!enabled_ || total == 0) return;
  shown_ = true;
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start_;
  const double each = done == 0 ? 0 : passed.count() / static_cast<double>(done);
  const auto left = static_cast<std::uint64_t>(each * static_cast<double>(total - done));
  constexpr std::uint64_t kBar = 20;
  const std::uint64_t full = kBar * done / total;
  put(fmt::format("\r\033[Kheapledger: {} [{:#<{}}{:.<{}}] {}{}", what_, "", full, "", kBar - full,
                  done == 0 ? "" : fmt::format("{}:{:02} min left, ", left / 60, left % 60), now));
  std::fflush(stderr);
}

void Progress::finish() {
  if (shown_) put("\r\033[K");
  shown_ = false;
  enabled_ = false;
}

namespace {

/// $'...', as bash, zsh and ksh read it: what a terminal would not show stands as an escape.
std::string escaped_word(const std::string& text) {
  std::string word = "$'";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n')
      word += "\\n";
    else if (c == '\t')
      word += "\\t";
    else if (byte < 0x20 || byte >= 0x7f)
      word += fmt::format("\\x{:02x}", static_cast<unsigned>(byte));
    else if (c == '\'' || c == '\\')
      word.append(1, '\\').append(1, c);
    else
      word.push_back(c);
  }
  return word + '\'';
}

}  // namespace

std::string shell_word(const std::string& text) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+=./,:@%";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) return text;
  if (printable(text) != text) return escaped_word(text);
  std::string word(1, '\'');
  for (const char c : text) word.append(c == '\'' ? "'\\''" : std::string_view(&c, 1));
  word.push_back('\'');
  return word;
}

}  // namespace heapledger::cli
