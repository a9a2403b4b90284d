// The offset table of CPython 3.8 to 3.15.
#include "offsets.h"

#include <cstring>

#include "../../trace/format.h"

namespace heapledger::python {

namespace {

using enum Position;

constexpr std::uint8_t kDict = trace::kManagedDict, kBoth = trace::kManagedDict | trace::kManagedWeakref;

// clang-format off
constexpr Layout kLayouts[] = {
  // ver  FT     position              own  tid  frame cfr  prev code pos own tlbc  file name line table instr tlbc type len state ascii comp bytes shift  tp_name qualname cached dkeys log gc pre lock
  {  8, false, bytes,                  0, 176,  24,  -1,  24, 32, 104,  0,  0,  104, 112, 40, 120,   0,   0,  8, 16, 32, 48, 72, 32, 2, 24, 864, 872, 32, false, 16, 0, 0},
  {  9, false, bytes,                  0, 176,  24,  -1,  24, 32, 104,  0,  0,  104, 112, 40, 120,   0,   0,  8, 16, 32, 48, 72, 32, 2, 24, 856, 864, 32, false, 16, 0, 0},
  { 10, false, units,                  0, 176,  24,  -1,  24, 32,  96,  0,  0,  104, 112, 40, 120,   0,   0,  8, 16, 32, 48, 72, 32, 2, 24, 864, 872, 32, false, 16, 0, 0},
  { 11, false, pointer,                0, 152,  56,   8,  48, 32,  56, 69,  0,  112, 128, 72, 136, 184,   0,  8, 16, 32, 48, 72, 32, 2, 24, 864, 872, 32, true, 16, kDict, 0},
  { 12, false, pointer,                3, 136,  56,   0,   8,  0,  56, 70,  0,  112, 128, 68, 136, 192,   0,  8, 16, 32, 40, 56, 32, 2, 24, 872, 880, 32, true, 16, kBoth, 384},
  { 13, false, pointer,                3, 152,  72,  -1,   8,  0,  56, 70,  0,  112, 128, 68, 136, 200,   0,  8, 16, 32, 40, 56, 32, 2, 24, 872, 880, 32, true, 16, kBoth, 16},
  { 13, true,  pointer,                3, 152,  72,  -1,   8,  0,  56, 70,  0,  128, 144, 84, 152, 216,   0, 24, 32, 48, 56, 72, 48, 2, 40, 888, 896, 48, true, 0, kBoth, 16},
  { 14, false, pointer,                3, 152,  72,  -1,   8,  0,  56, 74,  0,  112, 128, 68, 136, 208,   0,  8, 16, 32, 40, 56, 32, 2, 24, 872, 880, 32, true, 16, kBoth, 16},
  { 14, true,  thread_local_pointer,   3, 152,  72,  -1,   8,  0,  56, 78, 72,  128, 144, 84, 152, 232, 224, 24, 32, 48, 56, 72, 48, 8, 40, 888, 896, 48, true, 0, kBoth, 16},
  { 15, false, pointer,                3, 176,  72,  -1,   8,  0,  56, 74,  0,  112, 128, 68, 136, 208,   0,  8, 16, 32, 40, 56, 32, 2, 24, 880, 888, 32, true, 16, kBoth, 16},
  { 15, true,  thread_local_pointer,   3, 176,  72,  -1,   8,  0,  56, 78, 72,  128, 144, 84, 152, 232, 224, 24, 32, 48, 56, 72, 48, 8, 40, 896, 904, 48, true, 0, kBoth, 16},
};

constexpr CollectorPlaces kCollectors[] = {
  // ver state on  limits frozen stats busy calls freeze
  {  8,   344, 12,   40,   104,  128,  200,  216,    0},
  {  9,   616, 12,   40,   104,  128,  200,  216,    0},
  { 10,   616, 12,   40,   104,  128,  200,  216,    0},
  { 11,   648, 12,   40,   104,  128,  200,  216,    0},
  { 12,   112, 12,   40,   104,  128,  200,  216,    0},
  { 13,  7400, 12,   40,   104,  128,  200,  216,    0},
  { 14,  7408, 12,   40,    96,  120,  192,  208,  256},
  { 15,  7400,  0,   24,    80,  104,  112,  136,  168},
};
// clang-format on

constexpr std::uint16_t place_of(std::uint16_t CollectorPlaces::*word, unsigned minor) noexcept {
  for (const CollectorPlaces& places : kCollectors)
    if (places.minor == minor) return static_cast<std::uint16_t>(places.state + places.*word);
  return 0;
}

}  // namespace

const Layout* find_layout(std::uint32_t version_hex, bool free_threaded) noexcept {
  if (version_hex >> 24 != 3) return nullptr;
  const std::uint32_t minor = (version_hex >> 16) & 0xff;
  for (const Layout& layout : kLayouts)
    if (layout.minor == minor && layout.free_threaded == free_threaded) return &layout;
  return nullptr;
}

const CollectorSwitch* find_collector_switch(std::uint32_t version_hex) noexcept {
  static constexpr CollectorSwitch k38{true, place_of(&CollectorPlaces::enabled, 8)},
      k39{false, place_of(&CollectorPlaces::enabled, 9)};
  const std::uint32_t minor = version_hex >> 16;
  return minor == 0x0308 ? &k38 : minor == 0x0309 ? &k39 : nullptr;
}

const CollectorPlaces* find_collector_places(std::uint32_t version_hex) noexcept {
  for (const CollectorPlaces& places : kCollectors)
    if (version_hex >> 16 == (0x0300u | places.minor)) return &places;
  return nullptr;
}

const std::uint8_t* find_list_lock(const void* runtime) noexcept {
  constexpr std::size_t kListHead = 5;  // which of the words
  std::uint64_t words[kListHead + 1];
  if (runtime == nullptr) return nullptr;
  std::memcpy(words, runtime, sizeof words);
  if (std::memcmp(words, "xdebugpy", 8) != 0) return nullptr;
  return static_cast<const std::uint8_t*>(runtime) + words[kListHead] - sizeof(void*);
}

std::uint16_t callbacks_offset(std::uint32_t version_hex) noexcept {
  return version_hex >> 16 == 0x0309 ? place_of(&CollectorPlaces::callbacks, 9) : 0;
}

}  // namespace heapledger::python
