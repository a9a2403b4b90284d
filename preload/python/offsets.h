// Where CPython keeps what the frame walk reads: one row a minor version and build kind, nowhere else.
// x86-64 and aarch64 share the rows: CPython's structures hold only pointers and fixed-size numbers there.
#pragma once

#include <cstddef>
#include <cstdint>

namespace heapledger::python {

/// How an instruction pointer of a frame becomes an offset into the code's instructions.
enum class Position : std::uint8_t {
  bytes,         ///< f_lasti, int, counts bytes (3.8, 3.9)
  units,         ///< f_lasti, int, counts two-byte units (3.10)
  pointer,       ///< pointer into co_code_adaptive (3.11+)
  thread_local_pointer,  ///< pointer into one of the code's per-thread copies (3.14+ free-threaded)
};

/// Offsets in bytes. Sources: struct definitions of each release, checked with offsetof against installed headers and,
/// from 3.13 on, against _Py_DebugOffsets.
struct Layout {
  std::uint8_t minor;
  bool free_threaded;
  Position position_kind;
  std::uint8_t owner_hidden_from;  ///< frames whose owner is at least this are the interpreter's own; 0: no such field
  // PyThreadState
  std::uint16_t tstate_thread_id;
  std::uint16_t tstate_frame;
  std::int16_t cframe_frame;  ///< -1: tstate_frame is the frame; else it is a _PyCFrame with the frame at this offset
  // frame
  std::uint16_t frame_previous;
  std::uint16_t frame_code;
  std::uint16_t frame_position;
  std::uint16_t frame_owner;
  std::uint16_t frame_tlbc_index;
  // PyCodeObject
  std::uint16_t code_filename;
  std::uint16_t code_name;  ///< co_qualname where it exists (3.11+)
  std::uint16_t code_first_line;
  std::uint16_t code_line_table;
  std::uint16_t code_instructions;
  std::uint16_t code_tlbc;
  // PyObject, str and bytes
  std::uint16_t object_type;
  std::uint16_t str_length;
  std::uint16_t str_state;
  std::uint16_t str_ascii;
  std::uint16_t str_compact;
  std::uint16_t bytes_data;
  std::uint8_t str_kind_shift;  ///< of the bits kind (3), compact, ascii in str_state
  // PyTypeObject, PyDictObject
  std::uint16_t type_name;          ///< tp_name; the other tp_ fields stand in a fixed distance, see tp
  std::uint16_t type_qualname;      ///< ht_qualname
  std::uint16_t type_cached_keys;   ///< ht_cached_keys
  std::uint16_t dict_keys;          ///< ma_keys
  bool keys_have_log;               ///< the table of keys has the logarithm of its size, and entries without hashes (3.11+)
  std::uint8_t gc_header;           ///< bytes in front of an object that the collector knows of
  std::uint8_t pre_header_flags;    ///< trace::TypeFlag: instances have a further 16 bytes in front (3.11+)
  // PyInterpreterState
  std::uint16_t interpreter_lock;   ///< a pointer to the lock that it has or shares; 0: one serves all (3.8 to 3.11)
};

/// Fields of PyTypeObject behind tp_name, the same in all versions.
namespace tp {
enum Distance : std::uint16_t {
  basic_size = 8, item_size = 16, vectorcall_offset = 32, flags = 144, weaklist_offset = 184, base = 232, dict = 240,
  dict_offset = 264
};
}  // namespace tp
/// Where 3.8 and 3.9 keep whether the collector runs by itself (an int); later versions have PyGC_Disable.
struct CollectorSwitch {
  bool in_runtime;  ///< in _PyRuntime, else in the interpreter's state
  std::uint16_t offset;
};
/// nullptr: this version needs none, or is not known.
const CollectorSwitch* find_collector_switch(std::uint32_t version_hex) noexcept;

/// Where the interpreter's state of 3.9 has the list of its collector's callbacks; 0: gc.callbacks is that list.
std::uint16_t callbacks_offset(std::uint32_t version_hex) noexcept;

/// Where an interpreter keeps the state of its collector, and what lies where in that: the same in both kinds of builds.
struct CollectorPlaces {
  std::uint8_t minor;
  std::uint16_t state;          ///< in the interpreter's state; 3.8: in _PyRuntime
  std::uint16_t enabled;        ///< int
  std::uint16_t thresholds;     ///< int, of the youngest generation; the others kCollectorGeneration further each
  std::uint16_t frozen;         ///< head of the list of what gc.freeze() set aside
  std::uint16_t statistics;     ///< collections of the youngest generation; 3.15: a pointer to rings of them
  std::uint16_t collecting;     ///< int
  std::uint16_t callbacks;      ///< the list
  std::uint16_t freeze_active;  ///< int, where free-threaded builds say whether something is frozen; 0: they do not
};
inline constexpr std::size_t kCollectorGeneration = 24;

/// nullptr: this version is not known.
const CollectorPlaces* find_collector_places(std::uint32_t version_hex) noexcept;

/// The lock of the list of interpreters in _PyRuntime, from 3.13 on: a byte, whose lowest bit is set while somebody has it.
/// Told by the runtime itself (_Py_DebugOffsets), in front of the list's head. nullptr: it does not tell.
const std::uint8_t* find_list_lock(const void* runtime) noexcept;

/// The interpreter's state in PyThreadState, in every version.
inline constexpr std::size_t kThreadStateInterpreter = 16;

/// Row for an interpreter, nullptr when this version is not known.
const Layout* find_layout(std::uint32_t version_hex, bool free_threaded) noexcept;

}  // namespace heapledger::python
