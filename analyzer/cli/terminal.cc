// Width, colour and safe text.
#include "terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace heapledger::cli {

namespace {

constexpr std::size_t kLeastWidth = 60, kMostWidth = 200, kUsualWidth = 120;
constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

bool forces_colour(const char* name) { return is_set(name) && std::string_view(std::getenv(name)) != "0"; }

bool wants_colour(std::string_view when, bool terminal) {
  if (when == "always") return true;
  if (when == "never" || is_set("NO_COLOR")) return false;
  if (forces_colour("FORCE_COLOR") || forces_colour("CLICOLOR_FORCE")) return true;
  const char* kind = std::getenv("TERM");
  return terminal && (kind == nullptr || std::string_view(kind) != "dumb");
}

std::size_t terminal_width() {
  winsize size{};
  std::size_t width = 0;
  if (const char* columns = std::getenv("COLUMNS")) width = std::strtoul(columns, nullptr, 10);
  if (width == 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) width = size.ws_col;
  return width == 0 ? kUsualWidth : std::clamp(width, kLeastWidth, kMostWidth);
}

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

/// Bytes of the character at the start of the text; 0 when it is not UTF-8 (overlong forms and surrogates are
/// not).
std::size_t character_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  if (!std::all_of(text.begin() + 1, text.begin() + static_cast<std::ptrdiff_t>(length), continues)) return 0;
  const auto second = static_cast<unsigned char>(text[1]);
  const bool wrong = (lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
                     (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f);
  return wrong ? 0 : length;
}

/// C0, DEL and C1 (U+0080 to U+009F).
bool is_control(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first < 0x20 || first == 0x7f;
  return first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
}

}  // namespace

std::string Style::paint(std::string_view code, std::string_view text) const {
  return colour && !text.empty() ? fmt::format("\033[{}m{}\033[0m", code, text) : std::string{text};
}

Style stdout_style(std::string_view when) {
  Style style;
  style.terminal = isatty(STDOUT_FILENO) == 1;
  style.colour = wants_colour(when, style.terminal);
  style.width = terminal_width();
  return style;
}

std::string printable(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    const std::string_view character = text.substr(0, std::max<std::size_t>(length, 1));
    if (length == 0) {
      result += kReplacement;
    } else if (is_control(character)) {
      result += '?';
    } else {
      result += character;
    }
    text.remove_prefix(character.size());
  }
  return result;
}

std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !continues(c); }));
}

std::string cut_end(std::string_view text, std::size_t width) {
  if (columns(text) <= width) return std::string{text};
  std::size_t end = 0;
  for (std::size_t kept = 0; kept + 3 < width; ++kept) {
    do ++end;
    while (continues(text[end]));
  }
  return std::string{text.substr(0, end)} + "...";
}

std::string cut_start(std::string_view text, std::size_t width) {
  if (columns(text) <= width) return std::string{text};
  std::size_t begin = text.size();
  for (std::size_t kept = 0; kept + 3 < width; ++kept) {
    do --begin;
    while (continues(text[begin]));
  }
  return "..." + std::string{text.substr(begin)};
}

}  // namespace heapledger::cli
