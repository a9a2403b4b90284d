// Second part of the text report: totals, accounts, processes.
#include <fmt/format.h>

#include <algorithm>

#include "report.h"
#include "table.h"
#include "units.h"

namespace heapledger::cli {

namespace {

constexpr std::size_t kMostProcesses = 10;

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
       fmt::format("in {}, at {} of {}", counted(p.moment.blocks, "block"), time_text(p.moment.time_us),
                   time_text(session_us(input.reader))));
  line("At the end", t.end_bytes, fmt::format("in {} not freed", counted(t.end_blocks, "block")));
  line("Allocated", t.allocated_bytes,
       fmt::format("in {}, {} freed", counted(t.allocations, "allocation"), count_text(t.frees)));
  line("Temporary", t.temporary_bytes,
       fmt::format("in {} ({}), freed before the next one", counted(t.temporary, "allocation"),
                   share_text(t.temporary, t.allocations)));
  std::uint64_t resident = 0;
  for (std::size_t process = 0; process < input.reader.processes().size(); ++process) {
    resident = std::max(resident, resident_peak(input.reader, process));
  }
  if (resident != 0) {
    line("Resident", resident,
         input.reader.processes().size() > 1 ? "most of one process, sampled from outside"
                                             : "at most, sampled from outside");
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
  bool any_apart = false;
  for (const bool heap : {true, false}) {
    for (unsigned a = 0; a < ledger::kAccountCount; ++a) {
      const auto account = static_cast<Account>(a);
      const Sums& s = input.profile.accounts[a];
      if (is_heap(account) != heap || is_empty(s)) continue;
      const std::string title{account_title(account)};
      account_row(table, heap ? title : title + " (apart)", s, heap ? Ink::plain : Ink::dim);
      any_apart = any_apart || !heap;
    }
  }
  if (any_apart) table.line(0, style.dim("(apart): address space, no part of the figures above"));
  return table.text(style, 0);
}

std::string process_status(const ledger::Reader& reader, std::size_t number) {
  const ledger::Process& process = reader.processes()[number];
  const std::string status = status_text(process.exit_status);
  if (!status.empty()) return status;
  if (process.clean_end) return "ended";
  return last_of_chain(reader, number) != number ? "became another program" : "killed or crashed";
}

/// The processes with the greatest peaks, in the order of their starts.
std::vector<query::ProcessProfile> greatest(std::vector<query::ProcessProfile> processes, std::size_t count) {
  std::stable_sort(processes.begin(), processes.end(),
                   [](const auto& a, const auto& b) { return a.peak_bytes > b.peak_bytes; });
  if (processes.size() > count) processes.resize(count);
  std::sort(processes.begin(), processes.end(),
            [](const auto& a, const auto& b) { return a.process < b.process; });
  return processes;
}

std::string processes_text(const ReportInput& input, const Style& style) {
  const auto& all = input.profile.processes;
  if (all.size() < 2) return "";
  const auto shown = greatest(all, input.request.top == 0 ? all.size() : kMostProcesses);
  Table table("rrrrrrll");
  table.row({{"#", Ink::bold},
             {"pid", Ink::dim},
             {"start", Ink::dim},
             {"own peak", Ink::dim},
             {"at the end", Ink::dim},
             {"allocations", Ink::dim},
             {"status", Ink::dim},
             {"command", Ink::dim}});
  for (const query::ProcessProfile& p : shown) {
    const ledger::Process& process = input.reader.processes()[p.process];
    table.row({{count_text(p.process + 1)},
               {fmt::format("{}", process.pid)},
               {time_text(p.offset_us)},
               {bytes_text(p.peak_bytes)},
               {bytes_text(p.sums.end_bytes)},
               {count_text(p.sums.allocations)},
               {process_status(input.reader, p.process)},
               {command_text(process.arguments)}});
  }
  std::string text = table.text(style, 0);
  if (shown.size() < all.size()) {
    text += style.dim(fmt::format("({} more with smaller peaks: --top 0 lists them all)\n",
                                  count_text(all.size() - shown.size())));
  }
  return text;
}

}  // namespace

std::string totals_text(const ReportInput& input, const Style& style) {
  std::string text = summary_text(input, style);
  if (!input.request.overview) return text;
  for (const std::string& part : {accounts_text(input, style), processes_text(input, style)}) {
    if (!part.empty()) text.append("\n").append(part);
  }
  return text;
}

}  // namespace heapledger::cli
