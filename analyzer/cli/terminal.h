// What the terminal can show: width, colour, and text that is safe to print on it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace heapledger::cli {

/// How to print a report.
struct Style {
  bool colour = false;
  bool terminal = false;    ///< somebody is looking: hints for the next command make sense
  std::size_t width = 120;  ///< columns

  [[nodiscard]] std::string bold(std::string_view text) const { return paint("1", text); }
  [[nodiscard]] std::string dim(std::string_view text) const { return paint("2", text); }
  [[nodiscard]] std::string alarm(std::string_view text) const { return paint("1;31", text); }
  [[nodiscard]] std::string accent(std::string_view text) const { return paint("36", text); }

 private:
  [[nodiscard]] std::string paint(std::string_view code, std::string_view text) const;
};

/// Style of stdout. `when` (always, never) wins over NO_COLOR, that over FORCE_COLOR, that over what stdout
/// is.
[[nodiscard]] Style stdout_style(std::string_view when);

/// The text without anything that a terminal would obey: control characters become '?', bytes that are not
/// UTF-8 become U+FFFD. Names in a ledger come from the recorded program and may hold anything.
[[nodiscard]] std::string printable(std::string_view text);

/// Columns of UTF-8 text, one for each character.
[[nodiscard]] std::size_t columns(std::string_view text);

/// Cuts to so many columns, "..." in place of what is cut: at the end, or at the start (the end of a path
/// says more).
[[nodiscard]] std::string cut_end(std::string_view text, std::size_t width);
[[nodiscard]] std::string cut_start(std::string_view text, std::size_t width);

}  // namespace heapledger::cli
