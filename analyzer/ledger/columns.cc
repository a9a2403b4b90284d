// Column codecs: what is usual costs a bit or a byte, and alike things stand together for zstd.
#include "columns.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "../../trace/codec.h"
#include "file_format.h"

namespace heapledger::ledger {
namespace {

using trace::Cursor;

/// No row takes more in a payload, all columns together; the rest of a payload fits into kSlack.
constexpr std::size_t kMaxRowBytes = 32;
constexpr std::size_t kSlack = 64;

// ------------------------------------------------------------------------------------------------- tokens
// A value is one token; a wide one also has bytes in a second stream behind all tokens. Tokens from kWide on
// say how many.

constexpr unsigned kWide = 248;

/// `bytes` from 1 to 8.
std::byte wide_token(unsigned bytes) { return static_cast<std::byte>(kWide + bytes - 1); }

std::byte* put_values(std::byte* at, std::span<const std::uint64_t> values) {
  std::byte* extra = at + values.size();
  for (const std::uint64_t v : values) {
    if (v < kWide) {
      *at++ = static_cast<std::byte>(v);
      continue;
    }
    const unsigned width = trace::byte_width(v);
    *at++ = wide_token(width);
    trace::put_word(extra, v);
    extra += width;
  }
  return extra;
}

/// Gives one value after the other; in.ok() says in the end whether all of them were there.
class Values {
 public:
  /// Takes the tokens of `count` values off `in` and leaves it at their extra bytes.
  Values(Cursor& in, std::size_t count) : in_(in), tokens_(in.bytes(count)) {}
  [[nodiscard]] bool ok() const { return in_.ok(); }
  std::uint64_t next() {
    const auto token = static_cast<unsigned>(tokens_[at_++]);
    return token < kWide ? token : in_.number(token - kWide + 1);
  }

 private:
  Cursor& in_;
  std::span<const std::byte> tokens_;
  std::size_t at_ = 0;
};

// -------------------------------------------------------------------------------------------------- sites
// A group's sites have numbers of their own. Those below plain_sites() are one byte, the others two.

/// Numbers of one byte when there are `distinct` sites: as many as leave enough first bytes for the others.
constexpr std::size_t plain_sites(std::size_t distinct) {
  return distinct <= 256 ? 256 : 256 - (distinct - 256 + 254) / 255;
}
static_assert(plain_sites(257) == 255 && plain_sites(511) == 255 && plain_sites(512) == 254);
static_assert(plain_sites(kRowsPerGroup) == 0);

/// The sites of the group. Their number is at most that of its rows, whatever the payload says.
bool get_distinct(Cursor& in, std::uint32_t sites, std::size_t rows, std::vector<std::uint32_t>& distinct) {
  const std::uint64_t count = in.varint();
  if (count > rows) return false;
  distinct.resize(static_cast<std::size_t>(count));
  std::uint64_t last = 0;
  for (std::uint32_t& d : distinct) {
    last += static_cast<std::uint64_t>(trace::unzigzag(in.varint()));
    if (last >= sites) return false;
    d = static_cast<std::uint32_t>(last);
  }
  return in.ok();
}

/// By row: position among the group's sites.
bool get_indexes(Cursor& in, std::size_t distinct, std::span<std::uint32_t> index) {
  const auto tokens = in.bytes(index.size());
  if (!in.ok()) return false;
  const std::size_t plain = plain_sites(distinct);
  std::uint32_t greatest = 0;  // one check behind the loop instead of one in it
  for (std::size_t i = 0; i < index.size(); ++i) {
    auto n = static_cast<std::uint32_t>(tokens[i]);
    if (n >= plain) n = static_cast<std::uint32_t>(plain + ((n - plain) << 8) + in.byte());
    index[i] = n;
    greatest = std::max(greatest, n);
  }
  return in.ok() && (greatest < distinct || index.empty());
}

// -------------------------------------------------------------------------------------------------- sizes
// Either all of them, or those that differ from the last size at their site, behind a bitmap of their rows.

enum class Sizes : unsigned { all = 0, exceptions = 1 };

/// Repetition pays as long as at most every fourth size differs (measured: README.md, "Choices").
constexpr std::size_t kLeastRowsAnException = 4;

bool is_set(std::span<const std::byte> bitmap, std::size_t i) {
  return (static_cast<unsigned>(bitmap[i / 8]) >> (i % 8) & 1) != 0;
}

std::size_t count_bits(std::span<const std::byte> bitmap) {
  std::size_t bits = 0;
  for (const std::byte b : bitmap) bits += static_cast<std::size_t>(std::popcount(static_cast<unsigned>(b)));
  return bits;
}

bool get_all_sizes(Cursor& in, std::span<std::uint64_t> size) {
  Values values(in, size.size());
  if (!values.ok()) return false;
  for (std::uint64_t& s : size) s = values.next();
  return values.ok();
}

bool get_exceptions(Cursor& in, std::span<const std::uint32_t> index, std::vector<std::uint64_t>& last,
                    std::span<std::uint64_t> size) {
  const auto bitmap = in.bytes((size.size() + 7) / 8);
  Values values(in, count_bits(bitmap));
  if (!values.ok()) return false;
  for (std::size_t i = 0; i < size.size(); ++i) {
    std::uint64_t& expected = last[index[i]];
    if (is_set(bitmap, i)) expected = values.next();
    size[i] = expected;
  }
  return values.ok();
}

// ------------------------------------------------------------------------------------------------ threads

/// Runs: threads of CPython take turns, and most programs have one.
std::byte* put_threads(std::byte* at, std::span<const std::uint32_t> thread) {
  for (std::size_t i = 0; i < thread.size();) {
    std::size_t end = i + 1;
    while (end < thread.size() && thread[end] == thread[i]) ++end;
    at = trace::put_varint(at, thread[i]);
    at = trace::put_varint(at, end - i);
    i = end;
  }
  return at;
}

bool get_threads(Cursor& in, std::uint32_t threads, std::span<std::uint32_t> thread) {
  while (!thread.empty()) {
    const std::uint64_t value = in.varint();
    const std::uint64_t run = in.varint();
    if (!in.ok() || value >= threads || run == 0 || run > thread.size()) return false;
    std::ranges::fill(thread.first(static_cast<std::size_t>(run)), static_cast<std::uint32_t>(value));
    thread = thread.subspan(static_cast<std::size_t>(run));
  }
  return true;
}

// -------------------------------------------------------------------------------------------------- lives
// Blocks that live longer mostly die together with others: their ends are looked for among the last different
// ends.

constexpr unsigned kRecent = 4;
/// Tokens below are the life itself, the next kRecent name a recent end, the rest are a distance to the last
/// end.
constexpr unsigned kLongLife = kWide - kRecent;

/// The last kRecent different ends, the latest first.
class RecentEnds {
 public:
  /// kRecent: it is not there.
  [[nodiscard]] unsigned find(std::uint64_t end) const {
    unsigned i = 0;
    while (i < kRecent && ends_[i] != end) ++i;
    return i;
  }
  [[nodiscard]] std::uint64_t operator[](unsigned i) const { return ends_[i]; }
  /// `end` is the latest now; it stood at `place` (kRecent: nowhere).
  void put_first(std::uint64_t end, unsigned place) {
    for (unsigned i = std::min(place, kRecent - 1); i > 0; --i) ends_[i] = ends_[i - 1];
    ends_[0] = end;
  }

