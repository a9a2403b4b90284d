// The few facts of an ELF file that decide whether the dynamic loader will load the shim into it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace heapledger::record {

struct ElfImage {
  std::uint8_t bits = 0;        ///< ELFCLASS32 or ELFCLASS64
  std::uint8_t byte_order = 0;  ///< ELFDATA2LSB or ELFDATA2MSB
  std::uint16_t machine = 0;    ///< EM_*; 0 when the byte order is not ours
  /// PT_INTERP, the dynamic loader. Empty: none is asked for, the file is static. Only known for files of our
  /// own class and byte order.
  std::string loader;

  [[nodiscard]] bool same_kind(const ElfImage& other) const {
    return bits == other.bits && byte_order == other.byte_order && machine == other.machine;
  }
};

/// Nothing when the file is no ELF file, is damaged, or cannot be read.
std::optional<ElfImage> read_elf_image(const std::string& path);

/// This program: what it is, the shim beside it is, and so must be what it records.
const ElfImage& own_image();

}  // namespace heapledger::record
