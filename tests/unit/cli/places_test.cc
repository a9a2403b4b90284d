// Short paths.
#include "../../../analyzer/cli/places.h"

#include <gtest/gtest.h>

namespace heapledger::cli {
namespace {

TEST(ShortPath, RelativeToTheWorkingDirectory) {
  EXPECT_EQ(short_path("/home/me/project/src/app.py", "/home/me/project"), "src/app.py");
  EXPECT_EQ(short_path("/home/me/project/app.py", "/home/me/project/"), "app.py");
  EXPECT_EQ(short_path("/home/me/project2/app.py", "/home/me/project"), "/home/me/project2/app.py");
  EXPECT_EQ(short_path("/app.py", "/"), "/app.py");
  EXPECT_EQ(short_path("/app.py", ""), "/app.py");
  EXPECT_EQ(short_path("app.py", "/home/me"), "app.py");
}
TEST(ShortPath, PackagesAlsoInsideTheWorkingDirectory) {
  EXPECT_EQ(short_path("/p/.venv/lib/python3.12/site-packages/numpy/core.py", "/p"),
            "site-packages/numpy/core.py");
  EXPECT_EQ(short_path("/usr/lib/python3/dist-packages/apt/cache.py", "/"), "dist-packages/apt/cache.py");
}
TEST(ShortPath, StandardLibrary) {
  EXPECT_EQ(short_path("/usr/lib/python3.11/json/decoder.py", "/p"), "python3.11/json/decoder.py");
  EXPECT_EQ(short_path("/opt/py/lib64/python3.14t/re/_parser.py", "/opt"), "python3.14t/re/_parser.py");
  EXPECT_EQ(short_path("/home/me/python3/app.py", "/tmp"), "/home/me/python3/app.py");
  EXPECT_EQ(short_path("/home/lib/pythonic/app.py", "/tmp"), "/home/lib/pythonic/app.py");
}
TEST(ShortPath, NamesThatAreNoPaths) {
  EXPECT_EQ(short_path("<string>", "/p"), "<string>");
  EXPECT_EQ(short_path("", "/p"), "");
}

}  // namespace
}  // namespace heapledger::cli
