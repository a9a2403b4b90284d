// Encodes and decodes the columns of one group of rows. Byte pictures: README.md in this folder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace heapledger::ledger {

/// Where and how big the blocks of a group are. Spans of equal length, at most kRowsPerGroup.
struct Births {
  std::span<const std::uint32_t> site, thread;
  std::span<const std::uint64_t> size;
};

/// 0 when there are none.
[[nodiscard]] std::uint32_t greatest_of(std::span<const std::uint32_t> numbers);

/// Not thread-safe: it keeps tables from group to group, 12 bytes for every site number seen so far. A
/// payload does not depend on the groups before.
class BirthsEncoder {
 public:
  /// The payload; valid until the next call.
  std::span<const std::byte> encode(const Births& births);

 private:
  // Steps of encode(): count_sites() fills distinct_, order_sites() gives the sites their indexes.
  void count_sites(std::span<const std::uint32_t> site);
  void order_sites();
  std::byte* put_sites(std::byte* at, std::span<const std::uint32_t> site);
  std::byte* put_sizes(std::byte* at, const Births& births);

  struct OfSite {
    std::uint32_t group = 0;  ///< the last one that used it; the rest is of that group
    std::uint32_t rows = 0;
    std::uint32_t index = 0;  ///< in distinct_
  };
  std::vector<OfSite> of_site_;            ///< by site
  std::vector<std::uint32_t> distinct_;    ///< sites of this group
  std::vector<std::uint64_t> last_size_;   ///< by index
  std::vector<std::uint64_t> exceptions_;  ///< sizes that differ from the last one of their site
  std::vector<std::byte> bitmap_;
  std::vector<std::byte> room_;  ///< for the greatest payload
  std::uint32_t group_ = 0;
};

/// The payload, in `room`; valid until `room` is used again.
std::span<const std::byte> encode_lives(std::span<const std::uint64_t> life, std::vector<std::byte>& room);

/// Room for as many rows as the payload must hold.
struct BirthsTarget {
  std::span<std::uint32_t> site, thread;
  std::span<std::uint64_t> size;
};

/// Not thread-safe: it keeps its memory from group to group.
class BirthsDecoder {
 public:
  /// False: the payload is damaged, or names a site or thread that is not smaller than the given number of
  /// them.
  [[nodiscard]] bool decode(std::span<const std::byte> payload, std::uint32_t sites, std::uint32_t threads,
                            const BirthsTarget& target);

 private:
  std::vector<std::uint32_t> distinct_, index_;  ///< sites of the group; by row: position among them
  std::vector<std::uint64_t> last_size_;         ///< by index
};

/// False: the payload is damaged. Values are not judged.
[[nodiscard]] bool decode_lives(std::span<const std::byte> payload, std::span<std::uint64_t> life);

}  // namespace heapledger::ledger
