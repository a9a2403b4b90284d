// Series over time: encoding and checked decoding.
#include "samples.h"

#include "../../trace/codec.h"

namespace heapledger::ledger {
namespace {

/// One member of all samples.
template <class Sample>
void put_column(std::span<const Sample> samples, std::uint64_t Sample::*member, ByteBuffer& out) {
  std::uint64_t last = 0;
  for (const Sample& s : samples) {
    out.difference(s.*member, last);
    last = s.*member;
  }
}

/// Appends `columns` columns for as many samples as the payload says; they are judged by good(previous,
/// next).
template <class Sample, class Good, class... Members>
bool decode(std::span<const std::byte> payload, std::vector<Sample>& samples, Good&& good,
            Members... members) {
  trace::Cursor in(payload);
  const std::uint64_t count = in.varint();
  if (!in.ok() || count > in.left() / sizeof...(members)) return false;
  const std::size_t first = samples.size();
  samples.resize(first + static_cast<std::size_t>(count));
  const auto get_column = [&](std::uint64_t Sample::*member) {
    std::uint64_t last = 0;
    for (std::size_t i = first; i < samples.size(); ++i) last = samples[i].*member = get_difference(in, last);
  };
  (get_column(members), ...);
  bool whole = in.ok() && in.at_end();
  for (std::size_t i = first; i < samples.size() && whole; ++i)
    whole = i == 0 || good(samples[i - 1], samples[i]);
  if (!whole) samples.resize(first);
  return whole;
}

}  // namespace

void encode_marks(std::span<const TimeMark> marks, ByteBuffer& payload) {
  payload.clear();
  payload.number(marks.size());
  put_column(marks, &TimeMark::row, payload);
  put_column(marks, &TimeMark::time_us, payload);
}

void encode_rss(std::span<const RssSample> samples, ByteBuffer& payload) {
  payload.clear();
  payload.number(samples.size());
  put_column(samples, &RssSample::time_us, payload);
  put_column(samples, &RssSample::resident, payload);
  put_column(samples, &RssSample::resident_file, payload);
}

void encode_amendments(std::span<const Amendment> amendments, ByteBuffer& payload) {
  payload.clear();
  payload.number(amendments.size());
  put_column(amendments, &Amendment::row, payload);
  put_column(amendments, &Amendment::site, payload);
}

void encode_continued(std::span<const Continued> continued, ByteBuffer& payload) {
  payload.clear();
  payload.number(continued.size());
  put_column(continued, &Continued::row, payload);
  put_column(continued, &Continued::life, payload);
}

bool decode_marks(std::span<const std::byte> payload, std::vector<TimeMark>& marks) {
  const auto good = [](const TimeMark& a, const TimeMark& b) {
    return a.row < b.row && a.time_us <= b.time_us;
  };
  return decode(payload, marks, good, &TimeMark::row, &TimeMark::time_us);
}

bool decode_rss(std::span<const std::byte> payload, std::vector<RssSample>& samples) {
  const auto good = [](const RssSample& a, const RssSample& b) { return a.time_us <= b.time_us; };
  return decode(payload, samples, good, &RssSample::time_us, &RssSample::resident, &RssSample::resident_file);
}

bool decode_amendments(std::span<const std::byte> payload, std::vector<Amendment>& amendments) {
  const auto good = [](const Amendment& a, const Amendment& b) { return a.row < b.row; };
  return decode(payload, amendments, good, &Amendment::row, &Amendment::site);
}

bool decode_continued(std::span<const std::byte> payload, std::vector<Continued>& continued) {
  const auto good = [](const Continued& a, const Continued& b) { return a.row < b.row; };
  return decode(payload, continued, good, &Continued::row, &Continued::life);
}

}  // namespace heapledger::ledger
