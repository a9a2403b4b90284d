// Inputs that a fuzz target builds itself, beside those of its corpus.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

struct Seed {
  std::string name;
  std::vector<std::uint8_t> bytes;
};

/// Not every target has some.
[[gnu::weak]] std::vector<Seed> built_seeds();
