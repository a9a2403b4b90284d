// Ties the search, the scripts and the checks together; names recordings.
#include "target.h"

#include <string_view>

#include "command_search.h"
#include "interpreter_line.h"
#include "loadable.h"

namespace heapledger::record {
namespace {

/// Leaves room for ".PID.hl.raw" in a file name of 255 bytes.
constexpr std::size_t kMaxName = 200;

std::string_view file_name(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return path.substr(path.rfind('/') + 1);
}

bool is_python(std::string_view name) {
  return name.starts_with("python") && name.find_first_not_of("0123456789.td", 6) == std::string_view::npos;
}

/// One word of options of the interpreter (`-X`, `-Im`, `-Wall`). The letter that takes the rest of the word,
/// or the next word, as its value; '\0' when no letter does. `value` is the rest of the word.
char option_with_value(std::string_view word, std::string_view& value) {
  for (std::size_t i = 1; i < word.size(); ++i)
    if (std::string_view("cmWX").find(word[i]) != std::string_view::npos) {
      value = word.substr(i + 1);
      return word[i];
    }
  return '\0';
}

/// Script or module of a Python command line; empty when it has none (-c, standard input, no argument).
std::string_view python_program(const std::vector<std::string>& command) {
  for (std::size_t i = 1; i < command.size(); ++i) {
    const std::string_view word = command[i];
    if (!word.starts_with('-')) return file_name(word);
    if (word == "-") return {};
    std::string_view value;
    const bool is_long = word.starts_with("--");
    const char letter = is_long ? '\0' : option_with_value(word, value);
    const bool takes_next = word == "--check-hash-based-pycs" || (letter != '\0' && value.empty());
    if (letter == 'c') return {};
    if (letter == 'm') return takes_next && i + 1 < command.size() ? std::string_view(command[i + 1]) : value;
    if (takes_next) ++i;
  }
  return {};
}

}  // namespace

std::string program_name(const std::vector<std::string>& command) {
  std::string_view name = file_name(command.front());
  if (is_python(name))
    if (const std::string_view program = python_program(command); !program.empty()) name = program;
  if (name.size() > 3 && name.ends_with(".py")) name.remove_suffix(3);
  const bool is_dots = name.find_first_not_of('.') == std::string_view::npos;
  return is_dots || name == "/" ? "program" : std::string(name.substr(0, kMaxName));
}

Target find_target(const std::vector<std::string>& command) {
  Target target{find_command(command.front()), command, {}};
  target.binary = find_binary(target.path);
  check_loadable(target.binary, target.path);
  return target;
}

}  // namespace heapledger::record
