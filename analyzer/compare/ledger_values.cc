// Queries behind the metrics of recorded runs.
#include "ledger_values.h"

#include <algorithm>
#include <limits>

#include "../query/collections.h"
#include "../query/profile.h"
#include "../query/types.h"

namespace heapledger::compare {

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// The scans, each made once and only when a metric asks for it.
class LedgerFigures {
 public:
  explicit LedgerFigures(const ledger::Reader& reader)
      : reader_(reader), slots_(reader), profile_(query::profile(reader, slots_, {}, {})) {}

  double value(const Metric& metric) {
    const query::Sums& totals = profile_.totals;
    switch (metric.kind->id) {
      case MetricId::allocations:
        return static_cast<double>(totals.allocations);
      case MetricId::allocated_bytes:
        return static_cast<double>(totals.allocated_bytes);
      case MetricId::peak_bytes:
        return static_cast<double>(profile_.moment.bytes);
      case MetricId::peak_blocks:
        return static_cast<double>(profile_.moment.blocks);
      case MetricId::end_bytes:
        return static_cast<double>(totals.end_bytes);
      case MetricId::end_blocks:
        return static_cast<double>(totals.end_blocks);
      case MetricId::collections:
        return collections();
      case MetricId::gc_pause:
        return pauses();
      case MetricId::class_bytes:
        return static_cast<double>(of_class(metric.subject).bytes);
      case MetricId::class_instances:
        return static_cast<double>(of_class(metric.subject).instances);
      default:
        return kNone;
    }
  }

 private:
  struct OfClass {
    std::uint64_t bytes = 0, instances = 0;
  };

  [[nodiscard]] bool has_python() const {
    return std::ranges::any_of(reader_.processes(), [](const auto& p) { return p.collections_watched; });
  }

  [[nodiscard]] double collections() const {
    std::uint64_t count = 0;
    for (const ledger::Process& p : reader_.processes()) count += query::collections_in_all(p);
    return has_python() ? static_cast<double>(count) : kNone;
  }

  [[nodiscard]] double pauses() const {
    std::uint64_t ns = 0;
    for (const ledger::Process& p : reader_.processes())
      ns += query::total(query::collections_of(p)).pause_ns;
    return has_python() ? static_cast<double>(ns) * 1e-9 : kNone;
  }

  /// Zero for a class that this run never made.
  OfClass of_class(const std::string& name) {
    if (types_.empty()) types_ = query::sum_types(reader_, slots_, profile_);
    std::vector<std::uint8_t> wanted;
    try {
      wanted = query::select_types({name}, reader_);
    } catch (const FileError&) {
      return {};
    }
    OfClass sum;
    for (const query::TypeSums& t : types_) {
      if (wanted[t.type] == 0) continue;
      sum.bytes += t.all().peak_bytes;
      sum.instances += t.instances.peak_blocks;
    }
    return sum;
  }

  const ledger::Reader& reader_;
  const query::Slots slots_;
  const query::Profile profile_;
  std::vector<query::TypeSums> types_;
};

}  // namespace

Values values_of(const ledger::Reader& reader, const Plan& plan) {
  LedgerFigures figures(reader);
  Values values;
  for (const Metric& metric : plan.metrics) values.push_back(figures.value(metric));
  return values;
}

}  // namespace heapledger::compare
