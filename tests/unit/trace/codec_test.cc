// Record bodies: what put_* writes is what get_* and a decoder of this test's own read, at every boundary of a width.
#include "../../../trace/codec.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <list>
#include <map>
#include <random>
#include <string>
#include <variant>
#include <vector>

namespace heapledger::trace {
namespace {

using FileBytes = std::vector<std::byte>;

constexpr std::uint64_t kMax64 = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint32_t kMax32 = std::numeric_limits<std::uint32_t>::max();

/// Numbers next to every power of two: all boundaries of bytes and of groups of seven bits are among them.
std::vector<std::uint64_t> boundaries() {
  std::vector<std::uint64_t> numbers{0};
  for (unsigned bit = 0; bit < 64; ++bit)
    for (const std::uint64_t nearby : {-1, 0, 1}) numbers.push_back((std::uint64_t{1} << bit) + nearby);
  numbers.push_back(kMax64);
  return numbers;
}

/// The decoder of this test: written from trace/README.md, shares no code with the codec.
class PlainReader {
 public:
  explicit PlainReader(std::span<const std::byte> bytes) : bytes_(bytes) {}
  std::uint64_t leb128() {
    std::uint64_t value = 0, weight = 1;
    for (;;) {
      const std::uint64_t b = byte();
      value += b % 128 * weight;
      if (b < 128) return value;
      weight *= 128;
    }
  }
  std::uint64_t little_endian(unsigned width) {
    std::uint64_t value = 0, weight = 1;
    for (unsigned i = 0; i < width; ++i, weight *= 256) value += byte() * weight;
    return value;
  }
  std::string text(std::uint64_t size) {
    std::string s;
    for (std::uint64_t i = 0; i < size; ++i) s += static_cast<char>(byte());
    return s;
  }
  std::uint64_t byte() { return at_ < bytes_.size() ? static_cast<std::uint64_t>(bytes_[at_++]) : throw 0; }
  [[nodiscard]] bool at_end() const { return at_ == bytes_.size(); }

 private:
  std::span<const std::byte> bytes_;
  std::size_t at_ = 0;
};

/// Even numbers are positive, odd ones negative: 0, -1, 1, -2, 2 ...
std::int64_t plain_unzigzag(std::uint64_t v) {
  return v % 2 == 0 ? static_cast<std::int64_t>(v / 2) : -static_cast<std::int64_t>(v / 2) - 1;
}

// ---------------------------------------------------------------------------------------------- scalars

TEST(Scalars, ZigzagAgreesWithItsDefinition) {
  for (const std::uint64_t v : boundaries()) {
    EXPECT_EQ(unzigzag(v), plain_unzigzag(v)) << v;
    EXPECT_EQ(zigzag(plain_unzigzag(v)), v) << v;
  }
  EXPECT_EQ(zigzag(std::numeric_limits<std::int64_t>::min()), kMax64);
}

TEST(Scalars, WidthsAgreeWithCounting) {
  for (const std::uint64_t v : boundaries()) {
    unsigned bytes = 0, sevens = 1;
    for (std::uint64_t rest = v; rest != 0; rest /= 256) ++bytes;
    for (std::uint64_t rest = v / 128; rest != 0; rest /= 128) ++sevens;
    EXPECT_EQ(byte_width(v), bytes) << v;
    EXPECT_EQ(varint_size(v), sevens) << v;
  }
}

TEST(Scalars, VarintsReadBack) {
  for (const std::uint64_t v : boundaries()) {
    std::array<std::byte, 16> room{};
    const std::byte* end = put_varint(room.data(), v);
    const std::span<const std::byte> written{room.data(), end};
    EXPECT_EQ(written.size(), varint_size(v));
    EXPECT_EQ(PlainReader(written).leb128(), v);
    Cursor in{written};
    EXPECT_EQ(in.varint(), v);
    EXPECT_TRUE(in.ok() && in.at_end());
    for (std::size_t size = 0; size < written.size(); ++size) {
      Cursor cut{written.first(size)};
      EXPECT_EQ(cut.varint(), 0u);
      EXPECT_FALSE(cut.ok());
    }
  }
}

TEST(Scalars, AVarintHasTenBytesAtMost) {
  FileBytes padded(9, std::byte{0x80});
  padded.push_back(std::byte{0x00});
  Cursor ten{padded};
  EXPECT_EQ(ten.varint(), 0u);
  EXPECT_TRUE(ten.ok()) << "leading zeros are allowed";
  padded.insert(padded.begin(), std::byte{0x80});
  Cursor eleven{padded};
  EXPECT_EQ(eleven.varint(), 0u);
  EXPECT_FALSE(eleven.ok());
  const FileBytes ones(100, std::byte{0xff});
  Cursor endless{ones};
  endless.varint();
  EXPECT_FALSE(endless.ok());
}

TEST(Scalars, ACursorReadsNumbersOfEveryWidthAndNothingBehindItsEnd) {
  FileBytes bytes;
  for (int i = 0; i < 12; ++i) bytes.push_back(static_cast<std::byte>(0x81 + 13 * i));
  for (std::size_t size = 0; size <= bytes.size(); ++size)
    for (unsigned width = 0; width <= 8; ++width) {
      const FileBytes exact(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));  // ASan sees its end
      Cursor in{exact};
      const std::uint64_t v = in.number(width);
      ASSERT_EQ(in.ok(), width <= size);
      ASSERT_EQ(v, width <= size ? PlainReader(exact).little_endian(width) : 0);
      ASSERT_EQ(in.left(), width <= size ? size - width : 0);
    }
}

TEST(Scalars, AFailedCursorStaysFailed) {
  const FileBytes bytes(4, std::byte{1});
  Cursor in{bytes};
  EXPECT_TRUE(in.bytes(5).empty());
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.byte(), 0);
  EXPECT_EQ(in.number(1), 0u);
  EXPECT_TRUE(in.bytes(0).empty());
  EXPECT_FALSE(in.ok());
  EXPECT_FALSE((Cursor{bytes}.bytes(kMax64).data() != nullptr)) << "lengths near 2^64 do not wrap around";
}

