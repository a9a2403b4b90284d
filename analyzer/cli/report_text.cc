// The text report: its parts in order.
#include "report.h"

namespace heapledger::cli {

namespace {

using query::GroupBy;
using query::Metric;

/// Of lists of allocations there is nothing to say: an object of a free list is none.
std::string stale_lines(const ReportInput& input, const Style& style, Metric metric) {
  const bool of_blocks = metric == Metric::peak || metric == Metric::end || metric == Metric::collected;
  return of_blocks ? stale_text(input.reader, input.slots, input.profile, style, metric) : "";
}

/// Accounts, processes and types of blocks are right, whatever their lines are.
std::string lists_text(const ReportInput& input, const Style& style, Places& places) {
  const ReportRequest& request = input.request;
  const bool by_code = request.by <= GroupBy::stack || request.by == GroupBy::thread;
  std::string text;
  for (const Metric metric : request.metrics) {
    text += list_text(input, style, metric, places);
    if (by_code) text += stale_lines(input, style, metric);
  }
  return text;
}

}  // namespace

std::string report_text(const ReportInput& input, const Style& style) {
  std::string text = header_text(input, style);
  if (input.reader.processes().empty()) return text;
  text.append("\n").append(totals_text(input, style));
  Places places(input.reader);
  const ReportRequest& request = input.request;
  if (request.gc) text += gc_text(input, style);
  if (request.types) text += types_text(input, style, places);
  if (request.callers) text += tree_text(input, style, query::Direction::callers, places);
  if (request.calls) text += tree_text(input, style, query::Direction::calls, places);
  if (request.callers || request.calls) return text + stale_lines(input, style, request.metrics.front());
  if (!request.lists) return text;
  return text + lists_text(input, style, places);
}

}  // namespace heapledger::cli
