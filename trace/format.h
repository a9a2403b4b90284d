// The raw trace: constants and fixed structures shared by the shim (writer) and the analyzer (reader).
// Normative text with byte pictures: trace/README.md. Record bodies: trace/codec.h.
//
// This header includes nothing of ours, allocates nothing and throws nothing: the shim lives by it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace heapledger::trace {

/// First eight bytes of every raw trace. The line endings catch transfers in text mode.
inline constexpr char kMagic[8] = {'H', 'L', 'R', 'A', 'W', '\r', '\n', '\x1a'};

/// Raised when a reader would misread the trace of a writer of another age. Readers refuse any other number.
inline constexpr std::uint32_t kVersion = 5;

/// Written as a number, read back as bytes of this machine: a trace of the other byte order is refused.
inline constexpr std::uint32_t kByteOrder = 0x01020304;

/// Chunks start at multiples of the granule, so that a reader finds the next one after a damaged one.
inline constexpr std::uint64_t kGranule = 16 * 1024;

/// First word of every chunk ("HLCK").
inline constexpr std::uint32_t kChunkMagic = 0x4b434c48;

/// No chunk is larger; a reader refuses greater sizes.
inline constexpr std::uint64_t kMaxChunk = 64 * 1024 * 1024;

/// Room that a hot record (alloc, free, with an order prefix and a time prefix) can take at most.
inline constexpr std::size_t kMaxHotRecord = 96;

/// Room for the value of a text variable of options.def, NUL included; a longer one counts as unset.
inline constexpr std::size_t kMaxText = 3072;

/// Why recording stopped early; 0 means that it did not.
enum class StopReason : std::uint32_t {
  none = 0,
  disk_full = 1,       ///< fallocate: no space left or quota reached
  file_size_limit = 2, ///< RLIMIT_FSIZE would have been exceeded
  open_failed = 3,     ///< the trace could not be opened again to grow (fd limit, permissions, removed)
  map_failed = 4,      ///< mmap of a chunk failed (RLIMIT_AS, memory)
  internal = 5,        ///< a consistency check of the shim failed
};

/// Head of the file, alone in the first granule. Fields behind `live` change while the target runs.
struct FileHeader {
  char magic[8];
  std::uint32_t version;
  std::uint32_t byte_order;
  std::uint32_t header_bytes;  ///< offset of the first chunk, one granule
  std::uint32_t pointer_bytes;
  std::uint32_t page_bytes;
  std::uint32_t shard_bits;    ///< log2 of the number of address shards, see shard_of()
  std::uint32_t pid;
  std::uint32_t parent_pid;
  std::uint32_t forked_from;   ///< pid of the traced process this one was forked from, 0 after exec
  std::uint32_t reserved;
  std::uint64_t start_monotonic_ns;
  std::uint64_t start_realtime_ns;
  std::uint64_t start_ticks;   ///< field 22 of /proc/PID/stat: with pid, names the process for good
  std::uint64_t parent_position_ns;  ///< forked_from: CLOCK_MONOTONIC at the child's first event
  alignas(64) std::atomic<std::uint64_t> next_offset;  ///< end of the claimed part of the file, bytes
  std::atomic<std::uint64_t> lost_events;              ///< events seen but not written
  std::atomic<std::uint64_t> handler_events;           ///< events of signal handlers inside the recorder
  std::atomic<std::uint64_t> stop_monotonic_ns;
  std::atomic<StopReason> stop_reason;
  std::atomic<std::uint32_t> clean_end;                ///< 1 once the process left by exit or _exit
  std::atomic<std::uint32_t> lost_children;            ///< forked processes that could not create a trace
  std::atomic<std::uint32_t> missed_interpreters;      ///< of one process, whose collections are not in the trace
  std::atomic<std::uint64_t> cpu_ns;                   ///< CPU time of the process when it left by exit; 0: not known
};
static_assert(sizeof(FileHeader) == 192);

/// Head of a chunk; records follow it. A chunk belongs to one lane for ever.
struct ChunkHeader {
  std::uint32_t magic;
  std::uint32_t lane;    ///< lanes are numbered from 0; a lane is one ordered stream of records
  std::uint32_t serial;  ///< position of the chunk in its lane, from 0
  std::uint32_t bytes;   ///< whole chunk, header included, multiple of kGranule
  alignas(64) std::atomic<std::uint32_t> committed;  ///< bytes of whole records behind the header
  std::uint32_t padding[15];
};
static_assert(sizeof(ChunkHeader) == 128);