// ------------------------------------------------------------------------------------ extended records

/// What a field holds, whatever its type: numbers as they are, signed ones zigzagged, texts.
using Value = std::variant<std::uint64_t, std::string>;

/// Sets every field of a record to what `next` gives.
class Filler {
 public:
  explicit Filler(std::uint64_t seed) : random_(seed) {}
  void operator()(std::uint32_t& v) { v = static_cast<std::uint32_t>(number() & kMax32); }
  void operator()(std::uint64_t& v) { v = number(); }
  void operator()(std::int64_t& v) { v = static_cast<std::int64_t>(number()); }
  void operator()(Bytes& v) {
    static constexpr std::size_t kSizes[] = {0, 1, 127, 128, 300, 20'000};
    std::string& text = texts_.emplace_back(kSizes[random_() % std::size(kSizes)], '\0');
    for (char& c : text) c = static_cast<char>(random_());
    v = {text.data(), text.size()};
  }

 private:
  std::uint64_t number() { return numbers_[random_() % numbers_.size()]; }
  std::mt19937_64 random_;
  std::vector<std::uint64_t> numbers_ = boundaries();
  std::list<std::string> texts_;  // fields point into them
};

struct Collector {
  std::vector<Value> values;
  unsigned narrow = 0;  ///< fields of 32 bits
  void operator()(std::uint32_t v) { values.emplace_back(std::uint64_t{v}), ++narrow; }
  void operator()(std::uint64_t v) { values.emplace_back(v); }
  void operator()(std::int64_t v) {
    values.emplace_back(v >= 0 ? 2 * static_cast<std::uint64_t>(v) : 2 * static_cast<std::uint64_t>(-(v + 1)) + 1);
  }
  void operator()(const Bytes& v) { values.emplace_back(std::string(static_cast<const char*>(v.data), v.size)); }
};

template <class Record>
std::vector<Value> values_of(Record record) {
  Collector collector;
  record.fields(collector);
  return collector.values;
}

/// The fields as this test reads them: it needs to know only which of them are texts.
std::vector<Value> plain_values(PlainReader& in, const std::vector<Value>& shape) {
  std::vector<Value> values;
  for (const Value& field : shape) {
    const std::uint64_t number = in.leb128();
    if (std::holds_alternative<std::string>(field)) values.emplace_back(in.text(number));
    else values.emplace_back(number);
  }
  return values;
}

struct Split {
  unsigned head = 0;
  FileBytes body;
};

template <class Record>
Split split_of(const Record& record) {
  FileBytes room(extended_size(record) + 1, std::byte{0x5a});
  const std::byte* end = put_extended(room.data(), record);
  EXPECT_EQ(end, room.data() + room.size() - 1) << "extended_size() counts what put_extended() writes";
  EXPECT_EQ(room.back(), std::byte{0x5a});
  room.pop_back();
  PlainReader in{room};
  Split split{static_cast<unsigned>(in.byte()), {}};
  const std::uint64_t length = in.leb128();
  EXPECT_LE(length, room.size());
  split.body.assign(room.end() - static_cast<std::ptrdiff_t>(length), room.end());
  return split;
}

template <class Record>
class ExtendedRecord : public testing::Test {};

using AllRecords =
    testing::Types<Order, Time, Realloc, VoidStamp, AllocWide, FreeWide, Thread, Code, Node, Site, Map, Unmap, Remap,
                   Protect, Process, Interpreter, SelfTest, ThreadEnd, Stack, StackEnd, Break, CollectionBegin, CollectionEnd,
                   CollectionsBefore, Type, Typed, TypedLate, Control, Attribute, Reused, CollectionsUnseen, PartOf>;
TYPED_TEST_SUITE(ExtendedRecord, AllRecords);

TYPED_TEST(ExtendedRecord, ReadsBackByTheCodecAndByHand) {
  Filler fill{42};
  for (int i = 0; i < 500; ++i) {
    TypeParam record;
    record.fields(fill);
    const Split split = split_of(record);
    ASSERT_EQ(split.head, 4 * static_cast<unsigned>(TypeParam::kind));
    ASSERT_FALSE(is_hot_alloc(static_cast<std::uint8_t>(split.head)));
    ASSERT_FALSE(is_hot_free(static_cast<std::uint8_t>(split.head)));
    ASSERT_FALSE(is_hot_reuse(static_cast<std::uint8_t>(split.head)));
    TypeParam back;
    ASSERT_TRUE(get_extended(std::span<const std::byte>(split.body), back));
    ASSERT_EQ(values_of(back), values_of(record));
    PlainReader in{split.body};
    ASSERT_EQ(plain_values(in, values_of(record)), values_of(record));
    ASSERT_TRUE(in.at_end());
  }
}

TYPED_TEST(ExtendedRecord, CutBodiesAreDamaged) {
  Filler fill{7};
  for (int i = 0; i < 20; ++i) {
    TypeParam record;
    record.fields(fill);
    const FileBytes body = split_of(record).body;
    const std::size_t step = body.size() > 3000 ? 97 : 1;
    for (std::size_t size = 0; size < body.size(); size += step) {
      const FileBytes cut(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(size));
      TypeParam back;
      ASSERT_FALSE(get_extended(std::span<const std::byte>(cut), back)) << size << " of " << body.size();
    }
  }
}

TYPED_TEST(ExtendedRecord, FieldsOfALaterVersionAreIgnored) {
  Filler fill{11};
  TypeParam record;
  record.fields(fill);
  FileBytes body = split_of(record).body;
  for (int i = 0; i < 40; ++i) {
    body.push_back(static_cast<std::byte>(0xff - 3 * i));
    TypeParam back;
    ASSERT_TRUE(get_extended(std::span<const std::byte>(body), back));
    ASSERT_EQ(values_of(back), values_of(record));
  }
}

TYPED_TEST(ExtendedRecord, NumbersTooGreatForTheirFieldAreDamage) {
  TypeParam record;
  Collector fields;
  record.fields(fields);
  for (std::size_t wide = 0; wide < fields.values.size(); ++wide) {
    if (std::holds_alternative<std::string>(fields.values[wide])) continue;
    FileBytes body(10 * fields.values.size());
    std::byte* at = body.data();
    for (std::size_t i = 0; i < fields.values.size(); ++i) at = put_varint(at, i == wide ? std::uint64_t{1} << 32 : 0);
    body.resize(static_cast<std::size_t>(at - body.data()));
    Collector one;
    record.fields([&, i = std::size_t{0}](auto& field) mutable { if (i++ == wide) one(field); });
    TypeParam back;
    EXPECT_EQ(get_extended(std::span<const std::byte>(body), back), one.narrow == 0) << "field " << wide;
  }
}

TEST(ExtendedRecords, ATextLongerThanItsBodyIsDamage) {
  for (const std::uint64_t size : {std::uint64_t{5}, std::uint64_t{1} << 32, kMax64}) {
    FileBytes body(30);
    std::byte* at = put_varint(put_varint(put_varint(body.data(), 1), 2), size);
    body.resize(static_cast<std::size_t>(at - body.data()) + 4);
    Thread thread;
    EXPECT_FALSE(get_extended(std::span<const std::byte>(body), thread)) << size;
  }
}

// ----------------------------------------------------------------------------------------- hot records

/// State and decoding of the hot records as trace/README.md tells them.
class PlainLane {
 public:
  struct Event {
    bool is_free = false;
    std::uint64_t address = 0, size = 0, site = 0;
    unsigned flags = 0;
    bool is_reuse = false;
    bool operator==(const Event&) const = default;
  };
  Event read(PlainReader& in) {
    const std::uint64_t head = in.byte();
    if (head % 2 == 1) return read_alloc(in, head);
    EXPECT_EQ(head % 4, 2u);
    if (head >= 128) return read_reuse(in, head);
    address_ += static_cast<std::uint64_t>(8 * plain_unzigzag(in.little_endian(head / 4 % 8)));
    return {true, address_, 0, 0, static_cast<unsigned>(head & 0xe0)};
  }

