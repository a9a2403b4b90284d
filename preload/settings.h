// The HEAPLEDGER_* variables as the shim understands them. The table is trace/options.def.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../trace/format.h"

#pragma GCC visibility push(hidden)  // see meson.build
namespace heapledger {

using trace::kMaxText;

/// The table's rows.
enum class Option : unsigned char {
#define HEAPLEDGER_OPTION(field, kind, name, fallback, values, meaning) field,
#include "../trace/options.def"
#undef HEAPLEDGER_OPTION
};
constexpr std::uint32_t bit_of(Option option) noexcept { return 1u << static_cast<unsigned>(option); }

/// Values of the table's choices, by position in "values".
enum class Stacks : unsigned char { python = 0, none = 1 };
enum class Events : unsigned char { all = 0, none = 1 };
enum class Reuse : unsigned char { on = 0, off = 1 };

struct Settings {
#define HEAPLEDGER_KIND_text(field) char field[kMaxText] = {};
#define HEAPLEDGER_KIND_wish(field) HEAPLEDGER_KIND_text(field)
#define HEAPLEDGER_KIND_choice(field) unsigned field = 0;
#define HEAPLEDGER_OPTION(field, kind, name, fallback, values, meaning) HEAPLEDGER_KIND_##kind(field)
#include "../trace/options.def"
#undef HEAPLEDGER_OPTION
#undef HEAPLEDGER_KIND_text
#undef HEAPLEDGER_KIND_wish
#undef HEAPLEDGER_KIND_choice
  std::uint32_t not_taken = 0;  ///< bits of the variables whose values could not be taken

  [[nodiscard]] Stacks stack_mode() const noexcept { return static_cast<Stacks>(stacks); }
  [[nodiscard]] bool follows_reuse() const noexcept { return static_cast<Reuse>(reuse) == Reuse::on; }
  [[nodiscard]] Events wanted_events() const noexcept { return static_cast<Events>(events); }
};

/// Kept for the life of the process; forked children inherit them. Filled by read_settings().
extern constinit Settings g_settings;

/// Reads the environment as the kernel handed it over, from `environ` or, before libc has set that, from /proc.
/// A value that is not in its table counts as unset; texts that are too long: see trace/options.def.
void read_settings() noexcept;

/// Calls tell(variable, why) for each whose value could not be taken: the process runs without it.
template <class Tell>
void for_each_not_taken(Tell&& tell) noexcept {
#define HEAPLEDGER_KIND_text(values, fallback) "its value is too long"
#define HEAPLEDGER_KIND_wish(values, fallback) HEAPLEDGER_KIND_text(values, fallback)
#define HEAPLEDGER_KIND_choice(values, fallback) "its value is none of " values ", so it was taken for " fallback
#define HEAPLEDGER_OPTION(field, kind, name, fallback, values, meaning) \
  if ((g_settings.not_taken & bit_of(Option::field)) != 0) tell(name, HEAPLEDGER_KIND_##kind(values, fallback));
#include "../trace/options.def"
#undef HEAPLEDGER_OPTION
#undef HEAPLEDGER_KIND_text
#undef HEAPLEDGER_KIND_wish
#undef HEAPLEDGER_KIND_choice
}

}  // namespace heapledger
#pragma GCC visibility pop
