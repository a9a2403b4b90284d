// Reading of output files.
#include "content.h"

#include <array>
#include <deque>
#include <fstream>
#include <string_view>

namespace heapledger::compare {

std::uint64_t content_of(const std::string& path) {
  std::uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/
  std::ifstream file(path, std::ios::binary);
  std::array<char, 64 * 1024> part;
  while (file.read(part.data(), part.size()), file.gcount() > 0)
    for (const char c : std::string_view(part.data(), static_cast<std::size_t>(file.gcount())))
      hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

std::string last_lines(const std::string& path) {
  constexpr std::size_t kLines = 5, kBytes = 200;
  std::ifstream file(path);
  std::deque<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (line.empty()) continue;
    lines.push_back(line.substr(0, kBytes));
    if (lines.size() > kLines) lines.pop_front();
  }
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : "\n") + line;
  return text;
}

}  // namespace heapledger::compare
