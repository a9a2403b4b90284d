// Lines of CPython code objects from their own tables, and texts of CPython strings, as the shim copied them.
//
// Both functions take bytes from a trace, that is from anywhere: damaged ones give 0 or U+FFFD, never an
// error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace heapledger::symbol {

/// The line that `code.co_lines()` of that interpreter (before 3.10: dis.findlinestarts) gives for an
/// instruction.
///
/// version_hex is PY_VERSION_HEX; table is co_lnotab (3.8, 3.9) or co_linetable (3.10 and later); first_line
/// is co_firstlineno. `offset` counts bytes from the first instruction; a negative number kept in it (-1, or
/// -2 since 3.11: no instruction has started yet) means the first line. A call spread over several lines has
/// the line that the compiler gave its call instruction, usually the first. Returns 0 when the instruction
/// has no line, lies outside of the table, or the version has no known table.
[[nodiscard]] std::uint32_t line_of(std::uint32_t version_hex, std::uint32_t first_line,
                                    std::span<const std::byte> table, std::uint32_t offset);

/// UTF-8 of a Python str as it lies in memory, native byte order. `kind` is 0 for ASCII, 1 for Latin-1, 2 for
/// UCS2 and 4 for UCS4 (bytes a character; ASCII apart). Surrogates and numbers that are no characters become
/// U+FFFD, as does a character cut off at the end; an unknown kind gives an empty text.
[[nodiscard]] std::string text_of(std::uint32_t kind, std::span<const std::byte> raw);

}  // namespace heapledger::symbol
