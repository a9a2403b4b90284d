// Records of the mmap family, the program break and thread stacks. Rare calls, all out of line.
//
// Events of this kind have one order of their own (trace::kMapShard): what is unmapped is stamped before the real call,
// what is mapped after it. They are recorded inside hooked calls too: that is how an allocator's backing memory is seen.
#pragma once

#include <cstddef>
#include <cstdint>

#include "hook.h"

namespace heapledger::hook {

/// Stamp to take before a call that gives address space back.
EarlyStamp early_map_stamp(const Guard& guard) noexcept;

void record_map(const Guard& guard, void* p, std::size_t n, int prot, int flags) noexcept;
/// `done`: the real call succeeded.
void record_unmap(const Guard& guard, void* p, std::size_t n, EarlyStamp stamp, bool done) noexcept;
/// `p` is what mremap returned, MAP_FAILED included.
void record_remap(const Guard& guard, void* old, std::size_t old_n, void* p, std::size_t n, EarlyStamp stamp) noexcept;
void record_protect(const Guard& guard, void* p, std::size_t n, int prot) noexcept;
/// The program moved the break from `old` by `change` bytes.
void record_break(const Guard& guard, void* old, std::intptr_t change) noexcept;

/// A thread with a stack of that many bytes is about to be created. Returns the number of the stack, 0: not recorded.
std::uint64_t record_stack(std::size_t bytes) noexcept;
void record_stack_end(std::uint64_t number) noexcept;

}  // namespace heapledger::hook
