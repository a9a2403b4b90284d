// The HEAPLEDGER_* variables as the shim understands them. The table is trace/options.def.
#pragma once

#include <cstddef>

#include "../trace/format.h"

#pragma GCC visibility push(hidden)  // see meson.build
namespace heapledger {

using trace::kMaxText;

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

  [[nodiscard]] Stacks stack_mode() const noexcept { return static_cast<Stacks>(stacks); }
  [[nodiscard]] bool follows_reuse() const noexcept { return static_cast<Reuse>(reuse) == Reuse::on; }
  [[nodiscard]] Events wanted_events() const noexcept { return static_cast<Events>(events); }
};

/// Kept for the life of the process; forked children inherit them. Filled by read_settings().
extern constinit Settings g_settings;

/// Reads the environment as the kernel handed it over, from `environ` or, before libc has set that, from /proc.
/// A value that is not in its table counts as unset; texts that are too long: see trace/options.def.
void read_settings() noexcept;

}  // namespace heapledger
#pragma GCC visibility pop
