// Series - marks of the clock, samples of resident memory, amendments of rows - as columns of differences.
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
void encode_amendments(std::span<const Amendment> amendments, ByteBuffer& payload);
void encode_continued(std::span<const Continued> continued, ByteBuffer& payload);

/// Append what the payload holds. False: it is damaged, nothing was appended. Marks must ascend strictly by
/// row and not decrease in time, also against what stands in `marks` already; samples must not decrease in
/// time; amendments and continued rows must ascend strictly by row.
[[nodiscard]] bool decode_marks(std::span<const std::byte> payload, std::vector<TimeMark>& marks);
[[nodiscard]] bool decode_rss(std::span<const std::byte> payload, std::vector<RssSample>& samples);
[[nodiscard]] bool decode_amendments(std::span<const std::byte> payload, std::vector<Amendment>& amendments);
[[nodiscard]] bool decode_continued(std::span<const std::byte> payload, std::vector<Continued>& continued);

}  // namespace heapledger::ledger
