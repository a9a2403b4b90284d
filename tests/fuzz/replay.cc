// Runs a fuzz target over files: the seeds of tests/fuzz/corpus/NAME, each also cut at every byte and with
// each of its bits flipped, as a plain test without a fuzzing engine. Linked with one target each.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Bytes = std::vector<std::uint8_t>;

/// Exactly as long as the input, so that a sanitizer sees a read behind its end.
void run(const Bytes& input, std::size_t size) {
  const Bytes exact(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(size));
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

void replay(Bytes input) {
  for (std::size_t size = 0; size <= input.size(); ++size) run(input, size);
  for (std::size_t bit = 0; bit < 8 * input.size(); ++bit) {
    const auto mask = static_cast<std::uint8_t>(1u << (bit % 8));
    input[bit / 8] ^= mask;
    run(input, input.size());
    input[bit / 8] ^= mask;
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t files = 0;
  for (int i = 1; i < argc; ++i)
    for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      replay(Bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()});
      ++files;
    }
  std::printf("%zu seeds replayed\n", files);
  return files == 0 ? 1 : 0;  // an empty corpus proves nothing
}