/// What a site says about the call that allocated. One row: enumerator, number, printed name, account.
/// Numbers are part of the format: append, never renumber.
#define HEAPLEDGER_APIS(X)                              \
  X(unknown, 0, "unknown", native)                      \
  X(malloc, 1, "malloc", native)                        \
  X(calloc, 2, "calloc", native)                        \
  X(realloc, 3, "realloc", native)                      \
  X(memalign, 4, "memalign", native)                    \
  X(operator_new, 5, "operator new", native)            \
  X(py_mem_malloc, 6, "PyMem_Malloc", python_buffer)    \
  X(py_mem_calloc, 7, "PyMem_Calloc", python_buffer)    \
  X(py_mem_realloc, 8, "PyMem_Realloc", python_buffer)  \
  X(py_obj_malloc, 9, "PyObject_Malloc", python_object) \
  X(py_obj_calloc, 10, "PyObject_Calloc", python_object) \
  X(py_obj_realloc, 11, "PyObject_Realloc", python_object) \
  X(mmap, 12, "mmap", mapping)                          \
  X(mremap, 13, "mremap", mapping)                      \
  X(sbrk, 14, "sbrk", mapping)                          \
  X(thread_stack, 15, "thread stack", stack)

enum class Api : std::uint8_t {
#define HEAPLEDGER_API_ENUM(name, number, text, account) name = number,
  HEAPLEDGER_APIS(HEAPLEDGER_API_ENUM)
#undef HEAPLEDGER_API_ENUM
};
inline constexpr unsigned kApiCount = 16;

/// As the table prints it. One of a later version is unknown.
constexpr std::string_view api_name(Api api) noexcept {
  switch (api) {
#define HEAPLEDGER_API_NAME(name, number, text, account) \
  case Api::name: return text;
    HEAPLEDGER_APIS(HEAPLEDGER_API_NAME)
#undef HEAPLEDGER_API_NAME
  }
  return "unknown";
}

/// Whether blocks of this function are objects of Python, which have a type.
constexpr bool is_object(Api api) noexcept { return api >= Api::py_obj_malloc && api <= Api::py_obj_realloc; }
/// Whether a caller of this function holds the interpreter's lock, where there is one.
constexpr bool is_python(Api api) noexcept { return api >= Api::py_mem_malloc && api <= Api::py_obj_realloc; }

/// Kinds of extended records, see trace/README.md for the bodies. Numbers are part of the format.
enum class Kind : std::uint8_t {
  order = 1,        ///< prefix: the next stamp is not the successor of the lane's last one in that shard
  time = 2,         ///< the coarse clock moved on
  realloc = 3,      ///< a successful realloc: two stamps
  void_stamp = 4,   ///< a stamp was taken for an event that did not happen (failed realloc)
  alloc_wide = 5,   ///< an allocation that does not fit the hot form
  free_wide = 6,    ///< a free that does not fit the hot form
  thread = 7,       ///< the lane now serves this thread
  code = 8,         ///< a Python code object: names and line table
  node = 9,         ///< a frame as caller: (parent node, code, instruction offset)
  site = 10,        ///< where and how blocks are allocated: (parent node, code, offset, api)
  map = 11,         ///< mmap
  unmap = 12,       ///< munmap, also the implicit one of MAP_FIXED
  remap = 13,       ///< mremap: two stamps
  protect = 14,     ///< mprotect that changes whether a range may be used
  process = 15,     ///< executable, arguments, working directory
  interpreter = 16, ///< a Python interpreter was found, hooked, or could not be
  self_test = 17,   ///< outcome of the comparison of the frame walk with the C API
  thread_end = 18,  ///< the thread of this lane ended
  stack = 19,       ///< a thread stack was reserved
  stack_end = 20,   ///< and given back
  brk = 21,         ///< the program itself moved the break
  collection_begin = 22,   ///< a garbage collection of Python begins in this thread
  collection_end = 23,     ///< and ended
  collections_before = 24, ///< what an interpreter had collected before it was watched
  type = 25,        ///< a Python type: gets the lane's next type number
  typed = 26,       ///< the allocation before is of another type than its site's last one
  typed_late = 27,  ///< so is one further back: its site, its address, its type
  control = 28,     ///< what became of a control, see trace/controls.h
  attribute = 29,   ///< instances of a type have an attribute of this name
  reused = 30,      ///< a live block is another object from here on: its site, its type
  collections_unseen = 31, ///< garbage collections that the recorder was not called for
  part_of = 32,     ///< a live block belongs to an instance of a type: a __dict__ of its own, say
};

/// Flags of Kind::map.
enum MapFlag : std::uint32_t {
  kMapUsable = 1,   ///< some access is allowed (not PROT_NONE)
  kMapFile = 2,     ///< backed by a file that is not anonymous memory
  kMapShared = 4,
  kMapBacking = 8,  ///< asked for by an allocator on behalf of blocks that are recorded themselves
};

