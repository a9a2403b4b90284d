// Bodies of the raw trace's records: hot ones (hot_records.h) and, here, extended ones: a struct for each kind, from whose
// list of fields it is written and read.
//
// Head byte 4 * kind, varint length, body. A body is the fields of its struct in order: numbers as
// varints, signed numbers zigzagged, texts as length and bytes. A reader ignores what follows the fields
// it knows, and skips kinds it does not know.
//
// put_extended: called by the shim with room for extended_size() bytes. Any context, also signal handlers.
// get_extended: called by the analyzer on hostile bytes; every read is bounds-checked and failure is a value.
#pragma once

#include "hot_records.h"

namespace heapledger::trace {

/// Bytes that belong to somebody else. In code records a text is a Python str as it lies in memory.
struct Bytes {
  const void* data = nullptr;
  std::uint64_t size = 0;
  [[nodiscard]] std::span<const std::byte> span() const noexcept {
    return {static_cast<const std::byte*>(data), static_cast<std::size_t>(size)};
  }
  [[nodiscard]] std::string_view text() const noexcept {
    return {static_cast<const char*>(data), static_cast<std::size_t>(size)};
  }
};

struct Order {  ///< prefix: the next stamp of this lane in its shard skips this many
  static constexpr Kind kind = Kind::order;
  std::uint64_t skipped = 0;
  template <class V> constexpr void fields(V&& v) { v(skipped); }
};
struct Time {  ///< coarse monotonic clock: microseconds since the lane's last Time, at first since the trace began
  static constexpr Kind kind = Kind::time;
  std::uint64_t elapsed_us = 0;
  template <class V> constexpr void fields(V&& v) { v(elapsed_us); }
};
struct Realloc {  ///< moves are relative: old to the lane's last address, new to old; sets the lane's last address
  static constexpr Kind kind = Kind::realloc;
  std::uint32_t site = 0;
  std::int64_t old_move = 0, new_move = 0;
  std::uint64_t size = 0, skipped_before = 0, skipped_after = 0;
  template <class V> constexpr void fields(V&& v) {
    v(site), v(old_move), v(new_move), v(size), v(skipped_before), v(skipped_after);
  }
};
struct VoidStamp {  ///< takes one stamp in the shard of this address
  static constexpr Kind kind = Kind::void_stamp;
  std::uint64_t address = 0, skipped = 0;
  template <class V> constexpr void fields(V&& v) { v(address), v(skipped); }
};
struct AllocWide {  ///< sets the last address of lane and site, not the last size or site
  static constexpr Kind kind = Kind::alloc_wide;
  std::uint32_t site = 0;
  std::uint64_t address = 0, size = 0;
  template <class V> constexpr void fields(V&& v) { v(site), v(address), v(size); }
};
struct FreeWide {
  static constexpr Kind kind = Kind::free_wide;
  std::uint64_t address = 0;
  std::uint32_t flags = 0;
  template <class V> constexpr void fields(V&& v) { v(address), v(flags); }
};
struct Thread {  ///< this lane's next records are of this thread
  static constexpr Kind kind = Kind::thread;
  std::uint64_t tid = 0;     ///< kernel thread id
  std::uint64_t serial = 0;  ///< numbers the threads of the process, 0 = first seen; never reused
  Bytes name;                ///< /proc/self/task/TID/comm when the thread was first seen
  template <class V> constexpr void fields(V&& v) { v(tid), v(serial), v(name); }
};
struct ThreadEnd {
  static constexpr Kind kind = Kind::thread_end;
  std::uint64_t serial = 0;
  template <class V> constexpr void fields(V&& v) { v(serial); }
};
struct Code {  ///< gets the lane's next code number, from 1. Texts: see Bytes; their kind is bytes a character,
               ///< 0 = ASCII
  static constexpr Kind kind = Kind::code;
  std::uint32_t first_line = 0, filename_kind = 0, name_kind = 0;
  Bytes filename, name, line_table;
  template <class V> constexpr void fields(V&& v) {
    v(first_line), v(filename_kind), v(filename), v(name_kind), v(name), v(line_table);
  }
};
struct Node {  ///< gets the lane's next node number, from 1; parent 0 = outermost
  static constexpr Kind kind = Kind::node;
  std::uint32_t parent = 0, code = 0, offset = 0;  ///< offset: bytes from the first instruction
  template <class V> constexpr void fields(V&& v) { v(parent), v(code), v(offset); }
};
struct Site {  ///< gets the lane's next site number, from 1; code 0 = no Python frame
  static constexpr Kind kind = Kind::site;
  std::uint32_t parent = 0, code = 0, offset = 0, api = 0;
  template <class V> constexpr void fields(V&& v) { v(parent), v(code), v(offset), v(api); }
};
struct Map {
  static constexpr Kind kind = Kind::map;
  std::uint32_t site = 0, flags = 0;  ///< MapFlag
  std::uint64_t address = 0, size = 0, skipped = 0;
  template <class V> constexpr void fields(V&& v) { v(site), v(flags), v(address), v(size), v(skipped); }
};
struct Unmap {
  static constexpr Kind kind = Kind::unmap;
  std::uint64_t address = 0, size = 0, skipped = 0;
  template <class V> constexpr void fields(V&& v) { v(address), v(size), v(skipped); }
};
struct Remap {  ///< old range gone at the first stamp, new range there at the second; keeps the old flags
  static constexpr Kind kind = Kind::remap;
  std::uint32_t site = 0;
  std::uint64_t old_address = 0, old_size = 0, address = 0, size = 0, skipped_before = 0, skipped_after = 0;
  template <class V> constexpr void fields(V&& v) {
    v(site), v(old_address), v(old_size), v(address), v(size), v(skipped_before), v(skipped_after);
  }
};
struct Protect {
  static constexpr Kind kind = Kind::protect;
  std::uint64_t address = 0, size = 0;
  std::uint32_t usable = 0;
  std::uint64_t skipped = 0;
  template <class V> constexpr void fields(V&& v) { v(address), v(size), v(usable), v(skipped); }
};
struct Process {
  static constexpr Kind kind = Kind::process;
  Bytes executable, arguments, directory;  ///< arguments end with NUL each
  template <class V> constexpr void fields(V&& v) { v(executable), v(arguments), v(directory); }
};
struct Interpreter {
  static constexpr Kind kind = Kind::interpreter;
  std::uint32_t version_hex = 0, free_threaded = 0, stack_state = 0, hooked = 0;
  Bytes version;  ///< Py_GetVersion()
  std::uint32_t reuse = 0;  ///< ReuseState
  template <class V> constexpr void fields(V&& v) {
    v(version_hex), v(free_threaded), v(stack_state), v(hooked), v(version), v(reuse);
  }
};
struct SelfTest {
  static constexpr Kind kind = Kind::self_test;
  std::uint32_t stack_state = 0, frames = 0;
  template <class V> constexpr void fields(V&& v) { v(stack_state), v(frames); }
};
struct CollectionBegin {
  static constexpr Kind kind = Kind::collection_begin;
  std::uint32_t generation = 0;
  template <class V> constexpr void fields(V&& v) { v(generation); }
};
struct CollectionEnd {
  static constexpr Kind kind = Kind::collection_end;
  std::uint32_t generation = 0;
  std::uint64_t pause_ns = 0;  ///< from the callback at its start to the one at its end
  std::uint64_t collected = 0, uncollectable = 0;  ///< objects, as gc counts them
  std::uint64_t cpu_ns = 0;    ///< of the thread meanwhile
  std::uint32_t ending = 0;    ///< CollectionEnding
  template <class V> constexpr void fields(V&& v) {
    v(generation), v(pause_ns), v(collected), v(uncollectable), v(cpu_ns), v(ending);
  }
};
struct CollectionsBefore {  ///< one a generation
  static constexpr Kind kind = Kind::collections_before;
  std::uint32_t generation = 0;
  std::uint64_t collections = 0;
  template <class V> constexpr void fields(V&& v) { v(generation), v(collections); }
};
struct CollectionsUnseen {  ///< since the ones that were seen last
  static constexpr Kind kind = Kind::collections_unseen;
  std::uint32_t generation = 0;
  std::uint64_t collections = 0;
  std::uint32_t flags = 0;  ///< UnseenFlag
  template <class V> constexpr void fields(V&& v) { v(generation), v(collections), v(flags); }
};
struct Control {  ///< texts are UTF-8; name and subject together name the control
  static constexpr Kind kind = Kind::control;
  Bytes name;     ///< "gc", "slots", "events", "variable"
  Bytes subject;  ///< "off", "shop:Book"
  std::uint32_t outcome = 0;  ///< ControlOutcome
  Bytes text;     ///< why, or how much; often empty
  template <class V> constexpr void fields(V&& v) { v(name), v(subject), v(outcome), v(text); }
};
struct Type {  ///< gets the lane's next type number, from 1. Sizes and offsets in bytes, as the type object has them
  static constexpr Kind kind = Kind::type;
  std::uint32_t flags = 0;     ///< TypeFlag, without kPassingFlags
  std::uint32_t owner = 0;     ///< type number: blocks of this type belong to instances of that one; 0: to themselves
  std::uint32_t base = 0;      ///< type number of tp_base, 0: not known in this lane
  std::uint64_t address = 0;   ///< of the type object's block; 0: it is static
  std::uint64_t basic_size = 0, item_size = 0;
  std::int64_t dict_offset = 0, weaklist_offset = 0;
  std::uint32_t name_kind = 0, module_kind = 0;  ///< as in Code
  Bytes name, module;          ///< __qualname__; __module__
  template <class V> constexpr void fields(V&& v) {
    v(flags), v(owner), v(base), v(address), v(basic_size), v(item_size), v(dict_offset), v(weaklist_offset);
    v(name_kind), v(name), v(module_kind), v(module);
  }
};
struct Typed {  ///< of the allocation or realloc of an object that the record before is, definitions apart; and from now
                ///< on of its site
  static constexpr Kind kind = Kind::typed;
  std::uint32_t type = 0;  ///< 0: the block is no object
  template <class V> constexpr void fields(V&& v) { v(type); }
};
struct TypedLate {  ///< of a live block that was allocated earlier in this lane. Takes a stamp in its shard
  static constexpr Kind kind = Kind::typed_late;
  std::uint32_t type = 0, site = 0;  ///< site: the one of its allocation
  std::uint64_t address = 0, skipped = 0;
  template <class V> constexpr void fields(V&& v) { v(type), v(site), v(address), v(skipped); }
};
struct Reused {  ///< a live block became another object without a call of an allocator. Takes a stamp in its shard. For what
                 ///< a hot reuse cannot say; its type is the site's last one from then on
  static constexpr Kind kind = Kind::reused;
  std::uint32_t site = 0, type = 0;
  std::int64_t move = 0;  ///< from the lane's last address, which it sets
  template <class V> constexpr void fields(V&& v) { v(site), v(type), v(move); }
};
struct PartOf {  ///< a live block is such a part of an instance of a type. Takes a stamp in its shard. The block may be unknown
  static constexpr Kind kind = Kind::part_of;
  std::uint32_t owner = 0, part = 0;  ///< type number; Part
  std::int64_t move = 0;              ///< from the lane's last address, which it sets
  std::uint64_t skipped = 0;
  template <class V> constexpr void fields(V&& v) { v(owner), v(part), v(move), v(skipped); }
};
struct Attribute {  ///< in the order of the table of keys that instances share; 3.14+ begins it with what methods assign
  static constexpr Kind kind = Kind::attribute;
  std::uint32_t type = 0, name_kind = 0;
  Bytes name;
  template <class V> constexpr void fields(V&& v) { v(type), v(name_kind), v(name); }
};
struct Stack {  ///< a thread with this stack is about to be created
  static constexpr Kind kind = Kind::stack;
  std::uint32_t site = 0;
  std::uint64_t number = 0, size = 0, skipped = 0;  ///< number: never reused in a process
  template <class V> constexpr void fields(V&& v) { v(site), v(number), v(size), v(skipped); }
};
struct StackEnd {  ///< it ended, or could not be created
  static constexpr Kind kind = Kind::stack_end;
  std::uint64_t number = 0, skipped = 0;
  template <class V> constexpr void fields(V&& v) { v(number), v(skipped); }
};
struct Break {  ///< sbrk or brk called by the program: the change in bytes
  static constexpr Kind kind = Kind::brk;
  std::uint32_t site = 0;
  std::int64_t change = 0;
  std::uint64_t address = 0, skipped = 0;  ///< address: the old break
  std::uint32_t flags = 0;                 ///< MapFlag: kMapBacking
  template <class V> constexpr void fields(V&& v) { v(site), v(change), v(address), v(skipped), v(flags); }
};

namespace detail {
struct Measure {
  std::uint64_t size = 0;
  constexpr void operator()(std::uint64_t v) noexcept { size += varint_size(v); }
  constexpr void operator()(std::uint32_t v) noexcept { size += varint_size(v); }
  constexpr void operator()(std::int64_t v) noexcept { size += varint_size(zigzag(v)); }
  constexpr void operator()(const Bytes& v) noexcept { size += varint_size(v.size) + v.size; }
};
struct Put {
  std::byte* at;
  void operator()(std::uint64_t v) noexcept { at = put_varint(at, v); }
  void operator()(std::uint32_t v) noexcept { at = put_varint(at, v); }
  void operator()(std::int64_t v) noexcept { at = put_varint(at, zigzag(v)); }
  void operator()(const Bytes& v) noexcept {
    at = put_varint(at, v.size);
    if (v.size != 0) std::memcpy(at, v.data, v.size);
    at += v.size;
  }
};
struct Get {
  Cursor& in;
  bool ok = true;
  void operator()(std::uint64_t& v) noexcept { v = in.varint(); }
  void operator()(std::uint32_t& v) noexcept {
    const std::uint64_t wide = in.varint();
    ok = ok && (wide >> 32) == 0;
    v = static_cast<std::uint32_t>(wide);
  }
  void operator()(std::int64_t& v) noexcept { v = unzigzag(in.varint()); }
  void operator()(Bytes& v) noexcept {
    const auto s = in.bytes(in.varint());
    v = {s.data(), s.size()};
  }
};
}  // namespace detail

/// Bytes that put_extended will write.
template <class Record>
[[nodiscard]] std::uint64_t extended_size(Record record) noexcept {
  detail::Measure m;
  record.fields(m);
  return 1 + varint_size(m.size) + m.size;
}

template <class Record>
std::byte* put_extended(std::byte* at, Record record) noexcept {
  detail::Measure m;
  record.fields(m);
  *at++ = static_cast<std::byte>(static_cast<unsigned>(Record::kind) << 2);
  detail::Put put{put_varint(at, m.size)};
  record.fields(put);
  return put.at;
}

/// Body of a record whose head byte and length were read. False: the body is damaged.
template <class Record>
[[nodiscard]] bool get_extended(std::span<const std::byte> body, Record& record) noexcept {
  Cursor in{body};
  detail::Get get{in};
  record.fields(get);
  return in.ok() && get.ok;
}

}  // namespace heapledger::trace
