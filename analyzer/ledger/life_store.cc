// Life store: the file of old groups, and the mapping that late deaths go through.
#include "life_store.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "error.h"

namespace heapledger::ledger {
namespace {

[[noreturn]] void fail(std::string_view output, int error) {
  throw FileError(fmt::format(
      "cannot write {}: a temporary file beside it is needed as well: {}; free some space or choose "
      "another place for the output",
      output, std::strerror(error)));
}

/// Calls transfer(bytes, offset), which is pread or pwrite, until all is done.
template <class Byte, class Transfer>
void transfer_all(std::string_view output, std::span<Byte> bytes, std::uint64_t offset, Transfer&& transfer) {
  while (!bytes.empty()) {
    const ssize_t done = transfer(bytes, static_cast<off_t>(offset));
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) fail(output, done < 0 ? errno : EIO);
    bytes = bytes.subspan(static_cast<std::size_t>(done));
    offset += static_cast<std::uint64_t>(done);
  }
}

}  // namespace

LifeStore::LifeStore(std::string_view beside, std::uint32_t escape) : beside_(beside), escape_(escape) {}

LifeStore::~LifeStore() { unmap(); }

void LifeStore::clear() noexcept {
  groups_ = pages_ = 0;
  most_pages_ = kFirstPages;
  long_.clear();
}

void LifeStore::add_group() {
  auto& lives = recent_[groups_ % kRecentGroups];
  if (groups_ >= kRecentGroups) write_out(groups_ - kRecentGroups);
  if (!lives) lives = std::make_unique_for_overwrite<std::uint32_t[]>(kRowsPerGroup);
  std::fill_n(lives.get(), kRowsPerGroup, 0);
  ++groups_;
}

void LifeStore::write_out(std::uint64_t group) {
  if (!file_) {
    file_.emplace(beside_, "lives");
    if (const int error = file_->unlink()) fail(beside_, error);
  }
  const std::span<const std::uint32_t> lives(recent_[group % kRecentGroups].get(), kRowsPerGroup);
  transfer_all(beside_, std::as_bytes(lives), group * kGroupBytes, [this](auto bytes, off_t offset) {
    return ::pwrite(file_->descriptor(), bytes.data(), bytes.size(), offset);
  });
}

std::uint32_t* LifeStore::old_slot(std::uint64_t row) {
  if (row >= mapped_rows_) map(old_rows());
  const std::uint64_t page = row >> kPageBits;
  if (page != std::exchange(last_page_, page) && ++pages_ == most_pages_) {
    pages_ = 0;
    most_pages_ *= 2;
    // What was written is in the page cache already, and comes back from there.
    (void)::madvise(mapping_, mapped_rows_ * sizeof *mapping_, MADV_DONTNEED);
  }
  return mapping_ + row;
}

/// Maps twice as much as there is, so that it happens rarely; nothing behind the end of the file is touched.
void LifeStore::map(std::uint64_t rows) {
  unmap();
  void* const at = ::mmap(nullptr, 2 * rows * sizeof *mapping_, PROT_READ | PROT_WRITE, MAP_SHARED,
                          file_->descriptor(), 0);
  if (at == MAP_FAILED) fail(beside_, errno);
  mapping_ = static_cast<std::uint32_t*>(at);
  mapped_rows_ = 2 * rows;
}

void LifeStore::unmap() noexcept {
  if (mapping_ != nullptr) ::munmap(mapping_, mapped_rows_ * sizeof *mapping_);
  mapping_ = nullptr;
  mapped_rows_ = 0;
}

void LifeStore::get(std::uint64_t group, std::span<std::uint64_t> out) {
  std::vector<std::uint32_t> old;
  const std::uint32_t* lives = recent_[group % kRecentGroups].get();
  if (group * kRowsPerGroup < old_rows()) {
    old.resize(out.size());
    transfer_all(beside_, std::as_writable_bytes(std::span(old)), group * kGroupBytes,
                 [this](auto bytes, off_t offset) {
                   return ::pread(file_->descriptor(), bytes.data(), bytes.size(), offset);
                 });
    lives = old.data();
  }
  std::copy_n(lives, out.size(), out.begin());
  if (long_.empty()) return;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i] == escape_) out[i] = long_.at(group * kRowsPerGroup + i);
  }
}

}  // namespace heapledger::ledger
