// Records as text: for people who debug the recorder or write another reader.
#include "dump_records.h"

#include <array>
#include <fmt/format.h>
#include <limits>
#include <string>
#include <string_view>

#include "../read/merge.h"
#include "../read/raw_trace.h"
#include "../symbol/python_lines.h"
#include "terminal.h"

namespace heapledger::cli {

namespace {

using read::Event;
using read::EventKind;

constexpr std::string_view kKinds[] = {"alloc",    "free",    "map",    "unmap",     "remap out",
                                       "remap in", "protect", "stack",  "stack end", "brk",
                                       "gc begin", "gc end",  "retype", "reuse",     "part",      "stamp"};

std::string text_of(const trace::Bytes& bytes) { return printable(bytes.text()); }
std::string text_of(std::uint32_t kind, const trace::Bytes& bytes) {
  return printable(symbol::text_of(kind, bytes.span()));
}

/// Prints every definition and numbers it. Definitions of different lanes are not told from one another here.
class PrintedDefinitions final : public read::Definitions {
 public:
  [[nodiscard]] std::uint64_t lines() const { return lines_; }

  std::uint32_t code(const trace::Code& code) override {
    line("code {}: {} {}:{}, line table of {} bytes", ++codes_, text_of(code.name_kind, code.name),
         text_of(code.filename_kind, code.filename),
         code.first_line, code.line_table.size);
    return codes_;
  }
  std::uint32_t node(std::uint32_t parent, std::uint32_t code, std::uint32_t offset) override {
    line("node {}: code {} at byte {}, called by node {}", ++nodes_, code, static_cast<std::int32_t>(offset), parent);
    return nodes_;
  }
  std::uint32_t site(std::uint32_t parent, std::uint32_t code, std::uint32_t offset, trace::Api api) override {
    line("site {}: {}, code {} at byte {}, called by node {}", ++sites_, trace::api_name(api), code,
         static_cast<std::int32_t>(offset), parent);
    return sites_;
  }
  std::uint32_t type(const trace::Type& type, std::uint32_t base, std::uint32_t owner) override {
    line("type {}: {}.{}, base {}, owner {}, flags {:#x}, {}+{} bytes, at {:#x}", ++types_,
         text_of(type.module_kind, type.module), text_of(type.name_kind, type.name), base, owner, type.flags,
         type.basic_size, type.item_size, type.address);
    return types_;
  }
  std::uint32_t part(std::uint32_t owner, trace::Part part) override {
    line("type {}: {} of instances of type {}", ++types_, trace::part_name(part), owner);
    return types_;
  }
  void attribute(std::uint32_t type, const trace::Attribute& attribute) override {
    line("attribute of type {}: {}", type, text_of(attribute.name_kind, attribute.name));
  }
  void type_object(std::uint64_t address, std::uint32_t site) override {
    line("type object at {:#x}, site {}", address, site);
  }
  std::uint32_t thread(const trace::Thread& thread) override {
    line("thread {}: tid {}, name \"{}\"", thread.serial, thread.tid, text_of(thread.name));
    return static_cast<std::uint32_t>(thread.serial);
  }
  void process(const trace::Process& process) override {
    line("process: {} in {}", text_of(process.executable), text_of(process.directory));
  }
  void interpreter(const trace::Interpreter& found) override {
    line("interpreter: {:#x}, stack reader {}, {}", found.version_hex, found.stack_state, text_of(found.version));
  }
  void collections_before(const trace::CollectionsBefore& before) override {
    line("collections of generation {} before: {}", before.generation, before.collections);
  }
  void collections_unseen(const trace::CollectionsUnseen& unseen) override {
    line("collections of generation {} unseen: {}, flags {:#x}", unseen.generation, unseen.collections, unseen.flags);
  }
  void control(const trace::Control& control) override {
    line("control {} {}: outcome {}{}{}", text_of(control.name), text_of(control.subject), control.outcome,
         control.text.size != 0 ? ", " : "", text_of(control.text));
  }
  void self_test(const trace::SelfTest& test) override {
    line("self-test: stack reader {}, {} frames compared", test.stack_state, test.frames);
  }

 private:
  template <class... Values>
  void line(fmt::format_string<Values...> format, Values&&... values) {
    fmt::print("{:>40}{}\n", "", fmt::format(format, std::forward<Values>(values)...));
    ++lines_;
  }
  std::uint32_t codes_ = 0, nodes_ = 0, sites_ = 0, types_ = 0;
  std::uint64_t lines_ = 0;
};

void print_event(const Event& e) {
  const std::string shard = e.shard == read::kNoShard ? "-" : fmt::format("{}:{}", e.shard, e.stamp);
  fmt::print("{:>10.6f} {:>5} {:>6} {:>14}  {:<9} {:#x} {:+}", static_cast<double>(e.time_us) / 1e6, e.lane, e.thread, shard,
             kKinds[static_cast<unsigned>(e.kind)], e.address, static_cast<std::int64_t>(e.size));
  if (e.site != 0) fmt::print(" site {}", e.site);
  if (e.type != 0 || e.kind == EventKind::retype) fmt::print(" type {}", e.type);
  if (e.flags != 0) fmt::print(" flags {:#x}", e.flags);
  fmt::print("{}{}\n", e.inner ? " inner" : "", e.in_collection ? " in a collection" : "");
}

void print_header(const read::RawTrace& trace) {
  const read::RawHeader& h = trace.header();
  fmt::print("process {} (parent {}, forked from {}), {} lanes, {} bytes of records, {}\n", h.pid, h.parent_pid, h.forked_from,
             trace.lanes().size(), trace.committed_bytes(), h.clean_end ? "ended by itself" : "killed, or still running");
  fmt::print("{} events lost, {} of signal handlers left out, stop reason {}\n", h.lost_events, h.handler_events,
             static_cast<unsigned>(h.stop_reason));
  for (const std::string& damage : trace.damage()) fmt::print("damage: {}\n", damage);
  fmt::print("{:>10} {:>5} {:>6} {:>14}  {}\n", "seconds", "lane", "thread", "shard:stamp", "event, address, size");
}

}  // namespace

void dump_records(const std::string& path, std::uint64_t limit) {
  const read::RawTrace trace(path);
  print_header(trace);
  PrintedDefinitions definitions;
  read::Merger merger(trace, definitions, std::numeric_limits<std::uint64_t>::max());
  std::array<Event, 1> event;  // one at a time: definitions stand before the event that needs them
  std::uint64_t printed = 0;
  while ((limit == 0 || printed + definitions.lines() < limit) && merger.next(event) != 0) {
    print_event(event[0]);
    ++printed;
  }
  if (limit != 0) return;
  if (merger.missing_stamps() != 0) fmt::print("{} stamps are in no record\n", merger.missing_stamps());
  if (merger.damaged_lanes() != 0) fmt::print("{} lanes could not be read to their end\n", merger.damaged_lanes());
}

}  // namespace heapledger::cli
