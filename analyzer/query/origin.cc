// Finds the end of each interpreter's start-up and numbers the slots.
#include "origin.h"

#include "clock.h"

namespace heapledger::query {

namespace {

/// Files whose code the interpreter calls from C before the program's first line: the import system, the computation of
/// its paths, the search for codecs (3.8 to 3.15 call no others).
bool is_called_at_start_up(std::string_view file) {
  if (file.starts_with("<frozen ")) return file != "<frozen runpy>";
  return file.ends_with("/encodings/__init__.py") || file.ends_with("/codecs.py");
}

/// By site: 1 = the outermost Python frame is the program's own.
std::vector<std::uint8_t> program_sites(const ledger::Reader& reader) {
  const auto frames = reader.frames();
  const auto nodes = reader.nodes();
  std::vector<std::uint8_t> program_node(nodes.size());
  for (std::size_t n = 1; n < nodes.size(); ++n) {
    if (nodes[n].parent != 0) {
      program_node[n] = program_node[nodes[n].parent];
    } else {
      program_node[n] = !is_called_at_start_up(reader.string(frames[nodes[n].frame].file));
    }
  }
  std::vector<std::uint8_t> result;
  for (const ledger::Site& site : reader.sites()) result.push_back(program_node[site.node]);
  return result;
}

std::uint64_t first_row_of(const ledger::Reader& reader, std::size_t process,
                           const std::vector<std::uint8_t>& sites) {
  ledger::Reader::Buffer buffer;
  for (std::size_t g = 0; g < reader.group_count(process); ++g) {
    const ledger::Group group = reader.group(process, g, buffer);
    for (std::size_t i = 0; i < group.site.size(); ++i) {
      if (sites[group.site[i]] != 0) return group.first_row + i;
    }
  }
  return reader.row_count(process);
}

bool has_stacks(const ledger::Process& process) {
  return process.stacks == trace::StackState::verified || process.stacks == trace::StackState::untested;
}

/// Stacks that a failed self-test switched off were on before it.
bool had_stacks(const ledger::Process& process) {
  return has_stacks(process) || process.stacks == trace::StackState::mismatch;
}

}  // namespace

std::string_view origin_name(Origin origin) noexcept {
  switch (origin) {
    case Origin::start_up:
      return "<interpreter start-up>";
    case Origin::native:
      return "<native: no Python frame>";
    case Origin::no_stacks:
      return "<Python stacks were off>";
    case Origin::python:
      break;
  }
  return "";
}

bool is_import_system(std::string_view file) noexcept {
  return file.starts_with("<frozen importlib") || file.starts_with("<frozen zipimport");
}

Slots::Slots(const ledger::Reader& reader) {
  const auto program = program_sites(reader);
  for (std::size_t p = 0; p < reader.processes().size(); ++p) {
    const ledger::Process& process = reader.processes()[p];
    Phase phase;
    if (!process.python_version.empty() || process.python_hex != 0) {
      const bool starts = had_stacks(process) && process.forked_from == 0;
      phase.later = has_stacks(process) ? Origin::native : Origin::no_stacks;
      phase.start_up_end = starts ? first_row_of(reader, p, program) : 0;
      if (phase.start_up_end == reader.row_count(p) && !has_stacks(process)) phase.start_up_end = 0;
    }
    phases_.push_back(phase);
  }
  add_slots(reader);
}

void Slots::add_slots(const ledger::Reader& reader) {
  const auto sites = reader.sites();
  for (std::uint32_t s = 0; s < sites.size(); ++s) {
    site_.push_back(s);
    origin_.push_back(sites[s].node != 0 ? Origin::python : Origin::native);
  }
  const std::vector<std::uint32_t> plain = site_;
  by_origin_[static_cast<unsigned>(Origin::native)] = plain;
  for (const Origin origin : {Origin::start_up, Origin::no_stacks}) {
    auto& table = by_origin_[static_cast<unsigned>(origin)] = plain;
    for (std::uint32_t s = 1; s < sites.size(); ++s) {
      if (sites[s].node != 0) continue;
      table[s] = static_cast<std::uint32_t>(site_.size());
      site_.push_back(s);
      origin_.push_back(origin);
    }
  }
}

Slots::Table Slots::table(std::size_t process, std::uint64_t row) const noexcept {
  const Phase& phase = phases_[process];
  const bool starting = row < phase.start_up_end;
  const Origin origin = starting ? Origin::start_up : phase.later;
  return {by_origin_[static_cast<unsigned>(origin)].data(), starting ? phase.start_up_end : kNever};
}

}  // namespace heapledger::query
