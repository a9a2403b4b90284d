// Reading of the HEAPLEDGER_* variables without libc's getenv, which may not be ready yet.
#include "settings.h"

#include <cstring>

#include "sys.h"

extern char** environ;

namespace heapledger {

constinit Settings g_settings;

namespace {

// What sets a field says whether it could take the value.

bool set_text(char (&field)[kMaxText], const char* value, const char* /*values*/) noexcept {
  const std::size_t size = std::strlen(value);
  if (size >= kMaxText) return false;
  std::memcpy(field, value, size + 1);
  return true;
}

bool set_wish(char (&field)[kMaxText], const char* value, const char* values) noexcept {
  return set_text(field, value, values) || !set_text(field, "?", values);
}

/// Position of `value` in "a|b|c"; unknown values leave the field alone, and an empty one is none.
bool set_choice(unsigned& field, const char* value, const char* values) noexcept {
  if (*value == '\0') return true;
  const std::size_t size = std::strlen(value);
  unsigned position = 0;
  for (const char* at = values;; ++position) {
    const char* end = std::strchr(at, '|');
    const std::size_t length = end != nullptr ? static_cast<std::size_t>(end - at) : std::strlen(at);
    if (length == size && std::memcmp(at, value, size) == 0) return field = position, true;
    if (end == nullptr) return false;
    at = end + 1;
  }
}

void note(Option option, bool taken) noexcept {
  g_settings.not_taken = (g_settings.not_taken & ~bit_of(option)) | (taken ? 0 : bit_of(option));
}

void apply(const char* entry) noexcept {
  if (std::strncmp(entry, "HEAPLEDGER_", 11) != 0) return;
#define HEAPLEDGER_OPTION(field, kind, name, fallback, values, meaning) \
  if (std::strncmp(entry, name "=", sizeof(name)) == 0)                 \
    note(Option::field, set_##kind(g_settings.field, entry + sizeof(name), values));
#include "../trace/options.def"
#undef HEAPLEDGER_OPTION
}

void apply_block(const char* block, std::size_t size) noexcept {
  for (const char* at = block; at < block + size && *at != '\0'; at += std::strlen(at) + 1) apply(at);
}

}  // namespace

void read_settings() noexcept {
  g_settings.not_taken = 0;
#define HEAPLEDGER_OPTION(field, kind, name, fallback, values, meaning) \
  set_##kind(g_settings.field, fallback, values);
#include "../trace/options.def"
#undef HEAPLEDGER_OPTION
  if (environ != nullptr) {
    for (char** entry = environ; *entry != nullptr; ++entry) apply(*entry);
    return;
  }
  constexpr std::size_t kRoom = 4u << 20;
  auto* block = static_cast<char*>(sys::map_memory(kRoom));
  if (block == nullptr) return;
  const std::size_t size = sys::read_file("/proc/self/environ", block, kRoom - 1);
  apply_block(block, size);
  sys::unmap_memory(block, kRoom);
}

}  // namespace heapledger
