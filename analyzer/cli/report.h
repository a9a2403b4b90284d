// What a report is made from, and the two ways to show it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../ledger/reader.h"
#include "../query/collections.h"
#include "../query/profile.h"
#include "../query/tree.h"
#include "places.h"
#include "terminal.h"

namespace heapledger::cli {

struct ReportRequest {
  std::string ledger;  ///< as the user wrote it
  query::Question question;
  std::vector<std::string> conditions;  ///< the filter as the user wrote it: "--pid 4711"
  std::vector<query::Metric> metrics;   ///< lists to show, in order
  query::GroupBy by = query::GroupBy::line;
  std::uint64_t top = 0;  ///< entries of a list; 0: all
  bool callers = false;   ///< show the tree of callers of the first metric
  bool calls = false;     ///< show the tree of calls of the first metric
  bool gc = false;        ///< show what the garbage collector did
  bool lists = true;      ///< show the lists of the metrics
  bool types = false;     ///< show classes and their instances
  bool source = true;     ///< show lines of source
  bool overview = true;   ///< nothing special was asked for: show accounts and processes too
};

/// Everything a rendering needs; all parts must outlive it.
struct ReportInput {
  const ledger::Reader& reader;
  const query::Slots& slots;
  const query::Profile& profile;
  const ReportRequest& request;
};

[[nodiscard]] std::string report_text(const ReportInput& input, const Style& style);
/// One JSON object, schema "heapledger-report/1": docs/report-json.md.
[[nodiscard]] std::string report_json(const ReportInput& input);

// Parts of the text.

/// Warnings first, then what was recorded.
[[nodiscard]] std::string header_text(const ReportInput& input, const Style& style);
/// Totals and, in a report without a special wish, accounts and processes.
[[nodiscard]] std::string totals_text(const ReportInput& input, const Style& style);
/// What the garbage collector did, process by process.
[[nodiscard]] std::string gc_text(const ReportInput& input, const Style& style);
/// Classes and their instances.
[[nodiscard]] std::string types_text(const ReportInput& input, const Style& style, const Places& places);
[[nodiscard]] std::string list_text(const ReportInput& input, const Style& style, query::Metric metric,
                                    Places& places);
[[nodiscard]] std::string tree_text(const ReportInput& input, const Style& style, query::Direction direction,
                                    Places& places);
/// How many of the blocks alive at the moment of the question or at the end (Metric::end) may have the line
/// of an earlier object, or without a number that some may (Metric::collected); empty: none.
[[nodiscard]] std::string stale_text(const ledger::Reader& reader, const query::Slots& slots,
                                     const query::Profile& profile, const Style& style, query::Metric metric);
/// The same in one line, where it is much of the peak.
[[nodiscard]] std::string stale_finding(const ledger::Reader& reader, const query::Slots& slots,
                                        const query::Profile& profile);

// What both renderings say in the same way.

/// Warnings of the file, the session and the processes, incomplete ones first, each with the pid it is about
/// (0: none).
struct Notice {
  std::uint32_t pid = 0;
  std::string text;
  bool incomplete = false;
};
[[nodiscard]] std::vector<Notice> notices(const ledger::Reader& reader);
/// The process that this one became by exec: the next one with its pid. Its own number when there is none.
[[nodiscard]] std::size_t last_of_chain(const ledger::Reader& reader, std::size_t process);
/// Microseconds from the start of the first process to the end of the last one.
[[nodiscard]] std::uint64_t session_us(const ledger::Reader& reader);
/// Greatest resident memory that was sampled, bytes; 0: never sampled.
[[nodiscard]] std::uint64_t resident_peak(const ledger::Reader& reader, std::size_t process);
/// Trees are of lines unless functions or files were asked for.
[[nodiscard]] query::TreeOptions tree_options(const ReportRequest& request, query::Direction direction);
/// The command line as typed into a shell.
[[nodiscard]] std::string command_text(const std::vector<std::string>& words);
/// The part of the process that the question's times leave.
[[nodiscard]] query::TimeWindow window_of(const ReportInput& input, const query::ProcessProfile& profile);
/// What the program's own doing kept from being seen of the collections; empty: nothing. A sentence, without a full stop.
[[nodiscard]] std::string unseen_text(const ledger::Process& process);
/// "peak", "end", ... as in --by.
[[nodiscard]] std::string_view metric_name(query::Metric metric);
/// "Held at the peak", "Number of allocations", ...
[[nodiscard]] std::string_view metric_title(query::Metric metric);
/// "line", "function", ... as in --group.
[[nodiscard]] std::string_view group_name(query::GroupBy by);

}  // namespace heapledger::cli