 private:
  Event read_alloc(PlainReader& in, std::uint64_t head) {
    static constexpr unsigned kWidths[] = {0, 1, 2, 4};
    const unsigned site_code = head / 64 % 4, size_code = head / 16 % 4, width = head / 2 % 8;
    if (site_code != 0) site_ = in.little_endian(kWidths[site_code]);
    auto& [last_address, last_size] = sites_[site_];
    const std::uint64_t base = last_address != 0 ? last_address : address_;
    address_ = last_address = base + static_cast<std::uint64_t>(8 * plain_unzigzag(in.little_endian(width)));
    if (size_code != 0) last_size = in.little_endian(kWidths[size_code]);
    return {false, address_, last_size, site_, 0};
  }
  Event read_reuse(PlainReader& in, std::uint64_t head) {
    static constexpr unsigned kWidths[] = {0, 1, 2, 4};
    if (head / 32 % 4 != 0) site_ = in.little_endian(kWidths[head / 32 % 4]);
    address_ += static_cast<std::uint64_t>(8 * plain_unzigzag(in.little_endian(head / 4 % 8)));
    return {false, address_, 0, site_, 0, true};
  }
  std::uint64_t address_ = 0, site_ = 0;
  std::map<std::uint64_t, std::pair<std::uint64_t, std::uint64_t>> sites_;
};

/// Writes hot records and reads each back twice: by the codec and by hand.
class HotRecords : public testing::Test {
 protected:
  /// Bytes of the record; 0 when the hot form cannot hold it.
  std::size_t alloc(std::uint32_t site, std::uint64_t address, std::uint64_t size) {
    const LaneModel lane_before = written_;
    const SiteModel site_before = written_sites_[site];
    const std::byte* end = put_alloc(room_.data(), written_, written_sites_[site], {site, address, size});
    if (end == nullptr) {
      EXPECT_EQ(written_.last_address, lane_before.last_address);
      EXPECT_EQ(written_.last_site, lane_before.last_site);
      EXPECT_EQ(written_sites_[site].last_address, site_before.last_address);
      EXPECT_EQ(written_sites_[site].last_size, site_before.last_size);
      return 0;
    }
    return check(end, {false, address, size, site, 0});
  }
  std::size_t free(std::uint64_t address, std::uint8_t flags = 0) {
    const std::uint64_t before = written_.last_address;
    const std::byte* end = put_free(room_.data(), written_, address, flags);
    if (end != nullptr) return check(end, {true, address, 0, 0, flags});
    EXPECT_EQ(written_.last_address, before);
    return 0;
  }
  std::size_t reuse(std::uint32_t site, std::uint64_t address) {
    const LaneModel before = written_;
    const std::byte* end = put_reuse(room_.data(), written_, site, address);
    if (end != nullptr) return check(end, {false, address, 0, site, 0, true});
    EXPECT_EQ(std::pair(written_.last_address, written_.last_site), std::pair(before.last_address, before.last_site));
    return 0;
  }
  void restart() {
    written_ = {}, written_sites_.clear();
    read_ = {}, read_sites_.clear();
    plain_ = {};
  }

