// Comparing the frames that the C API shows with those that the memory walk finds.
#include "self_test.h"

#include "../hook.h"
#include "calls.h"
#include "frames.h"
#include "types.h"

namespace heapledger::python {

using trace::StackState;

namespace {

/// An attribute that something else keeps alive, as a borrowed reference; None counts as nothing.
void* object_attribute(void* object, const char* name) noexcept {
  const Functions& f = g_runtime.functions;
  void* value = f.get_attribute(object, name);
  if (value == nullptr) return f.clear_error(), nullptr;
  f.dec_ref(value);
  return value == g_runtime.none ? nullptr : value;
}

/// What the frames that the API shows say about the walk; `compared`: how many they were.
StackState compare_with_api(std::uint32_t& compared) noexcept {
  constexpr std::uint32_t kEnough = 256;
  FrameWalk walk{current_frame()};
  void* frame = g_runtime.functions.eval_get_frame();
  if (frame == nullptr)  // the only frame there is may be one that is not yet visible to the API
    return walk.next() && walk.next() ? StackState::mismatch : StackState::untested;
  for (compared = 0; frame != nullptr && compared < kEnough; frame = object_attribute(frame, "f_back"), ++compared) {
    if (!walk.next()) return StackState::mismatch;
    void* code = object_attribute(frame, "f_code");
    if (walk.code() != code && compared == 0 && !walk.next()) return StackState::mismatch;  // not yet visible, as above
    if (walk.code() != code) return StackState::mismatch;
    if (number_attribute(frame, "f_lineno", -1) != g_runtime.functions.code_line(code, static_cast<int>(walk.offset())))
      return StackState::mismatch;
  }
  return frame == nullptr && walk.next() ? StackState::mismatch : StackState::verified;
}

}  // namespace

void set_stack_state(StackState state) noexcept {
  g_stack_state.store(state, std::memory_order_relaxed);
  g_walk_frames.store(state == StackState::untested || state == StackState::verified, std::memory_order_relaxed);
}

bool can_self_test() noexcept {
  const Functions& f = g_runtime.functions;
  return g_walk_frames.load(std::memory_order_relaxed) && f.eval_get_frame != nullptr && f.get_attribute != nullptr &&
         f.long_as_long != nullptr && f.code_line != nullptr && f.dec_ref != nullptr && f.clear_error != nullptr;
}

bool self_test() noexcept {
  std::uint32_t frames = 0;
  const StackState state = compare_with_api(frames);
  if (state == StackState::untested) return false;
  set_stack_state(state);
  if (state == StackState::mismatch) stop_types();  // the layout is not what it is taken for
  hook::record_apart([&](Lane& lane) { lane.append(trace::SelfTest{static_cast<std::uint32_t>(state), frames}); });
  return true;
}

}  // namespace heapledger::python
