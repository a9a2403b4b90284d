// A folder under $TMPDIR (or /tmp) that is gone with its object.
#pragma once

#include <string>

namespace heapledger::cli {

class TemporaryFolder {
 public:
  /// Throws FileError when it cannot be made; `instead` completes the sentence: what else the user can do.
  explicit TemporaryFolder(const char* instead);
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string operator/(const char* name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace heapledger::cli