 private:
  std::size_t check(const std::byte* end, const PlainLane::Event& expected) {
    EXPECT_LE(end + 8, room_.data() + kMaxHotRecord) << "whole words are stored: room for one more is needed";
    const FileBytes record(static_cast<const std::byte*>(room_.data()), end);
    PlainReader plain{record};
    EXPECT_EQ(plain_.read(plain), expected);
    EXPECT_TRUE(plain.at_end());
    Cursor in{record};
    const std::uint8_t head = in.byte();
    PlainLane::Event got{is_hot_free(head), 0, 0, 0, 0};
    EXPECT_EQ(is_hot_alloc(head) + is_hot_free(head) + is_hot_reuse(head), 1);
    if (is_hot_reuse(head)) {
      const std::uint32_t site = get_hot_site(reuse_site_code(head), in, read_);
      got = {false, get_free(head, in, read_), 0, site, 0, true};
    } else if (got.is_free) {
      got.address = get_free(head, in, read_);
      got.flags = head & 0xe0u;
    } else {
      const std::uint32_t site = get_hot_site(alloc_site_code(head), in, read_);
      const Alloc a = get_alloc_rest(head, in, read_, read_sites_[site]);
      got = {false, a.address, a.size, a.site, 0};
    }
    EXPECT_TRUE(in.ok() && in.at_end());
    EXPECT_EQ(got, expected);
    for (std::size_t size = 1; size < record.size(); ++size) check_cut(head, std::span(record).first(size));
    return record.size();
  }
  void check_cut(std::uint8_t head, std::span<const std::byte> cut) {
    LaneModel lane = read_;
    SiteModel site;
    const FileBytes exact(cut.begin(), cut.end());
    Cursor in{exact};
    in.byte();
    if (is_hot_free(head)) get_free(head, in, lane);
    else if (is_hot_reuse(head)) get_hot_site(reuse_site_code(head), in, lane), get_free(head, in, lane);
    else get_hot_site(alloc_site_code(head), in, lane), get_alloc_rest(head, in, lane, site);
    EXPECT_FALSE(in.ok());
  }

