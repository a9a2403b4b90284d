// The ledger's plain values: what one row, site, frame and process is. No logic beyond accounts.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../../trace/format.h"
#include "error.h"

namespace heapledger::ledger {

/// Where bytes are booked. Live bytes, peak and allocated bytes of a report are the sum of the first four;
/// the others are reported apart and never added to them. Numbers are part of the file format.
#define HEAPLEDGER_ACCOUNTS(X)                                                              \
  X(python_object, 0, "Python objects", "blocks of the interpreter's object domain")        \
  X(python_buffer, 1, "Python buffers", "blocks of the interpreter's memory domain")        \
  X(native, 2, "native blocks", "malloc family and operator new")                           \
  X(mapping, 3, "mappings", "anonymous memory mapped by the program itself")                \
  X(backing, 4, "backing", "memory that an allocator mapped to cut recorded blocks from")   \
  X(reserved, 5, "reserved", "address space without access (PROT_NONE)")                    \
  X(file, 6, "file mappings", "file contents: page cache, not allocations")                 \
  X(stack, 7, "thread stacks", "reserved for stacks of threads")

enum class Account : std::uint8_t {
#define HEAPLEDGER_ACCOUNT_ENUM(name, number, title, meaning) name = number,
  HEAPLEDGER_ACCOUNTS(HEAPLEDGER_ACCOUNT_ENUM)
#undef HEAPLEDGER_ACCOUNT_ENUM
};
inline constexpr unsigned kAccountCount = 8;

/// Whether bytes of this account count as allocated by the program.
[[nodiscard]] constexpr bool is_heap(Account a) noexcept { return a <= Account::mapping; }

/// A line of code: function and file are numbers of strings. line 0: unknown.
struct Frame {
  std::uint32_t function = 0;
  std::uint32_t file = 0;
  std::uint32_t line = 0;
  std::uint32_t first_line = 0;  ///< of the function's definition
  bool operator==(const Frame&) const = default;
};

/// A frame as seen from the outermost one: the call tree. Node 0 is the root, above every outermost frame.
struct Node {
  std::uint32_t parent = 0;
  std::uint32_t frame = 0;  ///< number of a Frame; meaningless for node 0
  bool operator==(const Node&) const = default;
};

/// A class, or another type of Python. Type 0 is no type: of blocks that are no objects, or nobody could tell. Sizes and
/// offsets in bytes.
struct Type {
  std::uint32_t name = 0;    ///< string: __qualname__
  std::uint32_t module = 0;  ///< string
  std::uint32_t owner = 0;   ///< type: blocks are parts of its instances (a __dict__ of its own); 0: they are instances
  std::uint32_t base = 0;    ///< type: tp_base, 0 where it is not known
  std::uint32_t node = 0;    ///< that made it, maybe in a metaclass; 0: not known, or a type of C
  std::uint32_t flags = 0;   ///< trace::TypeFlag
  std::uint32_t basic_size = 0, item_size = 0;
  std::uint32_t dict_offset = 0, weaklist_offset = 0;  ///< signed numbers kept in these
  bool operator==(const Type&) const = default;
};

/// Where and how blocks are allocated. Site 0 is no site: its rows are ticks of the clock, not blocks.
struct Site {
  std::uint32_t node = 0;  ///< innermost frame; 0: no Python frame was there
  trace::Api api = trace::Api::unknown;
  Account account = Account::native;
  /// Rows of this site continue an earlier row (rest of a mapping that was unmapped in part, or changed
  /// its protection; a block that Python made another object of): they have bytes but are no allocation, and
  /// count in no sum of allocations.
  bool continuation = false;
  std::uint32_t type = 0;  ///< what the blocks are objects of
  bool operator==(const Site&) const = default;
};

/// One block, or a tick of the clock (site 0). Rows stand in the order of their births; the position of a
/// row is the ledger's clock. A block lives in [own position, own position + life).
struct Row {
  std::uint32_t site = 0;
  std::uint32_t thread = 0;  ///< index into Process::threads
  std::uint64_t size = 0;    ///< bytes asked for
  std::uint64_t life = 0;    ///< rows born from this one (included) until its end; 0: alive at the end
};

/// Rows from `row` on were born at `time_us` or later, microseconds since the process began to record.
struct TimeMark {
  std::uint64_t row = 0;
  std::uint64_t time_us = 0;
};

/// A row is of this site, whatever its group says.
struct Amendment {
  std::uint64_t row = 0;
  std::uint64_t site = 0;
};

/// The block of this row did not end with it: another row, of another site, continues it
/// (Site::continuation). life: of the block, in all its rows, where this is the first of them; 0 where it is
/// not, or the block is alive at the end.
struct Continued {
  std::uint64_t row = 0;
  std::uint64_t life = 0;
};

/// Resident memory seen from outside, bytes; time as in TimeMark.
struct RssSample {
  std::uint64_t time_us = 0;
  std::uint64_t resident = 0;
  std::uint64_t resident_file = 0;  ///< part of it backed by files (includes the pages of the trace itself)
};

struct Thread {
  std::uint64_t tid = 0;
  std::string name;
};

/// One run of Python's garbage collector. A block died in it when the position of its death lies in [first, last] and is none
/// of Process::foreign_deaths. Where its end was not seen, nothing but its begin is known, and no block died in it.
struct Collection {
  std::uint64_t time_us = 0;   ///< its begin, since the process began; coarse, as all times
  std::uint64_t pause_ns = 0;  ///< precise
  std::uint64_t first = 0, last = 0;
  std::uint32_t generation = 0;
  std::uint32_t thread = 0;    ///< index into Process::threads
  std::uint64_t collected = 0, uncollectable = 0;  ///< objects, as gc counts them
  std::uint64_t freed_blocks = 0, freed_bytes = 0; ///< by its thread meanwhile
  std::uint64_t cpu_ns = 0;    ///< of its thread meanwhile
  trace::CollectionEnding ending = trace::CollectionEnding::seen;
};

/// What became of something that the program was run with (trace/controls.h), in one process.
struct Control {
  std::string name;     ///< "gc", "slots", "events"
  std::string subject;  ///< "off", "shop:Book"
  trace::ControlOutcome outcome = trace::ControlOutcome::asked;
  std::string text;     ///< why; may be empty

