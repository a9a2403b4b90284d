// Runs a fuzz target over seeds: the files of tests/fuzz/corpus/NAME and those that the target builds itself, each also cut at
// every byte and with each of its bits flipped, as a plain test without a fuzzing engine. Linked with one target each.
//
//   fuzz_raw CORPUS           replays
//   fuzz_raw --write FOLDER   writes the built seeds, for an engine to begin with
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "seeds.h"

/// 0; -1: refused, as nothing that the format could mean.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Bytes = std::vector<std::uint8_t>;

/// Exactly as long as the input, so that a sanitizer sees a read behind its end.
bool run(const Bytes& input, std::size_t size) {
  const Bytes exact(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(size));
  return LLVMFuzzerTestOneInput(exact.data(), exact.size()) == 0;
}

/// Whether it is accepted as it stands.
bool replay(Bytes input) {
  for (std::size_t size = 0; size <= input.size(); ++size) run(input, size);
  for (std::size_t bit = 0; bit < 8 * input.size(); ++bit) {
    const auto mask = static_cast<std::uint8_t>(1u << (bit % 8));
    input[bit / 8] ^= mask;
    run(input, input.size());
    input[bit / 8] ^= mask;
  }
  return run(input, input.size());
}

int write(const std::vector<Seed>& seeds, const std::filesystem::path& folder) {
  for (const Seed& seed : seeds)
    std::ofstream(folder / seed.name, std::ios::binary)
        .write(reinterpret_cast<const char*>(seed.bytes.data()), static_cast<std::streamsize>(seed.bytes.size()));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<Seed> built = built_seeds != nullptr ? built_seeds() : std::vector<Seed>{};
  if (argc == 3 && std::strcmp(argv[1], "--write") == 0) return write(built, argv[2]);
  std::size_t count = 0, accepted = 0, refused = 0;
  for (const Seed& seed : built) {
    if (!replay(seed.bytes)) std::printf("refused: %s\n", seed.name.c_str()), ++refused;
    ++count;
  }
  for (int i = 1; i < argc; ++i)
    for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      if (replay(Bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()})) ++accepted;
      ++count;
    }
  std::printf("%zu seeds replayed, %zu of the corpus accepted\n", count, accepted);
  return accepted == 0 || refused != 0 ? 1 : 0;  // a corpus of which nothing is read proves nothing
}
