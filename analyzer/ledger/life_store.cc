// Life store: the mapped file grows with the rows and lends its pages only for a while.
#include "life_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "error.h"

namespace heapledger::ledger {
namespace {

/// The file doubles, but grows by no more than this at a time.
constexpr std::uint64_t kMostNewRows = 1 << 26;

[[noreturn]] void fail(std::string_view output, std::uint64_t bytes, int error) {
  throw FileError(fmt::format(
      "cannot write {}: a temporary file of {} bytes beside it is needed as well: {}; free some space or "
      "choose another place for the output",
      output, bytes, std::strerror(error)));
}

}  // namespace

LifeStore::LifeStore(std::string_view beside, std::uint32_t escape) : beside_(beside), escape_(escape) {}

LifeStore::~LifeStore() {
  if (lives_ != nullptr) ::munmap(lives_, capacity_ * sizeof *lives_);
}

void LifeStore::reserve(std::uint64_t rows) {
  if (rows > capacity_) grow(rows);
  const std::uint64_t recent = rows > kRecentRows ? (rows - kRecentRows) / kRowsPerGroup * kRowsPerGroup : 0;
  if (recent > recent_) give_back(recent_, recent);
  recent_ = recent;
}

void LifeStore::grow(std::uint64_t rows) {
  if (!file_) {
    file_.emplace(beside_, "lives");
    if (const int error = file_->unlink()) fail(beside_, 0, error);
  }
  const std::uint64_t capacity = std::max(rows, capacity_ + std::min(capacity_, kMostNewRows));
  const std::uint64_t old_bytes = capacity_ * sizeof *lives_;
  const std::uint64_t bytes = capacity * sizeof *lives_;
  const int error = ::posix_fallocate(file_->descriptor(), static_cast<off_t>(old_bytes),
                                      static_cast<off_t>(bytes - old_bytes));
  if (error != 0) fail(beside_, bytes, error);
  void* const at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file_->descriptor(), 0);
  if (at == MAP_FAILED) fail(beside_, bytes, errno);
  if (lives_ != nullptr) ::munmap(lives_, old_bytes);
  lives_ = static_cast<std::uint32_t*>(at);
  capacity_ = capacity;
}

void LifeStore::set_long(std::uint64_t row, std::uint64_t life) {
  lives_[row] = escape_;
  long_[row] = life;
}

void LifeStore::count_page(std::uint64_t row) {
  const std::uint64_t page = row >> kPageBits;
  if (page == last_page_) return;
  last_page_ = page;
  if (++old_pages_ < kMostOldPages) return;
  old_pages_ = 0;
  give_back(0, recent_);
}

/// Advice only: what was written is in the page cache already, and comes back from there.
void LifeStore::give_back(std::uint64_t first, std::uint64_t end) const {
  (void)::madvise(lives_ + first, (end - first) * sizeof *lives_, MADV_DONTNEED);
}

void LifeStore::take(std::uint64_t first, std::span<std::uint64_t> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    std::uint32_t& slot = lives_[first + i];
    out[i] = slot;
    slot = 0;
  }
  if (!long_.empty()) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (out[i] == escape_) out[i] = long_.extract(first + i).mapped();
    }
  }
  give_back(first, first + out.size());
}

}  // namespace heapledger::ledger