/// Bits of Type::flags, CPython's tp_flags, as far as somebody here asks for them.
enum TypeFlag : std::uint32_t {
  kInlineValues = 1u << 2,    ///< 3.13+: attributes lie in the instance
  kManagedWeakref = 1u << 3,  ///< 3.12+: weak references in front of the instance
  kManagedDict = 1u << 4,     ///< 3.11+: a __dict__ in front of the instance
  kHeapType = 1u << 9,        ///< made at run time, as all classes of Python are
  kReady = 1u << 12,
  kReadying = 1u << 13,
  kHasGc = 1u << 14,          ///< the collector knows of the instances
  kValidVersion = 1u << 19,
  kAbstract = 1u << 20,
  kStringSubclass = 1u << 28,
  kDictSubclass = 1u << 29,
  kExceptionSubclass = 1u << 30,
  kTypeSubclass = 1u << 31,
};
/// These are never set in a trace: they change while a program runs, and a class shall stay one.
inline constexpr std::uint32_t kPassingFlags = kReady | kReadying | kValidVersion | kAbstract;

/// Kind::part_of: what an instance of a Python class has beside its own block. Numbers are part of the format.
enum class Part : std::uint8_t {
  values = 0,  ///< of its attributes, in the order of a table of names that instances share
  dict = 1,    ///< the object that is its __dict__
  keys = 2,    ///< the table of that dict, or the one of names that instances of a class share
};
inline constexpr unsigned kParts = 3;
[[nodiscard]] constexpr std::string_view part_name(Part part) noexcept {
  return part == Part::values ? "values" : part == Part::dict ? "__dict__" : "keys";
}

/// Result of Kind::self_test and state of Kind::interpreter.
enum class StackState : std::uint8_t {
  untested = 0,     ///< stacks are recorded, the self-test has not run (yet)
  verified = 1,     ///< memory walk and C API agreed
  mismatch = 2,     ///< they did not: Python stacks are off from here on
  unsupported = 3,  ///< no layout is known for this interpreter: Python stacks are off
  switched_off = 4, ///< the user asked for no stacks
};

/// State of Kind::interpreter: whether objects made from the interpreter's free lists are seen. Numbers are part of the format.
enum class ReuseState : std::uint8_t {
  unseen = 0,       ///< the interpreter is too old, nothing is recorded that needs it, or it is too early
  followed = 1,
  taken = 2,        ///< somebody else was there first
  lost = 3,         ///< followed for a while, until somebody else took the place
  switched_off = 4, ///< the user asked for it
};
inline constexpr unsigned kReuseStates = 5;

/// Kind::collection_end: how much is known of the end. Numbers are part of the format.
enum class CollectionEnding : std::uint8_t {
  seen = 0,
  left = 1,    ///< the process left while it ran; nothing of it but the pause until then
  unseen = 2,  ///< it ended some time before this record, and nothing but its begin is known
};
inline constexpr unsigned kCollectionEndings = 3;

/// Flags of Kind::collections_unseen, about the moment of the record.
enum UnseenFlag : std::uint32_t {
  kCallbackGone = 1,     ///< the program had taken the recorder's callback out of gc.callbacks
  kStillCollecting = 2,  ///< a collection was under way, and the process left
};

/// Kind::control: what became of it in this process. Numbers are part of the format.
enum class ControlOutcome : std::uint8_t {
  asked = 0,    ///< nothing has come of it yet; the first record of each control
  applied = 1,
  refused = 2,  ///< not done, or not for every class of the name; the text says why
  undone = 3,   ///< done, and changed again by the program
  missing = 4,  ///< never possible: the class was not created, no script began
};
inline constexpr unsigned kControlOutcomes = 5;

/// Events on one address are ordered by a counter that the address shares with its neighbourhood.
/// 64 KiB regions keep threads with arenas of their own on counters of their own.
inline constexpr std::uint32_t kShardBits = 10;
inline constexpr std::uint32_t kShards = 1u << kShardBits;
/// The mmap family has a counter of its own behind the address shards.
inline constexpr std::uint32_t kMapShard = kShards;
inline constexpr std::uint32_t kShardCount = kShards + 1;

/// Shard of a block's address (Fibonacci hashing of its 64 KiB region; Knuth, TAOCP 3, 6.4).
[[nodiscard]] constexpr std::uint32_t shard_of(std::uint64_t address) noexcept {
  return static_cast<std::uint32_t>(((address >> 16) * 0x9e3779b97f4a7c15ull) >> (64 - kShardBits));
}

static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

}  // namespace heapledger::trace
