// What HEAPLEDGER_GC and HEAPLEDGER_SLOTS say. The shim reads them with this, and the analyzer checks them with this
// before anything runs, so that both understand the same.
#pragma once

#include <cstdint>
#include <string_view>

namespace heapledger::trace {

/// Of Kind::control, and the name of the option.
inline constexpr std::string_view kControlGc = "gc";
inline constexpr std::string_view kControlSlots = "slots";
inline constexpr std::string_view kControlEvents = "events";
/// Of a HEAPLEDGER_* variable, which is the subject, whose value could not be taken.
inline constexpr std::string_view kControlVariable = "variable";

/// "off", "freeze" or "threshold=G0[,G1[,G2]]"
struct GcControl {
  enum class What : unsigned char { none, off, freeze, threshold, unknown };
  What what = What::none;
  unsigned count = 0;  ///< of thresholds
  int thresholds[3] = {};
};

/// A whole number that fits an int; false when the text is anything else.
constexpr bool parse_threshold(std::string_view text, int& value) noexcept {
  std::uint64_t number = 0;
  if (text.empty() || text.size() > 10) return false;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    number = number * 10 + static_cast<std::uint64_t>(c - '0');
  }
  value = static_cast<int>(number);
  return number <= 0x7fffffff;
}

/// The text up to the next separator; `rest` is what stands behind that.
constexpr std::string_view take_part(std::string_view& rest, char separator) noexcept {
  const std::size_t at = rest.find(separator);
  const std::string_view part{rest.data(), at == std::string_view::npos ? rest.size() : at};  // substr may throw
  rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + 1);
  return part;
}

constexpr GcControl parse_gc(std::string_view text) noexcept {
  using What = GcControl::What;
  constexpr std::string_view kThreshold = "threshold=";
  if (text.empty()) return {};
  if (text == "off") return {What::off};
  if (text == "freeze") return {What::freeze};
  GcControl control{What::threshold};
  if (!text.starts_with(kThreshold) || text.ends_with(',')) return {What::unknown};
  text.remove_prefix(kThreshold.size());
  for (std::string_view rest = text; control.count == 0 || !rest.empty(); ++control.count)
    if (control.count == 3 || !parse_threshold(take_part(rest, ','), control.thresholds[control.count]))
      return {What::unknown};
  return control;
}

/// One class of HEAPLEDGER_SLOTS: "MODULE:CLASS=NAME+NAME", with no name behind "=" for a class whose objects have no
/// attributes but those of its bases. A part that is missing is empty.
struct SlotsControl {
  std::string_view subject;  ///< "MODULE:CLASS"; the whole text when there is no colon
  std::string_view module;
  std::string_view qualname;
  std::string_view names;    ///< separated by '+'
  bool listed = false;       ///< there is a "="
  [[nodiscard]] constexpr bool is_whole() const noexcept {
    return !module.empty() && !qualname.empty() && listed;
  }
};

/// Shortest whole entry with its separator ("m:C=,"), for tables that must hold every entry of a text.
inline constexpr std::size_t kShortestSlots = 5;

/// Takes the first class off `rest`, which is not empty.
constexpr SlotsControl take_slots(std::string_view& rest) noexcept {
  SlotsControl control;
  control.names = take_part(rest, ',');
  const std::size_t size = control.names.size();
  control.subject = take_part(control.names, '=');
  control.listed = control.subject.size() < size;
  control.qualname = control.subject;
  control.module = take_part(control.qualname, ':');
  return control;
}

}  // namespace heapledger::trace
