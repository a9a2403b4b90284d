// The collector of an interpreter, as its memory has it: for what has to be known where nothing of Python may be called.
#pragma once

#include <cstddef>
#include <cstdint>
#include <link.h>

#pragma GCC visibility push(hidden)  // see meson.build
namespace heapledger::python {

/// Collections of each generation, youngest first.
inline constexpr std::size_t kCollectorGenerations = 3;
struct CollectionCounts {
  std::uint64_t of[kCollectorGenerations];
};

/// Thresholds as the collector has them; what the oldest one means differs by version.
struct CollectorThresholds {
  int of[kCollectorGenerations];
  bool operator==(const CollectorThresholds&) const noexcept = default;
};

/// Reads only. The interpreter is there, and nobody ends it meanwhile.
class CollectorMemory {
 public:
  explicit CollectorMemory(const void* interpreter) noexcept;
  /// False: it is not known where this version keeps it. Nothing else may be asked then.
  explicit operator bool() const noexcept { return state_ != nullptr; }

  [[nodiscard]] bool is_enabled() const noexcept;
  [[nodiscard]] bool is_collecting() const noexcept;
  /// gc.freeze() has set something aside, and gc.unfreeze() was not called; true where that cannot be told.
  [[nodiscard]] bool has_frozen() const noexcept;
  [[nodiscard]] CollectionCounts counts() const noexcept;
  /// Finds out where they are, from what they were just set to: some releases of 3.13 have them 4 bytes before the place of
  /// all others. False: they are nowhere, and must not be asked for.
  [[nodiscard]] bool find_thresholds(const int* set, unsigned count) const noexcept;
  [[nodiscard]] CollectorThresholds thresholds() const noexcept;
  /// Calls visit(object, context) for each object that it knows of, youngest generation first, what was frozen last, until it
  /// returns 0. With the interpreter's lock, and not in a free-threaded build. `in_doubt`: a signal may have come in the midst of
  /// a change; a list ends where that is seen.
  void for_each_object(int (*visit)(void* object, void* context), void* context, bool in_doubt) const noexcept;
  /// Whether its list of callbacks has this one; true where there is no list any more.
  [[nodiscard]] bool calls_back(const void* callback) const noexcept;

 private:
  const std::byte* state_ = nullptr;
};

/// Of the calling thread, which holds the lock; nullptr: it has none.
[[nodiscard]] const void* running_interpreter() noexcept;

/// Looks up what 3.8 needs; called once, when the interpreter is found.
void find_collector_memory(const link_map& object) noexcept;

}  // namespace heapledger::python
#pragma GCC visibility pop
