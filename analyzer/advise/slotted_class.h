// A class that is to get __slots__: what the user asked for, with the names that a recording adds.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace heapledger::advise {

struct SlottedClass {
  std::string module;
  std::string qualname;            ///< "Outer.Inner", "make.<locals>.Row"
  std::vector<std::string> names;  ///< of its attributes
  bool listed = false;             ///< they are known; there may be none, when all attributes are of its bases
};

/// "shop:Book", as --slots has it.
[[nodiscard]] inline std::string subject(const SlottedClass& c) { return c.module + ':' + c.qualname; }

/// As Python's grammar has it; of letters beyond ASCII Python itself is the judge.
[[nodiscard]] inline bool is_identifier(std::string_view text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto is_inner = [&](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || c == '_' || is_digit(c) ||
           byte >= 0x80;
  };
  return !text.empty() && !is_digit(text.front()) && std::ranges::all_of(text, is_inner);
}

/// Parts between dots, each an identifier; `local` allows "<locals>" and "<lambda>" as well.
[[nodiscard]] inline bool is_dotted(std::string_view text, bool local) {
  while (true) {
    const std::size_t end = text.find('.');
    const std::string_view part = text.substr(0, end);
    if (!is_identifier(part) && !(local && (part == "<locals>" || part == "<lambda>"))) return false;
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + 1);
  }
}

/// Whether --slots can name the class.
[[nodiscard]] inline bool is_class_name(std::string_view module, std::string_view qualname) {
  return is_dotted(module, false) && is_dotted(qualname, true);
}

}  // namespace heapledger::advise
