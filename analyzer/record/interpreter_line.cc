// Follows #! lines as execve(2) and env(1) do.
#include "interpreter_line.h"

#include <unistd.h>

#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "command_search.h"
#include "elf_image.h"
#include "refusal.h"

namespace heapledger::record {
namespace {

constexpr std::size_t kKernelReads = 256;  ///< BINPRM_BUF_SIZE
constexpr int kKernelDepth = 5;            ///< deeper scripts of scripts end with ELOOP

std::string first_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes(kKernelReads, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  return bytes;
}

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// The command behind `env`, `env -S WORDS`, `env A=B`: the first word that is no option and no assignment.
std::string command_of_env(const std::vector<std::string>& line) {
  std::istringstream words(line.size() > 1 ? line[1] : "");
  for (std::string word; words >> word;)
    if (!word.starts_with('-') && word.find('=') == std::string::npos) return word;
  return {};
}

[[noreturn]] void refuse_missing(const std::string& script, const std::string& interpreter) {
  const bool is_dos = interpreter.ends_with('\r');
  throw BadUsage(fmt::format("'{}' names an interpreter in its first line that does not exist, '{}'{}",
                             script,
                             is_dos ? interpreter.substr(0, interpreter.size() - 1) + "\\r" : interpreter,
                             is_dos ? "; its lines end as on Windows, convert it with sed -i 's/\\r$//'"
                                    : "; correct that line or name the interpreter in the command"));
}

/// What runs `script`: one step. Empty: the script is no script.
std::string next_interpreter(const std::string& script) {
  const std::vector<std::string> line = interpreter_line(script);
  if (line.empty()) return {};
  std::string interpreter = line[0];
  if (interpreter.substr(interpreter.rfind('/') + 1) == "env") {
    const std::string name = command_of_env(line);
    if (name.empty()) return interpreter;
    interpreter = name.find('/') == std::string::npos ? search_path(name) : name;
    if (interpreter.empty()) refuse_missing(script, name);
  }
  if (::access(interpreter.c_str(), F_OK) != 0) refuse_missing(script, interpreter);
  return interpreter;
}

}  // namespace

std::vector<std::string> interpreter_line(const std::string& path) {
  const std::string bytes = first_bytes(path);
  if (!bytes.starts_with("#!")) return {};
  const std::string_view line = trim(std::string_view(bytes).substr(2, bytes.find('\n') - 2));
  if (line.empty()) return {};
  const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
  std::vector<std::string> words{std::string(line.substr(0, end))};
  if (const std::string_view argument = trim(line.substr(end)); !argument.empty())
    words.emplace_back(argument);
  return words;
}

std::string find_binary(const std::string& path) {
  std::string at = path;
  for (int depth = 0; depth < kKernelDepth; ++depth) {
    std::string next = next_interpreter(at);
    if (next.empty()) break;
    at = std::move(next);
  }
  const bool is_text = !read_elf_image(at) && interpreter_line(at).empty() && ::access(at.c_str(), R_OK) == 0;
  return is_text ? "/bin/sh" : at;
}

}  // namespace heapledger::record
