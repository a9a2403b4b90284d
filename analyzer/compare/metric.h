// The metrics of an experiment: the table of metrics.def, and the words of the user.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace heapledger::compare {

enum class Source : unsigned char { clean, recorded };
enum class Unit : unsigned char { seconds, bytes, count };
/// What kind of quantity it is: each has a practical threshold of its own.
enum class Quantity : unsigned char { time, memory, count };

enum class MetricId : unsigned char {
#define HEAPLEDGER_METRIC(name, source, unit, quantity, title) name,
#include "metrics.def"
#undef HEAPLEDGER_METRIC
};

struct MetricKind {
  MetricId id;
  std::string_view name;
  Source source;
  Unit unit;
  Quantity quantity;
  std::string_view title;
};

[[nodiscard]] std::span<const MetricKind> metric_kinds() noexcept;

/// A metric that was asked for.
struct Metric {
  const MetricKind* kind = nullptr;
  std::string subject;  ///< the class of class_bytes and class_instances; else empty

  [[nodiscard]] std::string name() const;  ///< "peak_rss", "class_bytes:shop.Book"
  [[nodiscard]] std::string title()
      const;  ///< "greatest resident memory ...", "bytes of shop.Book at the peak ..."
};

/// Of a word as name() writes it. Throws record::BadUsage that lists the metrics there are.
[[nodiscard]] Metric parse_metric(std::string_view word);

/// What is measured when nobody says what.
[[nodiscard]] std::vector<Metric> default_metrics();

}  // namespace heapledger::compare
