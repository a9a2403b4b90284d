// Column codecs: every shape of a group comes back, and no payload that was tampered with leads out of
// bounds.
#include "../../../analyzer/ledger/columns.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "../../../analyzer/ledger/file_format.h"

namespace heapledger::ledger {
namespace {

using Random = std::mt19937_64;

struct Rows {
  std::vector<std::uint32_t> site, thread;
  std::vector<std::uint64_t> size, life;
  explicit Rows(std::size_t n) : site(n), thread(n), size(n), life(n) {}
};

/// `sites` different sites out of a larger range, some of them much more often than others.
Rows random_rows(Random& random, std::size_t count, std::uint32_t sites, double new_size) {
  Rows rows(count);
  std::vector<std::uint64_t> last(sites, 8);
  std::uint32_t thread = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto s = static_cast<std::uint32_t>(random() % (random() % 2 == 0 ? sites : std::min(sites, 10u)));
    rows.site[i] = s * 37 + 5;
    if (random() % 8 == 0) thread = static_cast<std::uint32_t>(random() % 1000);
    rows.thread[i] = thread;
    if (std::uniform_real_distribution<>(0, 1)(random) < new_size) last[s] = random() >> (random() % 64);
    rows.size[i] = last[s];
    rows.life[i] = random() % 3 == 0 ? 0 : random() >> (random() % 64);
  }
  return rows;
}

void expect_same(const Rows& rows, std::uint32_t sites, std::uint32_t threads) {
  static BirthsEncoder encoder;  // its tables must not leak from one group into the next
  const auto births = encoder.encode({rows.site, rows.thread, rows.size});
  Rows got(rows.site.size());
  BirthsDecoder decoder;
  ASSERT_TRUE(decoder.decode(births, sites, threads, {got.site, got.thread, got.size}));
  EXPECT_EQ(got.site, rows.site);
  EXPECT_EQ(got.thread, rows.thread);
  EXPECT_EQ(got.size, rows.size);
  std::vector<std::byte> room;
  ASSERT_TRUE(decode_lives(encode_lives(rows.life, room), got.life));
  EXPECT_EQ(got.life, rows.life);
}

TEST(Columns, ComeBackForAnyNumberOfSites) {
  Random random(1);
  for (const std::uint32_t sites :
       {1u, 2u, 255u, 256u, 257u, 511u, 512u, 1000u, 20'000u, 65'536u, 200'000u}) {
    SCOPED_TRACE(sites);
    expect_same(random_rows(random, kRowsPerGroup, sites, 0.1), sites * 37 + 5, 1000);
  }
}

TEST(Columns, EveryRowWithASiteOfItsOwn) {
  Rows rows(kRowsPerGroup);
  for (std::uint32_t i = 0; i < kRowsPerGroup; ++i) rows.site[i] = 3'000'000 - i * 17;
  expect_same(rows, 3'000'001, 1);
}

TEST(Columns, ComeBackForAnyShareOfNewSizes) {
  Random random(2);
  for (const double share : {0.0, 0.01, 0.24, 0.26, 0.9, 1.0}) {
    SCOPED_TRACE(share);
    expect_same(random_rows(random, 5000, 40, share), 40 * 37 + 5, 1000);
  }
}

TEST(Columns, ComeBackForAnyNumberOfRows) {
  Random random(3);
  for (const std::size_t rows : {1u, 2u, 7u, 8u, 9u, 100u})
    expect_same(random_rows(random, rows, 5, 0.5), 1000, 1000);
}

TEST(Columns, KeepExtremeValues) {
  Rows rows(6);
  rows.size = {0, ~std::uint64_t{0}, std::uint64_t{1} << 48, 247, 248, 0};
  rows.thread = {0, 0xfffffffe, 0, 1, 1, 0};
  rows.life = {~std::uint64_t{0}, 0, 243, 244, 247, 248};
  expect_same(rows, 1, 0xffffffff);
}

TEST(Columns, RepeatedEndsAndSizesAreCheap) {
  // A loop of three temporaries, then blocks that all die together: the two cases that the codecs are made
  // for.
  Rows rows(kRowsPerGroup);
  for (std::uint32_t i = 0; i < kRowsPerGroup; ++i) {
    rows.site[i] = i % 3;
    rows.size[i] = 16 << (i % 3);
    rows.life[i] = i < 1000 ? 3 - i % 3 : 1'000'000 - i;
  }
  BirthsEncoder encoder;
  std::vector<std::byte> room;
  // Sites: a byte a row. Sizes: a bit a row. Lives: a byte a row and one distance.
  EXPECT_LT(encoder.encode({rows.site, rows.thread, rows.size}).size(), kRowsPerGroup * 9 / 8 + 64);
  EXPECT_LT(encode_lives(rows.life, room).size(), kRowsPerGroup + 16);
}

std::vector<std::byte> bytes(std::initializer_list<unsigned> values) {
  std::vector<std::byte> list;
  for (const unsigned v : values) list.push_back(static_cast<std::byte>(v));
  return list;
}

// The pictures of README.md, byte by byte.
TEST(Columns, LookAsDescribed) {
  BirthsEncoder encoder;
  std::vector<std::byte> room;
  const auto equal = [](std::span<const std::byte> a, const std::vector<std::byte>& b) {
    return std::ranges::equal(a, b);
  };
  const std::vector<std::uint32_t> site{9, 5, 9, 5, 9}, thread{1, 1, 2, 0, 0};
  // Sites 5 and 9 (zigzag 10, 8); positions; only the size of row 0 is new: bitmap, 300 is wide.
  EXPECT_TRUE(equal(encoder.encode({site, thread, std::vector<std::uint64_t>{300, 0, 300, 0, 300}}),
                    bytes({2, 10, 8, 1, 0, 1, 0, 1, 1, 0b00001, 249, 44, 1, 1, 2, 2, 1, 0, 2})));
  // Two of five rows differ from the last size at their site: all sizes.
  EXPECT_TRUE(equal(encoder.encode({site, thread, std::vector<std::uint64_t>{248, 0, 247, 0, 247}}),
                    bytes({2, 10, 8, 1, 0, 1, 0, 1, 0, 248, 0, 247, 0, 247, 248, 1, 2, 2, 1, 0, 2})));
  // Ends: row 1 at 1001, row 2 at 1001 (kept first), row 3 at 1003 (2 more), row 4 at 1001 (kept second).
  EXPECT_TRUE(equal(encode_lives(std::vector<std::uint64_t>{243, 1000, 999, 1000, 997, 0}, room),
                    bytes({243, 249, 244, 248, 245, 0, 2002 & 255, 2002 >> 8, 4})));
}

TEST(Columns, KeepFourEnds) {
  const std::uint64_t ends[] = {1000, 1010, 1020, 1030, 1000, 1040, 1010};
  std::vector<std::uint64_t> life;
  for (const std::uint64_t end : ends) life.push_back(end - life.size());
  std::vector<std::byte> room;
  // Row 4 finds its end in the last place, which keeps it; what row 6 looks for was dropped by row 5.
  EXPECT_TRUE(
      std::ranges::equal(encode_lives(life, room), bytes({249, 248, 248, 248, 247, 248, 248,  //
                                                          2000 & 255, 2000 >> 8, 20, 20, 20, 80, 59})));
}

TEST(Columns, DoNotDependOnGroupsBefore) {
  Random random(6);
  const Rows first = random_rows(random, 5000, 900, 0.2), second = random_rows(random, 5000, 600, 0.2);
  BirthsEncoder used, fresh;
  (void)used.encode({first.site, first.thread, first.size});
  const auto a = used.encode({second.site, second.thread, second.size});
  const auto b = fresh.encode({second.site, second.thread, second.size});
  EXPECT_TRUE(std::ranges::equal(a, b));
}

TEST(Columns, RefuseSitesAndThreadsThatDoNotExist) {
  Rows rows(3);
  rows.site = {4, 9, 4};
  rows.thread = {0, 2, 1};
  BirthsEncoder encoder;
  const auto payload = encoder.encode({rows.site, rows.thread, rows.size});
  Rows got(3);
  BirthsDecoder decoder;
  EXPECT_TRUE(decoder.decode(payload, 10, 3, {got.site, got.thread, got.size}));
  EXPECT_FALSE(decoder.decode(payload, 9, 3, {got.site, got.thread, got.size}));
  EXPECT_FALSE(decoder.decode(payload, 10, 2, {got.site, got.thread, got.size}));
}

TEST(Columns, RefuseAnotherNumberOfRows) {
  Random random(4);
  const Rows rows = random_rows(random, 100, 5, 0.1);
  BirthsEncoder encoder;
  BirthsDecoder decoder;
  std::vector<std::byte> room;
  const auto lives = encode_lives(rows.life, room);
  const auto births = encoder.encode({rows.site, rows.thread, rows.size});
  for (const std::size_t count : {0u, 1u, 99u, 101u, 1000u}) {
    Rows got(count);
    EXPECT_FALSE(decoder.decode(births, 1000, 1000, {got.site, got.thread, got.size})) << count;
    EXPECT_FALSE(decode_lives(lives, got.life)) << count;
  }
}

/// Payloads that checksums would have refused: only memory safety and valid numbers are promised.
TEST(Columns, SurviveAnyDamage) {
  Random random(5);
  for (int round = 0; round < 3000; ++round) {
    const Rows rows = random_rows(random, 200, round % 2 == 0 ? 400 : 20, round % 3 == 0 ? 0.1 : 0.8);
    BirthsEncoder encoder;
    std::vector<std::byte> room;
    auto births = encoder.encode({rows.site, rows.thread, rows.size});
    auto lives = encode_lives(rows.life, room);
    std::vector<std::byte> bad_births(births.begin(), births.end()), bad_lives(lives.begin(), lives.end());
    for (auto* const bad : {&bad_births, &bad_lives}) {
      for (std::uint64_t n = random() % 4; n > 0; --n)
        (*bad)[random() % bad->size()] = static_cast<std::byte>(random());
      if (random() % 4 == 0) bad->resize(random() % bad->size());
      bad->shrink_to_fit();
    }
    Rows got(rows.site.size());
    BirthsDecoder decoder;
    if (decoder.decode(bad_births, 15'000, 1000, {got.site, got.thread, got.size})) {
      ASSERT_LT(greatest_of(got.site), 15'000u);
      ASSERT_LT(greatest_of(got.thread), 1000u);
    }
    (void)decode_lives(bad_lives, got.life);
  }
}

}  // namespace
}  // namespace heapledger::ledger