  std::array<std::byte, kMaxHotRecord + 8> room_{};
  LaneModel written_, read_;
  std::map<std::uint32_t, SiteModel> written_sites_, read_sites_;
  PlainLane plain_;
};

constexpr std::uint64_t kBase = 0x7f12'3456'7000;

TEST_F(HotRecords, AnAllocationLikeTheLastOneOfItsSiteTakesTwoBytes) {
  alloc(5, kBase, 48);
  EXPECT_EQ(alloc(5, kBase + 48, 48), 2u);
  EXPECT_EQ(alloc(5, kBase + 48 + 512 - 8, 48), 2u) << "63 units ahead";
  EXPECT_EQ(alloc(5, kBase + 48 + 512 - 8, 48), 1u) << "the same address again";
}

TEST_F(HotRecords, AReuseGoesByTheLastAddressAndSite) {
  alloc(5, kBase, 48);
  EXPECT_EQ(reuse(5, kBase), 1u);
  EXPECT_EQ(reuse(5, kBase + 48), 2u);
  EXPECT_EQ(reuse(6, kBase - 16), 3u);
  EXPECT_EQ(reuse(700, kBase + 4096), 5u);
  EXPECT_EQ(reuse(70'000, kBase), 7u);
  EXPECT_EQ(free(kBase, kFreeInCollection), 1u);
  EXPECT_EQ(alloc(70'000, kBase + 8, 24), 3u) << "the last site is that of a reuse, too";
  EXPECT_EQ(reuse(5, kBase + 1), 0u);
  EXPECT_EQ(reuse(5, kBase ^ std::uint64_t{1} << 62), 0u);
}

TEST_F(HotRecords, AddressesAtEveryWidth) {
  for (unsigned width = 1; width <= 6; ++width)
    for (const std::uint64_t nearby : {-1, 0})
      for (const bool forward : {true, false}) {
        const std::uint64_t units = (std::uint64_t{1} << (8 * width - 1)) + nearby;
        const std::uint64_t address = kBase + (forward ? 8 * units : 0 - 8 * units);
        const bool next_width = forward && nearby == 0;  // one more negative number than positive ones fits a width
        const std::size_t bytes = next_width && width == 6 ? 0 : 1 + width + (next_width ? 1 : 0);
        restart();
        alloc(1, kBase, 16);
        EXPECT_EQ(alloc(1, address, 16), bytes) << width << " " << units;
        restart();
        alloc(1, kBase, 16);
        EXPECT_EQ(free(address), bytes) << width << " " << units;
      }
}

TEST_F(HotRecords, SizesAtEveryWidth) {
  const std::pair<std::uint64_t, std::size_t> sizes[] = {
      {1, 1}, {0, 1}, {255, 1}, {256, 2}, {65535, 2}, {65536, 4}, {kMax32, 4}};
  alloc(1, kBase, 77);
  for (const auto& [size, bytes] : sizes) EXPECT_EQ(alloc(1, kBase, size), 1 + bytes) << size;
  EXPECT_EQ(alloc(1, kBase, std::uint64_t{1} << 32), 0u);
  EXPECT_EQ(alloc(1, kBase, kMax64), 0u);
  EXPECT_EQ(alloc(1, kBase, kMax32), 1u) << "what did not fit changed nothing";
}

TEST_F(HotRecords, SitesAtEveryWidth) {
  const std::pair<std::uint32_t, std::size_t> sites[] = {{1, 1},     {0, 1},     {255, 1},   {256, 2},
                                                         {65535, 2}, {65536, 4}, {kMax32, 4}};
  for (const auto& [site, bytes] : sites) alloc(site, kBase, 8);
  for (const auto& [site, bytes] : sites) {
    EXPECT_EQ(alloc(site, kBase, 8), 1 + bytes) << site;
    EXPECT_EQ(alloc(site, kBase, 8), 1u) << "the lane's last site needs no number";
  }
}

TEST_F(HotRecords, AddressesThatAreNotAlignedDoNotFit) {
  alloc(1, kBase, 8);
  for (std::uint64_t bit = 1; bit < 8; ++bit) {
    EXPECT_EQ(alloc(1, kBase + bit, 8), 0u);
    EXPECT_EQ(free(kBase + bit), 0u);
  }
  EXPECT_EQ(free(kBase), 1u);
}

TEST_F(HotRecords, AddressesAroundTheWholeSpace) {
  for (const std::uint64_t address : {std::uint64_t{8}, kMax64 - 7, std::uint64_t{1} << 63, kBase, (kBase << 8) + 8}) {
    alloc(1, address, 8);
    free(address);
    free(8);
  }
  EXPECT_EQ(free(kMax64 - 7), 2u) << "distances wrap around";
}

TEST_F(HotRecords, FlagsOfFreesAreKept) {
  for (const std::uint8_t flags : {std::uint8_t{0}, kFreeInCollection, kFreeInner,
                                   static_cast<std::uint8_t>(kFreeInCollection | kFreeInner)})
    for (const std::uint64_t address : {kBase, kBase, kBase + (1 << 20)}) free(address, flags);
}

TEST_F(HotRecords, LongRandomSequences) {
  std::mt19937_64 random(1);
  std::size_t written = 0, refused = 0;
  for (int i = 0; i < 200'000; ++i) {
    const unsigned reach = static_cast<unsigned>(random() % 52);
    const std::uint64_t address = (kBase + (random() & ((std::uint64_t{1} << reach) - 1))) & ~std::uint64_t{7};
    const auto site = static_cast<std::uint32_t>(random() % 4 == 0 ? random() % 100'000 : random() % 3);
    const std::uint64_t size = random() % 3 == 0 ? random() >> (32 + random() % 32) : 64;
    const std::size_t bytes = random() % 2 == 0 ? alloc(site, address, size) : free(address);
    ++(bytes != 0 ? written : refused);
  }
  EXPECT_GT(written, 100'000u);
  EXPECT_GT(refused, 100u);
}

TEST(HotRoom, HoldsAnyHotRecordWithBothPrefixes) {
  const std::uint64_t prefixes = extended_size(Time{kMax64}) + extended_size(Order{kMax32});
  const std::uint64_t hot = 1 + 4 + 6 + 4 + 8;  // the last store is a whole word
  EXPECT_LE(prefixes + hot, kMaxHotRecord);
  EXPECT_LE(prefixes + extended_size(AllocWide{kMax32, kMax64, kMax64}), kMaxHotRecord);
  EXPECT_LE(prefixes + extended_size(FreeWide{kMax64, kMax32}), kMaxHotRecord);
  const auto least = std::numeric_limits<std::int64_t>::min();
  EXPECT_LE(extended_size(Time{kMax64}) + extended_size(Realloc{kMax32, least, least, kMax64, kMax32, kMax32}),
            kMaxHotRecord);
}

}  // namespace
}  // namespace heapledger::trace
