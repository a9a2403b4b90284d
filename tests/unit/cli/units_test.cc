// Figures as text at their borders, and times as typed.
#include "../../../analyzer/cli/units.h"

#include <gtest/gtest.h>

#include <csignal>

namespace heapledger::cli {
namespace {

TEST(Units, Bytes) {
  EXPECT_EQ(bytes_text(0), "0 B");
  EXPECT_EQ(bytes_text(1023), "1023 B");
  EXPECT_EQ(bytes_text(1024), "1.0 KiB");
  EXPECT_EQ(bytes_text(1536), "1.5 KiB");
  EXPECT_EQ(bytes_text((1u << 20) - 1), "1.0 MiB");  // never 1024.0 KiB
  EXPECT_EQ(bytes_text(std::uint64_t{5} << 40), "5.0 TiB");
  EXPECT_EQ(bytes_text(~std::uint64_t{0}), "16.0 EiB");
}
TEST(Units, Counts) {
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(1000), "1,000");
  EXPECT_EQ(count_text(1234567890), "1,234,567,890");
  EXPECT_EQ(counted(1, "block"), "1 block");
  EXPECT_EQ(counted(0, "block"), "0 blocks");
  EXPECT_EQ(counted(12000, "block"), "12,000 blocks");
}
TEST(Units, Times) {
  EXPECT_EQ(time_text(0), "0.000 s");
  EXPECT_EQ(time_text(59'999'999), "59.999 s");
  EXPECT_EQ(time_text(60'000'000), "1 min 00.0 s");
  EXPECT_EQ(time_text(125'340'000), "2 min 05.3 s");
  EXPECT_EQ(time_text(3'720'000'000), "1 h 02 min");
}
TEST(Units, Shares) {
  EXPECT_EQ(share_text(0, 0), "-");
  EXPECT_EQ(share_text(1, 3), "33.3%");
  EXPECT_EQ(share_text(7, 7), "100.0%");
}
TEST(Units, Dates) { EXPECT_EQ(date_text(951'827'696'000'000'000), "2000-02-29 12:34:56 UTC"); }
TEST(Units, Statuses) {
  EXPECT_EQ(status_text(-1), "");
  EXPECT_EQ(status_text(0), "exit status 0");
  EXPECT_EQ(status_text(3 << 8), "exit status 3");
  EXPECT_EQ(status_text(SIGKILL), "killed by SIGKILL");
  EXPECT_EQ(status_text(SIGSEGV | 0x80), "killed by SIGSEGV");
}
TEST(Units, TimesAsTyped) {
  EXPECT_EQ(parse_time("2"), 2'000'000u);
  EXPECT_EQ(parse_time("1.5s"), 1'500'000u);
  EXPECT_EQ(parse_time("0.2ms"), 200u);
  EXPECT_EQ(parse_time("3min"), 180'000'000u);
  for (const char* wrong :
       {"", "s", "-1", "1h", "1 s", "1e3", "nan", "inf", "99999999999999999999", "1.5.2"}) {
    EXPECT_EQ(parse_time(wrong), std::nullopt) << wrong;
  }
}

}  // namespace
}  // namespace heapledger::cli
