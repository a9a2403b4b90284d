// Line tables against the interpreters found on this machine: they say the line of every instruction
// themselves.
#include "../../../analyzer/symbol/python_lines.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace heapledger::symbol {
namespace {

std::vector<std::byte> bytes_of(std::initializer_list<int> numbers) {
  std::vector<std::byte> bytes;
  for (const int n : numbers) bytes.push_back(static_cast<std::byte>(n));
  return bytes;
}

std::vector<std::byte> bytes_of_hex(const std::string& digits) {
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    bytes.push_back(static_cast<std::byte>(std::stoi(digits.substr(i, 2), nullptr, 16)));
  return bytes;
}

/// Standard output of a command, line after line, ended by whether it succeeded.
template <class Each>
bool each_line_of(const std::string& command, const Each& each) {
  std::FILE* pipe = ::popen(command.c_str(), "r");
  char* line = nullptr;
  std::size_t room = 0;
  while (pipe != nullptr && ::getline(&line, &room, pipe) > 0) each(std::string_view(line));
  std::free(line);
  return pipe != nullptr && ::pclose(pipe) == 0;
}

#ifdef __SANITIZE_ADDRESS__
constexpr std::size_t kEach = 9;  // each look reads a table from its begin; a few of each show a read behind its end
#else
constexpr std::size_t kEach = 1;
#endif

/// Compares every instruction of one code object, or every ninth; returns how many.
std::size_t check_code(const nlohmann::json& code) {
  const auto size = code["size"].get<std::size_t>();
  std::vector<std::uint32_t> expected(size, 0);
  for (const auto& range : code["ranges"])
    for (auto at = range[0].get<std::size_t>(); at < std::min(range[1].get<std::size_t>(), size); ++at)
      expected[at] = range[2].get<std::uint32_t>();
  const auto table = bytes_of_hex(code["table"]);
  const auto first = code["first"].get<std::uint32_t>();
  for (std::size_t at = 0; at < size; at += 2 * kEach) {
    const auto line = line_of(code["hex"], first, table, static_cast<std::uint32_t>(at));
    EXPECT_EQ(line, expected[at]) << code["name"] << " at byte " << at;
    if (line != expected[at]) break;
  }
  return size / 2 / kEach;
}

TEST(PythonLines, AgreesWithEveryInterpreterFound) {
  std::map<std::string, std::size_t> instructions;
  std::string interpreter;
  const auto check = [&](std::string_view line) {
    const auto value = nlohmann::json::parse(line);
    if (value.contains("absent")) {
      std::cout << "SKIPPED: no CPython " << value["absent"].get<std::string>() << " on this machine\n";
    } else if (value.contains("interpreter")) {
      instructions[interpreter = value["interpreter"]] = 0;
    } else {
      instructions[interpreter] += check_code(value);
    }
  };
  ASSERT_TRUE(
      each_line_of("python3 '" HEAPLEDGER_SOURCE "/tests/unit/symbol/dump_line_tables.py' --every", check));
  for (const auto& [name, count] : instructions) {
    std::cout << name << ": " << count << " instructions agree\n";
    EXPECT_GT(count, 100000u / kEach) << name;
  }
  if (instructions.empty()) GTEST_SKIP() << "no CPython at all on this machine";
}

TEST(PythonLines, ReadsTheDocumentedExampleOfEachFormat) {
  // Objects/lnotab_notes.txt: byte offsets 0, 6, 50, 350, 361 are lines 1, 2, 7, 207, 208.
  const auto lnotab = bytes_of({0, 1, 6, 1, 44, 5, 255, 0, 45, 127, 0, 73, 11, 1});
  const std::pair<std::uint32_t, std::uint32_t> lines[] = {
      {0, 1}, {5, 1}, {6, 2}, {49, 2}, {50, 7}, {349, 7}, {350, 207}, {360, 207}, {361, 208}, {9999, 208}};
  for (const auto& [offset, line] : lines) EXPECT_EQ(line_of(0x03080000, 0, lnotab, offset), line) << offset;
  // PEP 626: no line for two bytes in the middle.
  const auto linetable = bytes_of({4, 1, 2, 0x80, 6, 0xff});
  for (const auto& [offset, line] :
       {std::pair{0u, 11u}, {3u, 11u}, {4u, 0u}, {6u, 10u}, {11u, 10u}, {12u, 0u}})
    EXPECT_EQ(line_of(0x030a0000, 10, linetable, offset), line) << offset;
  // Locations: one unit no columns +64 (two six-bit groups), two units without location, one of the short
  // form.
  const auto locations = bytes_of({0xe8, 0x40, 0x02, 0xf9, 0x80, 0x12});
  for (const auto& [offset, line] : {std::pair{0u, 74u}, {2u, 0u}, {5u, 0u}, {6u, 74u}, {8u, 0u}})
    EXPECT_EQ(line_of(0x030d00f0, 10, locations, offset), line) << offset;
}

TEST(PythonLines, NothingStartedYetIsTheFirstLine) {
  for (const std::uint32_t version : {0x03080000u, 0x030a0000u, 0x030e0000u}) {
    EXPECT_EQ(line_of(version, 7, bytes_of({0, 9, 2, 9}), 0xffffffff), 7u);
    EXPECT_EQ(line_of(version, 7, bytes_of({0, 9, 2, 9}), 0xfffffffe), 7u);
  }
}

TEST(PythonLines, UnknownIsZero) {
  EXPECT_EQ(line_of(0x030c0000, 7, {}, 0), 0u);
  EXPECT_EQ(line_of(0x030a0000, 7, {}, 0), 0u);
  EXPECT_EQ(line_of(0x03070000, 7, {}, 0), 0u);
  EXPECT_EQ(line_of(0x04000000, 7, {}, 0), 0u);
  EXPECT_EQ(line_of(0x03080000, 0, bytes_of({0, 0x81}), 0), 0u) << "a negative line";
}

TEST(PythonLines, TextsOfEveryKind) {
  EXPECT_EQ(text_of(0, bytes_of({'a', 'b'})), "ab");
  EXPECT_EQ(text_of(1, bytes_of({'a', 0xe9})), "a\xc3\xa9");
  const char16_t two[] = u"\u20ac\u0416z";
  EXPECT_EQ(text_of(2, std::as_bytes(std::span(two, 3))), "\xe2\x82\xac\xd0\x96z");
  const char32_t four[] = {0x1f40d, 'x', 0x10ffff};
  EXPECT_EQ(text_of(4, std::as_bytes(std::span(four))), "\xf0\x9f\x90\x8dx\xf4\x8f\xbf\xbf");
  EXPECT_EQ(text_of(2, {}), "");
}

TEST(PythonLines, WhatIsNoCharacterIsReplaced) {
  const std::string replacement = "\xef\xbf\xbd";
  const std::uint16_t lone[] = {0xd800, 'a', 0xdc80};
  EXPECT_EQ(text_of(2, std::as_bytes(std::span(lone))), replacement + "a" + replacement);
  const std::uint32_t beyond[] = {0x110000, 0xffffffff, 0xdfff};
  EXPECT_EQ(text_of(4, std::as_bytes(std::span(beyond))), replacement + replacement + replacement);
  EXPECT_EQ(text_of(4, bytes_of({'a', 0, 0, 0, 'b', 0})), "a" + replacement) << "cut off";
  EXPECT_EQ(text_of(3, bytes_of({'a', 0, 0})), "");
}

}  // namespace
}  // namespace heapledger::symbol
