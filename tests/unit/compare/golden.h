// What R and scipy say, from tests/golden/statistics.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace heapledger::compare::testing {

inline nlohmann::json golden() {
  std::ifstream in(std::string{HEAPLEDGER_SOURCE} + "/tests/golden/statistics/statistics.json");
  return nlohmann::json::parse(in);
}

/// To 1e-9 of the expected value, or of the unit that the values have.
inline void expect_close(double got, double expected, double unit = 1) {
  EXPECT_NEAR(got, expected, 1e-9 * std::max(unit, std::abs(expected)));
}

}  // namespace heapledger::compare::testing
