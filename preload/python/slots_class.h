// Slots for one class, between the proxy of its metaclass and the interpreter. Everything needs the GIL.
#pragma once

#include <cstddef>
#include <string_view>

#include "slots.h"

namespace heapledger::python {

/// A text that is written piece by piece and cut where its room ends. nullptr, with an exception, adds nothing.
class Reason {
 public:
  Reason& add(const char* more) noexcept;
  /// "module:name" of a class; only the name of a builtin one.
  Reason& add_class(void* type) noexcept;
  [[nodiscard]] std::string_view view() const noexcept { return {text_, size_}; }

 private:
  char text_[400];
  std::size_t size_ = 0;
};

/// Why a class of these arguments of its metaclass (name, bases, namespace) cannot have slots, as far as it can be said
/// beforehand; false: nothing stands against it.
bool find_reason(void* arguments, std::string_view slots, Reason& reason) noexcept;

/// Makes the class with slots. What only the slots are to blame for is told, and the class is made without them: what a metaclass
/// or __init_subclass__ did before it said no, it does twice.
void* make_slotted(void* metaclass, const SlotsEntry& entry, void* arguments, void* keywords) noexcept;

}  // namespace heapledger::python
