// The table, searched.
#include "metric.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "../record/refusal.h"

namespace heapledger::compare {

namespace {

constexpr MetricKind kKinds[] = {
#define HEAPLEDGER_METRIC(name, source, unit, quantity, title) \
  {MetricId::name, #name, Source::source, Unit::unit, Quantity::quantity, title},
#include "metrics.def"
#undef HEAPLEDGER_METRIC
};

bool is_of_class(MetricId id) noexcept {
  return id == MetricId::class_bytes || id == MetricId::class_instances;
}

}  // namespace

std::span<const MetricKind> metric_kinds() noexcept { return kKinds; }

std::string Metric::name() const {
  return subject.empty() ? std::string(kind->name) : fmt::format("{}:{}", kind->name, subject);
}

std::string Metric::title() const {
  if (kind->id == MetricId::class_bytes) return fmt::format("bytes of {} at the peak", subject);
  if (kind->id == MetricId::class_instances) return fmt::format("instances of {} at the peak", subject);
  return std::string(kind->title);
}

Metric parse_metric(std::string_view word) {
  const std::size_t colon = word.find(':');
  const std::string_view name = word.substr(0, colon);
  const std::string_view subject = colon == word.npos ? std::string_view{} : word.substr(colon + 1);
  for (const MetricKind& kind : kKinds)
    if (kind.name == name && is_of_class(kind.id) != subject.empty()) return {&kind, std::string(subject)};
  std::vector<std::string> known;
  for (const MetricKind& kind : kKinds)
    known.push_back(fmt::format("{}{}", kind.name, is_of_class(kind.id) ? ":CLASS" : ""));
  throw record::BadUsage(fmt::format("'{}' is no metric; there are {}", word, fmt::join(known, ", ")));
}

std::vector<Metric> default_metrics() {
  std::vector<Metric> metrics;
  for (const char* name : {"wall", "cpu", "peak_rss", "minor_faults", "allocations", "allocated_bytes",
                           "peak_bytes", "end_bytes", "collections", "gc_pause"})
    metrics.push_back(parse_metric(name));
  return metrics;
}

}  // namespace heapledger::compare
