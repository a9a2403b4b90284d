// The recorder library: where it lies, and how the dynamic loader is told to load it.
#pragma once

#include <string>
#include <string_view>

namespace heapledger::record {

/// Path of libheapledger_preload.so: $HEAPLEDGER_PRELOAD if set, else where it is installed beside this
/// program, else where the build puts it. Throws CannotRecord with every path that was tried.
std::string find_shim();

/// `existing` (a value of LD_PRELOAD) with the shim in front, and there only.
std::string preload_list(const std::string& shim, std::string_view existing);

/// A name for the shim that LD_PRELOAD can hold, which has no way to write spaces and colons: the path
/// itself, or a symbolic link in a new folder under $TMPDIR that lives as long as this object, unless keep()
/// is called.
class PreloadName {
 public:
  explicit PreloadName(const std::string& shim);
  ~PreloadName();
  PreloadName(const PreloadName&) = delete;
  PreloadName& operator=(const PreloadName&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  /// For when processes still run that may start others.
  void keep() { folder_.clear(); }

 private:
  std::string folder_;
  std::string path_;
};

}  // namespace heapledger::record
