// The tracer of references: called for every object that begins or ends, cheap where no free list is involved.
#include "reuse.h"

#include <iterator>

#include "../hook.h"
#include "../settings.h"
#include "code.h"
#include "finder.h"
#include "type_names.h"
#include "types.h"

namespace heapledger::python {

constinit std::atomic<trace::ReuseState> g_reuse_state = trace::ReuseState::unseen;
constinit std::atomic<bool> g_follows_reuse = false;

namespace {

using trace::ReuseState;

/// PyRefTracerEvent; 1 is the end of an object. 3.15 tells the tracer that another one takes its place.
enum Event : int { kCreate = 0, kRemoved = 2 };

/// A static type whose dead objects are kept. None of them has a finaliser that could bring one back.
struct ReusableType {
  const std::byte* type;
  std::uint32_t header;  ///< bytes in front of an object
};
/// The most frequent first.
constexpr const char* kNames[] = {
    "PyFloat_Type",   "PyTuple_Type",     "PyLong_Type",           "PyList_Type",
    "PyDict_Type",    "PyMethod_Type",    "PySlice_Type",          "PyListIter_Type",
    "PyRange_Type",   "PyRangeIter_Type", "PyTupleIter_Type",      "PyCFunction_Type",
    "PyCMethod_Type", "PyComplex_Type",   "PyContext_Type",        "_PyAsyncGenASend_Type",
    "_PyAsyncGenWrappedValue_Type"};
constinit ReusableType g_types[std::size(kNames) + 1] = {};  // ends with nullptr

[[gnu::always_inline]] inline const ReusableType* find_reusable(const std::byte* type) noexcept {
  for (const ReusableType* known = g_types; known->type != nullptr; ++known)
    if (known->type == type) return known;
  return nullptr;
}

/// Whether the trace has this site for the block already.
bool is_known(const std::byte* block, std::uint64_t key) noexcept {
  const Recording::Place& place = place_of(block);
  return !g_runtime.free_threaded && place.block.load(std::memory_order_relaxed) == block &&
         place.key.load(std::memory_order_relaxed) == key;
}

/// What the hot form cannot say.
[[gnu::cold, gnu::noinline]] std::byte* put_wide(Lane& lane, std::byte* at, trace::Reused record,
                                                 std::uintptr_t address) noexcept {
  record.move = static_cast<std::int64_t>(address - lane.model.last_address);
  lane.model.last_address = address;
  lane.sites.data()[record.site].last_type = record.type;
  return trace::put_extended(at, record);
}

/// As record_alloc, of a block that no allocator gave out. The stamp is taken when the object has begun and
/// before anybody else can know of it.
[[gnu::noinline]] void record_reuse(const std::byte* block, const std::byte* type) noexcept {
  const hook::Guard guard;
  if (!guard.records()) return;
  const std::byte* frame = frame_of_call();
  const hook::Writing writing;
  Lane* lane = lane_with_room();
  if (lane == nullptr) [[unlikely]]
    return;
  settle(*lane);  // before anything is defined: the type of what was allocated last stands behind its record
  const std::uint32_t site = site_of_stack(*lane, frame, trace::Api::py_obj_malloc);
  if (site == 0) [[unlikely]]
    return trace_file::count_lost();
  const std::uint64_t key = place_key(*lane, site);
  if (is_known(block, key)) return;
  note_place(block, key);
  const std::uint32_t number = type_of_reuse(*lane, type, site);
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  const std::uint32_t shard = trace::shard_of(address);
  const std::uint32_t gap = hook::skipped(*lane, shard, hook::take_stamp_alone(*lane, shard));
  if (lane->cursor >= lane->limit && !lane->refill()) [[unlikely]]
    return trace_file::count_lost();
  std::byte* at = hook::put_prefixes(*lane, lane->cursor, gap);
  std::byte* end = nullptr;
  if (number == lane->sites.data()[site].last_type) [[likely]]
    end = trace::put_reuse(at, lane->model, site, address);
  lane->commit(end != nullptr ? end : put_wide(*lane, at, {site, number}, address));
}

void set_state(ReuseState state) noexcept {
  g_reuse_state.store(state, std::memory_order_relaxed);
  hook::record_apart([](Lane& lane) { describe(lane); });
}

/// What the interpreter calls; it must not make objects here.
int on_reference(void* object, int event, void* /*data*/) noexcept {
  if (event != kCreate) {
    if (event == kRemoved) [[unlikely]]
      set_state(ReuseState::lost);
    return 0;
  }
  Lane* const lane = t_state.lane;
  const auto address = reinterpret_cast<std::uintptr_t>(object);
  if (lane != nullptr && address - reinterpret_cast<std::uintptr_t>(lane->newborn) < lane->newborn_size) [[likely]] {
    lane->newborn_size = 0;  // an object once; the next one in this block is of a free list
    return 0;
  }
  const auto* const type = load<const std::byte*>(object, g_runtime.layout->object_type);
  if (const ReusableType* known = find_reusable(type); known != nullptr)
    record_reuse(static_cast<const std::byte*>(object) - known->header, type);
  return 0;
}

}  // namespace

void find_reusable_types(const link_map& object) noexcept {
  const Functions& f = g_runtime.functions;
  if (f.set_tracer == nullptr || f.get_tracer == nullptr || g_runtime.layout == nullptr) return;
  if (!g_settings.follows_reuse())
    return g_reuse_state.store(ReuseState::switched_off, std::memory_order_relaxed);
  std::size_t count = 0;
  for (const char* name : kNames) {
    const auto* type = static_cast<const std::byte*>(find_variable(object, name));
    if (type != nullptr) g_types[count++].type = type;
  }
}

void follow_reuse() noexcept {
  const Functions& f = g_runtime.functions;
  if (g_types[0].type == nullptr || !g_walk_frames.load(std::memory_order_relaxed)) return;
  void* data = nullptr;
  if (f.get_tracer(&data) != nullptr) return set_state(ReuseState::taken);
  for (ReusableType* known = g_types; known->type != nullptr; ++known)
    known->header = header_bytes(known->type);
  g_follows_reuse.store(true, std::memory_order_relaxed);
  if (f.set_tracer(on_reference, nullptr) != 0) return f.clear_error();
  set_state(ReuseState::followed);
}

void check_reuse() noexcept {
  if (g_reuse_state.load(std::memory_order_relaxed) != ReuseState::followed) return;
  void* data = nullptr;
  if (g_runtime.functions.get_tracer(&data) != reinterpret_cast<void*>(on_reference))
    set_state(ReuseState::lost);
}

}  // namespace heapledger::python
