// Series over time: order is checked, damage appends nothing.
#include "../../../analyzer/ledger/samples.h"

#include "ledger_oracle.h"

namespace heapledger::ledger {
namespace {

using testing::same_marks;
using testing::same_rss;

TEST(Samples, MarksComeBackPieceByPiece) {
  const std::vector<TimeMark> first{{0, 5}, {1, 5}, {10, 7}},
      second{{11, 7}, {~std::uint64_t{0}, ~std::uint64_t{0}}};
  ByteBuffer a, b;
  encode_marks(first, a);
  encode_marks(second, b);
  std::vector<TimeMark> got;
  EXPECT_TRUE(decode_marks(a.bytes(), got));
  EXPECT_TRUE(decode_marks(b.bytes(), got));
  auto all = first;
  all.insert(all.end(), second.begin(), second.end());
  EXPECT_TRUE(same_marks(got, all));
  EXPECT_FALSE(decode_marks(a.bytes(), got));  // not behind what is there
  EXPECT_EQ(got.size(), 5u);
}

TEST(Samples, MarksOutOfOrderAreRefused) {
  for (const std::vector<TimeMark>& bad :
       {std::vector<TimeMark>{{3, 1}, {3, 2}}, {{3, 1}, {2, 2}}, {{3, 2}, {4, 1}}}) {
    ByteBuffer payload;
    encode_marks(bad, payload);
    std::vector<TimeMark> got;
    EXPECT_FALSE(decode_marks(payload.bytes(), got));
    EXPECT_TRUE(got.empty());
  }
}

TEST(Samples, RssComesBack) {
  const std::vector<RssSample> samples{{0, 4096, 0}, {0, 0, ~std::uint64_t{0}}, {9, 8192, 4096}};
  ByteBuffer payload;
  encode_rss(samples, payload);
  std::vector<RssSample> got;
  EXPECT_TRUE(decode_rss(payload.bytes(), got));
  EXPECT_TRUE(same_rss(got, samples));
  EXPECT_FALSE(decode_rss(payload.bytes(), got));  // time would go back
}

TEST(Samples, DamagedPayloadsAppendNothing) {
  const std::vector<RssSample> samples{{1, 2, 3}, {4, 5, 6}};
  ByteBuffer payload;
  encode_rss(samples, payload);
  std::vector<RssSample> got;
  for (std::size_t size = 0; size < payload.size(); ++size) {
    EXPECT_FALSE(decode_rss(payload.bytes().first(size), got)) << size;
  }
  payload.byte(0);
  EXPECT_FALSE(decode_rss(payload.bytes(), got));
  ByteBuffer huge;
  huge.number(~std::uint64_t{0});
  EXPECT_FALSE(decode_rss(huge.bytes(), got));
  EXPECT_TRUE(got.empty());
}

}  // namespace
}  // namespace heapledger::ledger