  [[nodiscard]] bool is_same(const Control& other) const { return name == other.name && subject == other.subject; }
};

/// Generations are 0, 1 and 2; what a later Python may add counts as the oldest.
inline constexpr std::size_t kGenerations = 3;

/// Names that instances of a class have their attributes under, as far as their dicts share a table of keys (about 30).
struct Attributes {
  std::uint32_t type = 0;
  std::vector<std::string> names;
};

struct Process {
  std::uint32_t pid = 0;
  std::uint32_t parent_pid = 0;
  std::uint32_t forked_from = 0;  ///< 0: began with exec
  std::string executable;
  std::vector<std::string> arguments;
  std::string directory;
  std::string python_version;      ///< Py_GetVersion(), empty: no interpreter
  std::uint32_t python_hex = 0;    ///< PY_VERSION_HEX
  trace::StackState stacks = trace::StackState::unsupported;
  /// Whether objects from Python's free lists have rows of their own.
  trace::ReuseState reuse = trace::ReuseState::unseen;
  std::uint64_t reuses = 0;          ///< objects that moved the block of an earlier one to another site
  std::uint64_t unknown_reuses = 0;  ///< the same of blocks that the trace never handed out
  std::uint64_t start_realtime_ns = 0;
  std::uint64_t start_monotonic_ns = 0;
  std::uint64_t duration_us = 0;
  std::uint64_t cpu_us = 0;        ///< of all its threads; 0: not known, it was killed
  bool clean_end = false;
  std::int32_t exit_status = -1;   ///< as wait(2) reports it; -1: not known
  std::uint64_t lost_events = 0;   ///< seen but not written
  std::uint64_t handler_events = 0;
  std::uint64_t unknown_frees = 0; ///< frees of addresses that the trace never handed out
  std::uint64_t inherited_frees = 0;  ///< the same in a forked child: blocks of its parent
  // Totals of the heap accounts, continuations left out where they would count twice.
  std::uint64_t allocations = 0;
  std::uint64_t frees = 0;
  std::uint64_t allocated_bytes = 0;
  std::uint64_t peak_bytes = 0;
  std::uint64_t peak_row = 0;      ///< the peak is reached with the birth of this row
  std::uint64_t peak_time_us = 0;
  std::uint64_t live_bytes = 0;    ///< at the end
  std::uint64_t live_blocks = 0;
  std::uint64_t raw_bytes = 0;     ///< size of the raw trace's committed part
  std::vector<Thread> threads;
  std::vector<Warning> warnings;
  std::vector<Attributes> attributes;
  bool collections_watched = false;       ///< the interpreter's collector was watched
  std::vector<Collection> collections;    ///< in the order of their ends
  std::vector<std::uint64_t> collections_before = std::vector<std::uint64_t>(kGenerations);  ///< not seen, by generation
  /// While the recorder watched, but without calling it: the program had taken its callback away. By generation.
  std::vector<std::uint64_t> collections_unseen = std::vector<std::uint64_t>(kGenerations);
  bool callback_gone = false;     ///< and it was so in the end of an interpreter, or of the process
  bool still_collecting = false;  ///< when the process left
  /// Pairs first, last: positions within collections at which other threads than the collecting one freed blocks.
  std::vector<std::uint64_t> foreign_deaths;
  std::vector<Control> controls;  ///< one for each outcome that a control had
};

/// The recorded session, when `heapledger record` was there.
struct Session {
  std::vector<std::string> command;
  std::uint64_t wall_us = 0;
  std::int32_t exit_status = -1;   ///< of the command, as wait(2) reports it
  std::string tool_version;
  std::vector<Warning> warnings;
};

}  // namespace heapledger::ledger
