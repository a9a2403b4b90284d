// Aligned columns.
#include "table.h"

#include <algorithm>

namespace heapledger::cli {

namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kLeastLast = 12;

void strip_end(std::string& line) { line.erase(line.find_last_not_of(' ') + 1); }

}  // namespace

std::string paint(const Style& style, Ink ink, std::string_view text) {
  switch (ink) {
    case Ink::bold: return style.bold(text);
    case Ink::dim: return style.dim(text);
    case Ink::accent: return style.accent(text);
    case Ink::alarm: return style.alarm(text);
    case Ink::plain: break;
  }
  return std::string{text};
}

std::vector<std::size_t> Table::widths() const {
  std::vector<std::size_t> widths(alignment_.size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], columns(row[c].text));
  }
  return widths;
}

std::string Table::text(const Style& style, std::size_t indent) const {
  const auto width = widths();
  std::string result;
  for (const auto& row : rows_) {
    std::string line(indent, ' ');
    std::size_t at = indent;
    for (std::size_t c = 0; c < row.size(); ++c) {
      const bool last = c + 1 == alignment_.size() && alignment_[c] == 'l';
      const std::size_t room = style.width > at ? style.width - at : 0;
      if (last && room < kLeastLast && columns(row[c].text) > room) break;
      const std::string cell = last ? cut_end(row[c].text, room) : row[c].text;
      const std::string padding(width[c] - std::min(width[c], columns(cell)), ' ');
      const std::string painted = paint(style, row[c].ink, cell);
      line += alignment_[c] == 'r' ? padding + painted : painted + padding;
      line.append(kGap, ' ');
      at += width[c] + kGap;
    }
    strip_end(line);
    result += line + '\n';
  }
  return result;
}

}  // namespace heapledger::cli
