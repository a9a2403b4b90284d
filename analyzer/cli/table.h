// Columns of text for the terminal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "terminal.h"

namespace heapledger::cli {

enum class Ink : unsigned char { plain, bold, dim, accent, alarm };

struct Cell {
  std::string text;  ///< printable
  Ink ink = Ink::plain;
  std::string tail;  ///< stands behind the text, one blank between them
  Ink tail_ink = Ink::accent;
};

inline constexpr std::size_t kSoftWidth = 32;

/// Cells of a row are two columns apart and as wide as the widest of their column. The last left-aligned
/// column is cut to the style's width, and left out of a row when fewer than 12 columns remain for it.
class Table {
 public:
  /// One letter a column: 'r' right-aligned, 'l' left-aligned, 's' left-aligned in a column of at most
  /// kSoftWidth, wider cells push what follows to the right.
  explicit Table(std::string_view alignment) : alignment_(alignment) {}
  /// A row may end early.
  void row(std::vector<Cell> cells) { rows_.push_back({std::move(cells), {}, 0}); }
  /// A line of its own, as it is, from a column on.
  void line(std::size_t column, std::string text) { rows_.push_back({{}, std::move(text), column}); }
  [[nodiscard]] std::string text(const Style& style, std::size_t indent = 2) const;

 private:
  [[nodiscard]] std::vector<std::size_t> widths() const;

  std::string alignment_;
  struct Row {
    std::vector<Cell> cells;
    std::string line;  ///< instead of cells
    std::size_t column = 0;
  };
  std::vector<Row> rows_;
};

[[nodiscard]] std::string paint(const Style& style, Ink ink, std::string_view text);

}  // namespace heapledger::cli
