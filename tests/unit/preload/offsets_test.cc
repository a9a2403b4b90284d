// The offset table against the interpreters of this machine: their headers, and what they say of themselves.
#include "../../../preload/python/offsets.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace heapledger::python {
namespace {

using Fields = std::map<std::string, long>;

/// The row under the names of dump_layouts.py.
Fields fields_of(const Layout& l) {
#define FIELD(name) {#name, l.name}
  return {FIELD(tstate_thread_id), FIELD(tstate_frame),      FIELD(cframe_frame),    FIELD(frame_previous),
          FIELD(frame_code),       FIELD(frame_position),    FIELD(frame_owner),     FIELD(frame_tlbc_index),
          FIELD(code_filename),    FIELD(code_name),         FIELD(code_first_line), FIELD(code_line_table),
          FIELD(code_instructions), FIELD(code_tlbc),        FIELD(object_type),     FIELD(str_length),
          FIELD(str_state),        FIELD(str_ascii),         FIELD(str_compact),     FIELD(bytes_data),
          FIELD(str_kind_shift),   FIELD(owner_hidden_from), {"str_flags", 31},
          FIELD(type_name),        FIELD(type_qualname),     FIELD(type_cached_keys), FIELD(dict_keys),
          FIELD(interpreter_lock),
          {"type_basic_size", l.type_name + tp::basic_size},
          {"type_item_size", l.type_name + tp::item_size},
          {"type_flags", l.type_name + tp::flags},
          {"type_weaklist_offset", l.type_name + tp::weaklist_offset},
          {"type_base", l.type_name + tp::base},
          {"type_dict", l.type_name + tp::dict},
          {"type_dict_offset", l.type_name + tp::dict_offset}};
#undef FIELD
}

void add_collector(Fields& fields, const CollectorPlaces& c) {
  fields.insert({{"collector", c.state},
                 {"collector_enabled", c.enabled},
                 {"collector_thresholds", c.thresholds},
                 {"collector_frozen", c.frozen},
                 {"collector_statistics", c.statistics},
                 {"collector_collecting", c.collecting},
                 {"collector_callbacks", c.callbacks},
                 {"collector_freeze_active", c.freeze_active}});
}

/// Versions without a row are recorded without Python stacks.
bool is_expected_to_be_unknown(std::uint32_t hex) {
  const std::uint32_t minor = hex >> 16 & 0xff;
  return minor > 15;
}

void check_interpreter(const nlohmann::json& found) {
  const auto name = found["interpreter"].get<std::string>(), source = found["source"].get<std::string>();
  if (source == "none") {
    std::cout << "SKIPPED: " << name << ": " << found["why"].get<std::string>() << '\n';
    return;
  }
  SCOPED_TRACE(name + " by its " + source);
  const Layout* layout = find_layout(found["hex"], found["free_threaded"]);
  if (layout == nullptr && is_expected_to_be_unknown(found["hex"])) {
    std::cout << "SKIPPED: " << name << ": Python stacks are not supported there\n";
    return;
  }
  ASSERT_NE(layout, nullptr) << "no row for this version";
  Fields row = fields_of(*layout);
  const CollectorPlaces* collector = find_collector_places(found["hex"]);
  ASSERT_NE(collector, nullptr);
  add_collector(row, *collector);
  for (const auto& [field, offset] : found["fields"].items()) {
    ASSERT_TRUE(row.contains(field)) << field;
    EXPECT_EQ(row.at(field), offset.get<long>()) << field;
  }
  std::cout << name << ": " << found["fields"].size() << " fields agree with its " << source << '\n';
}

TEST(Offsets, AgreeWithEveryInterpreterFound) {
  std::FILE* pipe = ::popen("python3 '" HEAPLEDGER_SOURCE "/tests/unit/preload/dump_layouts.py'", "r");
  ASSERT_NE(pipe, nullptr);
  char* line = nullptr;
  std::size_t room = 0;
  int interpreters = 0;
  while (::getline(&line, &room, pipe) > 0) {
    const auto value = nlohmann::json::parse(line);
    if (value.contains("absent")) {
      std::cout << "SKIPPED: no CPython " << value["absent"].get<std::string>() << " on this machine\n";
    } else {
      check_interpreter(value);
      interpreters += value["source"] != "none" ? 1 : 0;
    }
  }
  std::free(line);
  ASSERT_EQ(::pclose(pipe), 0);
  if (interpreters == 0) GTEST_SKIP() << "neither headers nor debug offsets of any CPython on this machine";
}

TEST(Offsets, KnownVersionsHaveARowAndOthersNone) {
  for (std::uint32_t minor = 0; minor < 40; ++minor) {
    const std::uint32_t hex = 3u << 24 | minor << 16;
    const Layout* layout = find_layout(hex | 0x0cf0, false);
    EXPECT_EQ(layout != nullptr, minor >= 8 && minor <= 15) << minor;
    EXPECT_TRUE(layout == nullptr || layout->minor == minor);
    const Layout* free_threaded = find_layout(hex, true);
    EXPECT_TRUE(free_threaded == nullptr || free_threaded->free_threaded);
    EXPECT_EQ(free_threaded != nullptr, minor >= 13 && minor <= 15) << minor;
  }
  EXPECT_EQ(find_layout(0x020712f0, false), nullptr);
  EXPECT_EQ(find_layout(0x04000000, false), nullptr);
  EXPECT_EQ(find_layout(0, false), nullptr);
}

TEST(Offsets, RowsFitTheirKindOfPosition) {
  for (std::uint32_t minor = 8; minor <= 15; ++minor)
    for (const bool free_threaded : {false, true}) {
      const Layout* l = find_layout(3u << 24 | minor << 16, free_threaded);
      if (l == nullptr) continue;
      using enum Position;
      const Position expected = minor <= 9    ? bytes
                                : minor == 10 ? units
                                : minor >= 14 && free_threaded ? thread_local_pointer
                                                               : pointer;
      EXPECT_EQ(l->position_kind, expected) << minor;
      EXPECT_EQ(l->code_instructions != 0, minor >= 11) << minor;
      EXPECT_EQ(l->code_tlbc != 0, expected == thread_local_pointer) << minor;
      EXPECT_EQ(l->frame_tlbc_index != 0, expected == thread_local_pointer) << minor;
      EXPECT_EQ(l->cframe_frame >= 0, minor == 11 || minor == 12) << minor;
    }
}

}  // namespace
}  // namespace heapledger::python
