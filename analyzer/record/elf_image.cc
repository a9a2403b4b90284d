// ELF headers, as far as elf_image.h needs them.
#include "elf_image.h"

#include <elf.h>
#include <link.h>

#include <cstring>
#include <fstream>

namespace heapledger::record {
namespace {

using Header = ElfW(Ehdr);
using Segment = ElfW(Phdr);

constexpr std::uint8_t kOurBits = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
constexpr std::uint8_t kOurByteOrder = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
/// Paths of loaders are short; a longer one belongs to a damaged file.
constexpr std::uint64_t kMaxLoader = 4096;

bool read_at(std::ifstream& file, std::uint64_t offset, void* to, std::size_t size) {
  file.seekg(static_cast<std::streamoff>(offset));
  file.read(static_cast<char*>(to), static_cast<std::streamsize>(size));
  return static_cast<bool>(file);
}

std::string read_loader(std::ifstream& file, const Header& header) {
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Segment segment{};
    if (!read_at(file, header.e_phoff + std::uint64_t{i} * header.e_phentsize, &segment, sizeof segment))
      return {};
    if (segment.p_type != PT_INTERP || segment.p_filesz > kMaxLoader) continue;
    std::string loader(segment.p_filesz, '\0');
    if (!read_at(file, segment.p_offset, loader.data(), loader.size())) return {};
    return loader.substr(0, loader.find('\0'));
  }
  return {};
}

}  // namespace

std::optional<ElfImage> read_elf_image(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  Header header{};
  if (!file || !read_at(file, 0, header.e_ident, sizeof header.e_ident) ||
      std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
    return std::nullopt;
  ElfImage image{header.e_ident[EI_CLASS], header.e_ident[EI_DATA], 0, {}};
  if (image.byte_order != kOurByteOrder) return image;
  // e_machine stands at the same place in both classes.
  if (!read_at(file, offsetof(Header, e_machine), &image.machine, sizeof image.machine)) return std::nullopt;
  if (image.bits != kOurBits) return image;
  if (!read_at(file, 0, &header, sizeof header)) return std::nullopt;
  image.loader = read_loader(file, header);
  return image;
}

const ElfImage& own_image() {
  static const ElfImage image =
      read_elf_image("/proc/self/exe").value_or(ElfImage{kOurBits, kOurByteOrder, 0, {}});
  return image;
}

}  // namespace heapledger::record
