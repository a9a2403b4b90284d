// A few lines on what was found, for the end of a recording.
#include "findings.h"

#include <fmt/format.h>

#include "../query/groups.h"
#include "../query/profile.h"
#include "places.h"
#include "report.h"
#include "units.h"

namespace heapledger::cli {

namespace {

using query::Metric;

/// Names the line of code that leads by a figure.
class Leaders {
 public:
  explicit Leaders(const ledger::Reader& reader)
      : reader_(reader),
        slots_(reader),
        profile_(query::profile(reader, slots_, {}, {})),
        places_(reader),
        groups_(query::group(reader, slots_, profile_, query::GroupBy::line)) {}

  [[nodiscard]] const query::Profile& profile() const { return profile_; }
  /// What may be wrong with them.
  [[nodiscard]] std::string caveat() const { return stale_finding(reader_, slots_, profile_); }

  /// "app.py:42 load_rows (512.0 MiB, 63.0%)"
  [[nodiscard]] std::string leader(Metric metric) {
    query::sort(groups_, reader_, metric);
    const query::Group& first = groups_.front();
    const std::string function = places_.function(first.key, query::GroupBy::line);
    const std::uint64_t v = value(first.sums, metric);
    return fmt::format("{}{}{} ({}, {})", places_.where(first.key, query::GroupBy::line),
                       function.empty() ? "" : " ", function,
                       metric == Metric::temporary ? count_text(v) : bytes_text(v),
                       share_text(v, value(profile_.totals, metric)));
  }

 private:
  const ledger::Reader& reader_;
  const query::Slots slots_;
  const query::Profile profile_;
  const Places places_;
  std::vector<query::Group> groups_;
};

}  // namespace

std::string findings(const ledger::Reader& reader) {
  Leaders leaders(reader);
  const query::Profile& p = leaders.profile();
  std::string text;
  if (p.moment.bytes != 0) {
    text += fmt::format("peak       {} at {}, most of it held by {}\n", bytes_text(p.moment.bytes),
                        time_text(p.moment.time_us), leaders.leader(Metric::peak));
  }
  if (p.totals.end_bytes != 0) {
    text += fmt::format("not freed  {} in {}, most of it from {}\n", bytes_text(p.totals.end_bytes),
                        counted(p.totals.end_blocks, "block"), leaders.leader(Metric::end));
  }
  if (p.totals.temporary != 0) {
    text +=
        fmt::format("temporary  {} of {} ({}), most of them from {}\n", count_text(p.totals.temporary),
                    counted(p.totals.allocations, "allocation"),
                    share_text(p.totals.temporary, p.totals.allocations), leaders.leader(Metric::temporary));
  }
  return text + leaders.caveat();
}

}  // namespace heapledger::cli
