// Aligned columns.
#include "table.h"

#include <algorithm>

namespace heapledger::cli {

namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kLeastLast = 12;

std::size_t width_of(const Cell& cell) {
  return columns(cell.text) + (cell.tail.empty() ? 0 : 1 + columns(cell.tail));
}

std::string painted(const Style& style, const Cell& cell) {
  const std::string text = paint(style, cell.ink, cell.text);
  return cell.tail.empty() ? text : text + " " + paint(style, cell.tail_ink, cell.tail);
}

/// False: there is no room for it.
bool cut_last(Cell& cell, std::size_t at, std::size_t width) {
  const std::size_t room = width > at ? width - at : 0;
  if (width_of(cell) <= room) return true;
  cell.tail.clear();
  cell.text = cut_end(cell.text, room);
  return room >= kLeastLast;
}

void strip_end(std::string& line) { line.erase(line.find_last_not_of(' ') + 1); }

}  // namespace

std::string paint(const Style& style, Ink ink, std::string_view text) {
  switch (ink) {
    case Ink::bold:
      return style.bold(text);
    case Ink::dim:
      return style.dim(text);
    case Ink::accent:
      return style.accent(text);
    case Ink::alarm:
      return style.alarm(text);
    case Ink::plain:
      break;
  }
  return std::string{text};
}

std::vector<std::size_t> Table::widths() const {
  std::vector<std::size_t> widths(alignment_.size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t c = 0; c < row.cells.size(); ++c)
      widths[c] = std::max(widths[c], width_of(row.cells[c]));
  }
  for (std::size_t c = 0; c < widths.size(); ++c) {
    if (alignment_[c] == 's') widths[c] = std::min(widths[c], kSoftWidth);
  }
  return widths;
}

std::string Table::text(const Style& style, std::size_t indent) const {
  const auto width = widths();
  std::string result;
  for (const Row& row : rows_) {
    if (row.cells.empty()) {
      std::size_t start = indent;
      for (std::size_t c = 0; c < row.column; ++c) start += width[c] + kGap;
      result.append(start, ' ').append(row.line).append("\n");
      continue;
    }
    std::string line(indent, ' ');
    std::size_t at = indent;
    for (std::size_t c = 0; c < row.cells.size(); ++c) {
      Cell cell = row.cells[c];
      if (c + 1 == alignment_.size() && alignment_[c] == 'l' && !cut_last(cell, at, style.width)) break;
      const std::string padding(width[c] - std::min(width[c], width_of(cell)), ' ');
      line += alignment_[c] == 'r' ? padding + painted(style, cell) : painted(style, cell) + padding;
      line.append(kGap, ' ');
      at += std::max(width[c], width_of(cell)) + kGap;
    }
    strip_end(line);
    result += line + '\n';
  }
  return result;
}

}  // namespace heapledger::cli