 private:
  std::array<std::uint64_t, kRecent> ends_{};
};

}  // namespace

std::uint32_t greatest_of(std::span<const std::uint32_t> numbers) {
  std::uint32_t greatest = 0;  // a plain loop: std::max_element is not vectorized
  for (const std::uint32_t n : numbers) greatest = std::max(greatest, n);
  return greatest;
}

void BirthsEncoder::count_sites(std::span<const std::uint32_t> site) {
  ++group_;
  distinct_.clear();
  const std::uint32_t greatest = greatest_of(site);
  if (greatest >= of_site_.size()) of_site_.resize(std::max(std::size_t{greatest} + 1, of_site_.size() * 2));
  for (const std::uint32_t s : site) {
    OfSite& of = of_site_[s];
    if (of.group != group_) {
      of = {.group = group_, .rows = 0};
      distinct_.push_back(s);
    }
    ++of.rows;
  }
}

/// The most frequent sites get the numbers of one byte; in each part they ascend, which makes their list
/// short.
void BirthsEncoder::order_sites() {
  auto rest = distinct_.end();
  const std::size_t plain = plain_sites(distinct_.size());
  if (distinct_.size() > 256) {
    rest = distinct_.begin() + static_cast<std::ptrdiff_t>(plain);
    std::ranges::nth_element(distinct_, rest, [this](std::uint32_t a, std::uint32_t b) {
      return of_site_[a].rows != of_site_[b].rows ? of_site_[a].rows > of_site_[b].rows : a < b;
    });
  }
  std::sort(distinct_.begin(), rest);
  std::sort(rest, distinct_.end());
  for (std::size_t i = 0; i < distinct_.size(); ++i)
    of_site_[distinct_[i]].index = static_cast<std::uint32_t>(i);
}

std::byte* BirthsEncoder::put_sites(std::byte* at, std::span<const std::uint32_t> site) {
  at = trace::put_varint(at, distinct_.size());
  std::uint32_t last = 0;
  for (const std::uint32_t d : distinct_) {
    at = trace::put_varint(at, trace::zigzag(std::int64_t{d} - std::int64_t{last}));
    last = d;
  }
  const std::size_t plain = plain_sites(distinct_.size());
  std::byte* extra = at + site.size();
  for (const std::uint32_t s : site) {
    const std::size_t n = of_site_[s].index;
    if (n < plain) {
      *at++ = static_cast<std::byte>(n);
    } else {
      *at++ = static_cast<std::byte>(plain + ((n - plain) >> 8));
      *extra++ = static_cast<std::byte>(n - plain);
    }
  }
  return extra;
}

std::byte* BirthsEncoder::put_sizes(std::byte* at, const Births& births) {
  const std::size_t rows = births.size.size();
  last_size_.assign(distinct_.size(), 0);
  bitmap_.assign((rows + 7) / 8, std::byte{0});
  exceptions_.resize(rows);
  std::size_t count = 0;
  for (std::size_t i = 0; i < rows; ++i) {  // without a branch: exceptions come when they like
    const std::uint64_t size = births.size[i];
    std::uint64_t& expected = last_size_[of_site_[births.site[i]].index];
    const bool differs = size != expected;
    expected = size;
    exceptions_[count] = size;
    count += differs;
    bitmap_[i / 8] |= static_cast<std::byte>(static_cast<unsigned>(differs) << (i % 8));
  }
  if (count > rows / kLeastRowsAnException) {
    *at++ = static_cast<std::byte>(Sizes::all);
    return put_values(at, births.size);
  }
  *at++ = static_cast<std::byte>(Sizes::exceptions);
  at = std::ranges::copy(bitmap_, at).out;
  return put_values(at, std::span(exceptions_).first(count));
}

std::span<const std::byte> BirthsEncoder::encode(const Births& births) {
  room_.resize(std::max(room_.size(), births.site.size() * kMaxRowBytes + kSlack));
  count_sites(births.site);
  order_sites();
  std::byte* at = put_sites(room_.data(), births.site);
  at = put_sizes(at, births);
  at = put_threads(at, births.thread);
  return {room_.data(), at};
}

std::span<const std::byte> encode_lives(std::span<const std::uint64_t> life, std::vector<std::byte>& room) {
  room.resize(std::max(room.size(), life.size() * kMaxRowBytes + kSlack));
  std::byte* at = room.data();
  std::byte* extra = at + life.size();
  RecentEnds recent;
  for (std::size_t i = 0; i < life.size(); ++i) {
    if (life[i] < kLongLife) {
      *at++ = static_cast<std::byte>(life[i]);
      continue;
    }
    const std::uint64_t end = i + life[i];
    const unsigned place = recent.find(end);
    if (place < kRecent) {
      *at++ = static_cast<std::byte>(kLongLife + place);
    } else {
      const std::uint64_t distance = trace::zigzag(static_cast<std::int64_t>(end - recent[0]));
      const unsigned width = trace::byte_width(distance);
      *at++ = wide_token(width);
      trace::put_word(extra, distance);
      extra += width;
    }
    recent.put_first(end, place);
  }
  return {room.data(), extra};
}

bool BirthsDecoder::decode(std::span<const std::byte> payload, std::uint32_t sites, std::uint32_t threads,
                           const BirthsTarget& target) {
  Cursor in(payload);
  index_.resize(target.site.size());
  if (!get_distinct(in, sites, index_.size(), distinct_) || !get_indexes(in, distinct_.size(), index_))
    return false;
  for (std::size_t i = 0; i < index_.size(); ++i) target.site[i] = distinct_[index_[i]];
  const auto sizes = static_cast<Sizes>(in.byte());
  last_size_.assign(distinct_.size(), 0);
  if (sizes == Sizes::all
          ? !get_all_sizes(in, target.size)
          : sizes != Sizes::exceptions || !get_exceptions(in, index_, last_size_, target.size)) {
    return false;
  }
  return get_threads(in, threads, target.thread) && in.at_end();
}

bool decode_lives(std::span<const std::byte> payload, std::span<std::uint64_t> life) {
  Cursor in(payload);
  const auto tokens = in.bytes(life.size());
  if (!in.ok()) return false;
  RecentEnds recent;
  for (std::size_t i = 0; i < life.size(); ++i) {
    const auto token = static_cast<unsigned>(tokens[i]);
    if (token < kLongLife) {
      life[i] = token;
      continue;
    }
    const unsigned place = std::min(token - kLongLife, kRecent);
    const std::uint64_t end =
        place < kRecent
            ? recent[place]
            : recent[0] + static_cast<std::uint64_t>(trace::unzigzag(in.number(token - kWide + 1)));
    recent.put_first(end, place);
    life[i] = end - i;
  }
  return in.ok() && in.at_end();
}

}  // namespace heapledger::ledger
