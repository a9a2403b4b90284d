// The value of LD_PRELOAD, which has no way to write spaces and colons.
#include "../../../analyzer/record/shim.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace heapledger::record {
namespace {

TEST(PreloadList, PutsTheShimFirstAndOnce) {
  EXPECT_EQ(preload_list("/a/shim.so", ""), "/a/shim.so");
  EXPECT_EQ(preload_list("/a/shim.so", "/b.so"), "/a/shim.so:/b.so");
  EXPECT_EQ(preload_list("/a/shim.so", "/b.so /c.so::/d.so "), "/a/shim.so:/b.so:/c.so:/d.so");
  EXPECT_EQ(preload_list("/a/shim.so", "/b.so:/a/shim.so"), "/a/shim.so:/b.so");
  EXPECT_EQ(preload_list("/a/shim.so", "/a/shim.so.1"), "/a/shim.so:/a/shim.so.1");
}

TEST(PreloadName, IsThePathWhenThatWillDo) {
  EXPECT_EQ(PreloadName("/usr/lib/shim.so").path(), "/usr/lib/shim.so");
}

TEST(PreloadName, IsALinkWhenThePathHasSeparators) {
  for (const std::string shim : {"/a b/shim.so", "/a:b/shim.so"}) {
    std::string link;
    {
      const PreloadName name(shim);
      link = name.path();
      EXPECT_EQ(link.find_first_of(" :"), std::string::npos);
      EXPECT_EQ(std::filesystem::read_symlink(link), shim);
    }
    EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(link).parent_path()));
  }
}

TEST(PreloadName, KeepsTheLinkWhenAsked) {
  std::string link;
  {
    PreloadName name("/a b/shim.so");
    link = name.path();
    name.keep();
  }
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  std::filesystem::remove_all(std::filesystem::path(link).parent_path());
}

}  // namespace
}  // namespace heapledger::record
