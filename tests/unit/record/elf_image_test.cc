// ELF headers: this program's own, and damaged ones.
#include "../../../analyzer/record/elf_image.h"

#include <elf.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace heapledger::record {
namespace {

class ElfImageTest : public testing::Test {
 protected:
  ElfImageTest() {
    std::string pattern = testing::TempDir() + "/elf.XXXXXX";
    place_ = ::mkdtemp(pattern.data());
    std::ifstream self("/proc/self/exe", std::ios::binary);
    head_.resize(4096);
    self.read(head_.data(), static_cast<std::streamsize>(head_.size()));
  }
  ~ElfImageTest() override { std::filesystem::remove_all(place_); }
  [[nodiscard]] std::optional<ElfImage> read(const std::string& bytes) const {
    std::ofstream(place_ + "/image", std::ios::binary) << bytes;
    return read_elf_image(place_ + "/image");
  }

  std::string place_, head_;
};

TEST_F(ElfImageTest, ReadsThisProgram) {
  EXPECT_EQ(own_image().bits, sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32);
  EXPECT_NE(own_image().machine, 0);
  EXPECT_TRUE(std::filesystem::exists(own_image().loader)) << own_image().loader;
  EXPECT_TRUE(read("" + head_)->same_kind(own_image()));
}

TEST_F(ElfImageTest, OtherFilesAreNone) {
  EXPECT_FALSE(read(""));
  EXPECT_FALSE(read("#!/bin/sh\n"));
  EXPECT_FALSE(
      read("\x7f"
           "ELF"));
  EXPECT_FALSE(read_elf_image(place_));
  EXPECT_FALSE(read_elf_image(place_ + "/missing"));
}

TEST_F(ElfImageTest, OtherKindsDiffer) {
  std::string other = head_;
  other[EI_CLASS] = static_cast<char>(own_image().bits ^ 3);
  EXPECT_FALSE(read(other)->same_kind(own_image()));
  other = head_;
  other[18] = static_cast<char>(other[18] ^ 1);
  EXPECT_FALSE(read(other)->same_kind(own_image()));
  other = head_;
  other[EI_DATA] = static_cast<char>(other[EI_DATA] ^ 3);
  EXPECT_FALSE(read(other)->same_kind(own_image()));
}

TEST_F(ElfImageTest, DamagedHeadersGiveNoLoader) {
  for (std::size_t size = 0; size < 256; ++size) {
    const auto image = read(head_.substr(0, size));
    EXPECT_EQ(image ? image->loader : "", "") << size;
  }
  std::string wild = head_;
  for (std::size_t at = 32; at < 64; ++at) wild[at] = '\xff';  // offsets and counts of the tables
  EXPECT_EQ(read(wild)->loader, "");
}

}  // namespace
}  // namespace heapledger::record
