// Series over time - marks of the clock and samples of resident memory - as columns of differences.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "byte_buffer.h"
#include "model.h"

namespace heapledger::ledger {

/// Entries of one section at most.
inline constexpr std::size_t kSamplesPerSection = 65536;

/// Replace `payload`. Any values are allowed.
void encode_marks(std::span<const TimeMark> marks, ByteBuffer& payload);
void encode_rss(std::span<const RssSample> samples, ByteBuffer& payload);

/// Append what the payload holds. False: it is damaged, nothing was appended. Marks must ascend strictly by
/// row and not decrease in time, also against what stands in `marks` already; samples must not decrease in
/// time.
[[nodiscard]] bool decode_marks(std::span<const std::byte> payload, std::vector<TimeMark>& marks);
[[nodiscard]] bool decode_rss(std::span<const std::byte> payload, std::vector<RssSample>& samples);

}  // namespace heapledger::ledger
