// Opens a ledger file, finds its sections and gives their payloads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "file_format.h"
#include "model.h"

namespace heapledger::ledger {

struct Section {
  SectionHeader header;
  std::uint64_t offset = 0;  ///< of its frame in the file
};

/// All const members may be called from several threads at once. The file must not be cut while it is open.
class SectionIndex {
 public:
  /// Throws FileError when the file is no ledger, of a newer version, or not readable.
  explicit SectionIndex(std::string_view path);
  ~SectionIndex();
  SectionIndex(const SectionIndex&) = delete;
  SectionIndex& operator=(const SectionIndex&) = delete;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] std::uint64_t file_bytes() const noexcept { return bytes_.size(); }
  /// In the order of the file, the contents section left out.
  [[nodiscard]] std::span<const Section> sections() const noexcept { return sections_; }
  /// What is missing because the file is cut or damaged.
  [[nodiscard]] const std::vector<Warning>& warnings() const noexcept { return warnings_; }

  /// The payload, in `room`, which keeps its memory; valid until `room` is used again. False: it is damaged.
  [[nodiscard]] bool payload(const Section& section, std::vector<std::byte>& room,
                             std::span<const std::byte>& payload) const;

 private:
  // Steps of opening. check_header() judges the first 16 bytes only.
  void map();
  void unmap() noexcept;
  void check_header() const;
  /// By the trailer. False, with no section taken: trailer or contents are missing or damaged.
  bool read_contents();
  /// From header to header up to the first that is cut or damaged, with a warning that says where.
  void scan();
  /// Whether the frame lies in the file and can hold what its header says.
  [[nodiscard]] bool inside(const Section& section) const noexcept;

  std::string path_;
  std::span<const std::byte> bytes_;
  std::vector<Section> sections_;
  std::vector<Warning> warnings_;
};

}  // namespace heapledger::ledger
