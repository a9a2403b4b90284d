// The text report: its parts in order.
#include "report.h"

namespace heapledger::cli {

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
  if (request.callers || request.calls || !request.lists) return text;
  for (const query::Metric metric : request.metrics) text += list_text(input, style, metric, places);
  return text;
}

}  // namespace heapledger::cli
