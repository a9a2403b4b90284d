// The callback that gc calls at the begin and the end of every collection, in the thread that collects.
#include "collections.h"

#include "../hook.h"
#include "attributes.h"
#include "calls.h"
#include "collection_account.h"
#include "frame_reader.h"
#include "interpreters.h"
#include "parts.h"
#include "reuse.h"
#include "runtime.h"

namespace heapledger::python {

constinit std::atomic<bool> g_collections_watched = false;

namespace {

constexpr int kFastCall = 0x80, kKeywords = 0x02;  // METH_FASTCALL, METH_KEYWORDS
constexpr std::uint32_t kOldest = 2;   // the generation whose collection looks at everything

/// A number of a dict; 0 when there is none.
std::uint64_t number_in(void* dict, const char* key) noexcept {
  const Functions& f = g_runtime.functions;
  void* value = f.dict_item(dict, key);  // borrowed
  const long number = value != nullptr ? f.long_as_long(value) : 0;
  if (number < 0) f.clear_error();
  return number > 0 ? static_cast<std::uint64_t>(number) : 0;
}

/// callback(phase, info): phase "start" or "stop". Fits a method's function and a vectorcallfunc, which may set the highest
/// bit of the count.
void* on_collection(void* /*self*/, void* const* arguments, std::size_t count, void* /*names*/) noexcept {
  const Functions& f = g_runtime.functions;
  const char* text = count << 1 == 4 ? f.text(arguments[0]) : nullptr;
  if (text == nullptr) {
    f.clear_error();
  } else if (text[0] == 's' && text[1] == 't' && text[2] == 'a') {
    begin_collection(static_cast<std::uint32_t>(number_in(arguments[1], "generation")));
  } else {
    void* info = arguments[1];
    const auto generation = static_cast<std::uint32_t>(number_in(info, "generation"));
    if (end_collection(generation, number_in(info, "collected"), number_in(info, "uncollectable"))) {
      if (generation == kOldest) write_attributes(), write_parts();
      check_reuse();
    }
  }
  void* none = const_cast<void*>(g_runtime.none);
  f.inc_ref(none);
  return none;
}

using Callback = void* (*)(void*, void* const*, std::size_t, void*);
constinit Method<Callback> g_method = {"heapledger", on_collection, kFastCall | kKeywords, nullptr};

/// A new reference. The interpreter's own way to call a built-in function counts a level of recursion: at the very limit it
/// would print that it ignores a RecursionError, and 3.8 would abort. Called directly, the callback needs no level.
void* new_callback() noexcept {
  auto* callback = static_cast<std::byte*>(g_runtime.functions.function_new(&g_method, nullptr, nullptr));
  if (callback == nullptr || g_runtime.layout == nullptr) return callback;
  const auto* type = load<const std::byte*>(callback, g_runtime.layout->object_type);
  const auto place = load<std::size_t>(type, g_runtime.layout->type_name + tp::vectorcall_offset);
  *reinterpret_cast<Callback*>(callback + place) = on_collection;
  return callback;
}

/// gc.get_stats(): a list with a dict for each generation.
CollectionCounts write_earlier(void* gc) noexcept {
  const Functions& f = g_runtime.functions;
  void* get_stats = f.get_attribute(gc, "get_stats");
  void* stats = get_stats != nullptr ? f.call(get_stats, nullptr) : nullptr;
  CollectionCounts told = {};
  for (long generation = 0; stats != nullptr; ++generation) {
    void* one = f.list_item(stats, generation);  // borrowed; an error behind the last
    if (one == nullptr) break;
    const std::uint64_t number = number_in(one, "collections");
    if (generation < static_cast<long>(kCollectorGenerations)) told.of[generation] = number;
    hook::record_with_time(trace::CollectionsBefore{static_cast<std::uint32_t>(generation), number});
  }
  f.clear_error();
  drop(stats, get_stats);
  return told;
}

/// gc.callbacks, as a new reference. The further interpreters of 3.9 have a copy of the main one's module, with its very list,
/// and none that their collector would look at: they get one of their own, where no program sees it.
void* callbacks_of(void* gc) noexcept {
  const Functions& f = g_runtime.functions;
  void* seen = f.get_attribute(gc, "callbacks");
  const std::uint16_t place = callbacks_offset(g_runtime.version_hex);
  if (place == 0 || seen == nullptr || is_main_interpreter()) return seen;
  auto* const used = load<std::byte*>(f.current_thread(), kThreadStateInterpreter) + place;
  const bool is_known = load<void*>(main_interpreter(), place) == seen && load<void*>(used, 0) == nullptr;
  f.dec_ref(seen);
  void* own = is_known && f.list_new != nullptr ? f.list_new(0) : nullptr;
  if (own == nullptr) return nullptr;
  f.inc_ref(own);  // the interpreter's reference, which it gives back at its end
  *reinterpret_cast<void**>(used) = own;
  return own;
}

}  // namespace

bool can_watch_collections() noexcept {
  const Functions& f = g_runtime.functions;
  return f.import != nullptr && f.function_new != nullptr && f.list_append != nullptr && f.list_item != nullptr &&
         f.dict_item != nullptr && f.text != nullptr && f.call != nullptr &&
         f.inc_ref != nullptr && f.get_attribute != nullptr && f.long_as_long != nullptr && f.dec_ref != nullptr &&
         f.clear_error != nullptr && g_runtime.none != nullptr;
}

bool watch_collections() noexcept {
  const Functions& f = g_runtime.functions;
  void* gc = f.import("gc");
  void* callbacks = gc != nullptr ? callbacks_of(gc) : nullptr;
  void* callback = callbacks != nullptr ? new_callback() : nullptr;
  const bool done = callback != nullptr && f.list_append(callbacks, callback) == 0;
  if (done) {
    open_account(callback, write_earlier(gc));
    g_collections_watched.store(true, std::memory_order_relaxed);
  }
  f.clear_error();
  drop(callback, callbacks, gc);
  return done;
}

}  // namespace heapledger::python
