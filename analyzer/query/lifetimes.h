// How long blocks live: by decades of time, and those that stay until the end.
#pragma once

#include <array>
#include <cstdint>

#include "profile.h"

namespace heapledger::query {

/// Upper bounds of the classes of lives, microseconds; longer ones have a class of their own. Times are exact
/// to about a millisecond, so nothing finer is told apart.
inline constexpr std::array<std::uint64_t, 5> kLifeBounds = {1'000, 10'000, 100'000, 1'000'000, 10'000'000};

struct Lifetimes {
  std::array<std::uint64_t, kLifeBounds.size() + 1> freed{};  ///< blocks by their life
  std::uint64_t alive = 0;  ///< until the end of the process, or of the time window
  [[nodiscard]] std::uint64_t blocks() const noexcept;
};

/// Of the wanted blocks; continuations (ledger::Site) count in no allocation and not here. One scan. Throws
/// as profile() does.
[[nodiscard]] Lifetimes lifetimes(const ledger::Reader& reader, const Filter& filter,
                                  const ProgressFn& progress);

}  // namespace heapledger::query
