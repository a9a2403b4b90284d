// Second part of the text report: totals, accounts, processes.
#include <fmt/format.h>

#include "report.h"
#include "table.h"
#include "units.h"

namespace heapledger::cli {

namespace {

using ledger::Account;
using query::Sums;

std::string summary_text(const ReportInput& input, const Style& style) {
  const query::Profile& p = input.profile;
  const Sums& t = p.totals;
  Table table("lrl");
  const auto line = [&](const char* name, std::uint64_t bytes, std::string rest) {
    table.row({{name, Ink::dim}, {bytes_text(bytes), Ink::bold}, {std::move(rest)}});
  };
  line(p.at_peak ? "Peak" : "Then", p.moment.bytes,
       fmt::format("in {}, at {}", counted(p.moment.blocks, "block"), time_text(p.moment.time_us)));
  line("At the end", t.end_bytes, fmt::format("in {} not freed", counted(t.end_blocks, "block")));
  line("Allocated", t.allocated_bytes,
       fmt::format("in {}, {} freed", counted(t.allocations, "allocation"), count_text(t.frees)));
  line("Temporary", t.temporary_bytes,
       fmt::format("in {}, {} of all: freed before their thread allocated again",
                   counted(t.temporary, "allocation"), share_text(t.temporary, t.allocations)));
  std::uint64_t resident = 0;
  for (std::size_t process = 0; process < input.reader.processes().size(); ++process) {
    resident = std::max(resident, resident_peak(input.reader, process));
  }
  if (resident != 0) {
    line("Resident", resident,
         input.reader.processes().size() > 1 ? "most of one process, sampled from outside" : "at most, sampled from outside");
  }
  return table.text(style, 0);
}

void account_row(Table& table, const std::string& name, const Sums& s, Ink ink) {
  table.row({{name, ink},
             {bytes_text(s.peak_bytes), ink},
             {bytes_text(s.end_bytes), ink},
             {bytes_text(s.allocated_bytes), ink},
             {count_text(s.allocations), ink}});
}

bool is_empty(const Sums& s) { return s.allocations == 0 && s.peak_bytes == 0 && s.end_bytes == 0; }

/// Accounts with anything in them; what is no part of the totals stands below them, dim.
std::string accounts_text(const ReportInput& input, const Style& style) {
  Table table("lrrrr");
  table.row({{"Account", Ink::bold},
             {input.profile.at_peak ? "at the peak" : "then", Ink::dim},
             {"at the end", Ink::dim},
             {"allocated", Ink::dim},
             {"allocations", Ink::dim}});
  for (const bool heap : {true, false}) {
    for (unsigned a = 0; a < ledger::kAccountCount; ++a) {
      const auto account = static_cast<Account>(a);
      const Sums& s = input.profile.accounts[a];
      if (is_heap(account) != heap || is_empty(s)) continue;
      const std::string title{account_title(account)};
      account_row(table, heap ? title : title + " (apart)", s, heap ? Ink::plain : Ink::dim);
    }
  }
  return "\n" + table.text(style, 0);
}

std::string process_status(const ledger::Process& process) {
  const std::string status = status_text(process.exit_status);
  if (!status.empty()) return status;
  return process.clean_end ? "ended" : "ended abruptly";
}

std::string processes_text(const ReportInput& input, const Style& style) {
  if (input.profile.processes.size() < 2) return "";
  Table table("rrrrrrll");
  table.row({{"#", Ink::bold}, {"pid", Ink::bold}, {"start", Ink::dim}, {"peak", Ink::dim}, {"at the end", Ink::dim},
             {"allocations", Ink::dim}, {"status", Ink::dim}, {"command", Ink::dim}});
  for (const query::ProcessProfile& p : input.profile.processes) {
    const ledger::Process& process = input.reader.processes()[p.process];
    table.row({{count_text(p.process + 1)},
               {fmt::format("{}", process.pid)},
               {time_text(p.offset_us)},
               {bytes_text(p.peak_bytes)},
               {bytes_text(p.sums.end_bytes)},
               {count_text(p.sums.allocations)},
               {process_status(process)},
               {command_text(process.arguments)}});
  }
  return "\n" + table.text(style, 0);
}

}  // namespace

std::string totals_text(const ReportInput& input, const Style& style) {
  return summary_text(input, style) + accounts_text(input, style) + processes_text(input, style);
}

}  // namespace heapledger::cli
