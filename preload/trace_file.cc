// Creation and growth of the raw trace file.
#include "trace_file.h"

#include <algorithm>
#include <cstring>
#include <ctime>
#include <sys/resource.h>
#include <sys/stat.h>

#include "settings.h"
#include "sys.h"

namespace heapledger {

constinit Recording* g_recording = nullptr;

namespace {

using trace::StopReason;

constexpr std::size_t kMaxPath = kMaxText + 64;

// A child inherits these and overwrites them when it creates its own trace; they are read by growth only.
constinit char g_path[kMaxPath] = {};
constinit dev_t g_device = 0;
constinit ino_t g_inode = 0;
constinit std::uint32_t g_owner = 0;  ///< pid that created g_path
constinit trace::FileHeader* g_last_header = nullptr;  ///< in a child, until it has its own: the parent's

char* put_text(char* at, const char* text) noexcept {
  const std::size_t size = std::strlen(text);
  std::memcpy(at, text, size);
  return at + size;
}

char* put_number(char* at, std::uint64_t v) noexcept {
  char digits[20];
  int n = 0;
  do digits[n++] = static_cast<char>('0' + v % 10);
  while ((v /= 10) != 0);
  while (n > 0) *at++ = digits[--n];
  return at;
}

/// Field 22 of /proc/self/stat; the command name before it may hold spaces and brackets.
std::uint64_t start_ticks() noexcept {
  char text[512];  // stacks of signal handlers are small
  const std::size_t size = sys::read_file("/proc/self/stat", text, sizeof text - 1);
  text[size] = '\0';
  const char* at = std::strrchr(text, ')');
  for (int field = 2; at != nullptr && field < 22; ++field) at = std::strchr(at + 1, ' ');
  std::uint64_t ticks = 0;
  if (at != nullptr)
    for (++at; *at >= '0' && *at <= '9'; ++at) ticks = ticks * 10 + static_cast<std::uint64_t>(*at - '0');
  return ticks;
}

/// Reserves [offset, offset + bytes) on disk. The limit is asked first: exceeding it would raise SIGXFSZ.
StopReason reserve(int fd, std::uint64_t offset, std::uint64_t bytes) noexcept {
  rlimit limit{};
  if (sys::call(SYS_prlimit64, 0, RLIMIT_FSIZE, nullptr, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
      offset + bytes > limit.rlim_cur)
    return StopReason::file_size_limit;
  long r;
  do r = sys::call(SYS_fallocate, fd, 0, static_cast<off_t>(offset), static_cast<off_t>(bytes));
  while (r == -EINTR);
  if (r != 0 && r != -EOPNOTSUPP && r != -ENOSYS) return StopReason::disk_full;
  // Pages that are written as files are cost half of what pages do that are first touched through the mapping (0.27 ms a
  // MiB, 0.57 of ext4); and file systems without fallocate reserve written blocks only.
  static char zeros[64 * 1024];  // never written, so that it takes no memory
  for (std::uint64_t done = 0; done < bytes;) {
    const std::uint64_t part = std::min<std::uint64_t>(bytes - done, sizeof zeros);
    r = sys::call(SYS_pwrite64, fd, zeros, part, static_cast<off_t>(offset + done));
    if (r == -EINTR) continue;
    if (r <= 0) return StopReason::disk_full;
    done += static_cast<std::uint64_t>(r);
  }
  return StopReason::none;
}

void* map_file(int fd, std::uint64_t offset, std::uint64_t bytes) noexcept {
  void* p = reinterpret_cast<void*>(sys::call(SYS_mmap, nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                                              static_cast<off_t>(offset)));
  return sys::is_map_error(p) ? nullptr : p;
}

/// Writes to a closed descriptor 0, 1 or 2 must go on failing while ours is open for an instant: the low numbers are
/// filled with descriptors that can be neither read nor written (O_PATH), which gives the same EBADF.
class LowNumbers {
 public:
  LowNumbers() noexcept {
    for (int i = 0; i < 3; ++i)
      if (sys::call(SYS_fcntl, i, F_GETFD) == -EBADF) held_[count_++] = sys::open("/", O_PATH);
  }
  ~LowNumbers() {
    while (count_ > 0)
      if (const int fd = held_[--count_]; fd >= 0) sys::close(fd);
  }
  LowNumbers(const LowNumbers&) = delete;
  LowNumbers& operator=(const LowNumbers&) = delete;

 private:
  int held_[3] = {};
  int count_ = 0;
};

int open_above(const char* path, int flags, int mode) noexcept {
  const LowNumbers filled;
  return sys::open(path, flags | O_NOFOLLOW, mode);
}

/// To grow the file of a process that has used up its descriptors, the limit is raised by one for the call.
int open_for_growth() noexcept {
  const int fd = open_above(g_path, O_RDWR, 0);
  rlimit limit{};
  if (fd != -EMFILE || sys::call(SYS_prlimit64, 0, RLIMIT_NOFILE, nullptr, &limit) != 0) return fd;
  const rlimit raised{limit.rlim_cur + 4, limit.rlim_max < limit.rlim_cur + 4 ? limit.rlim_cur + 4 : limit.rlim_max};
  if (sys::call(SYS_prlimit64, 0, RLIMIT_NOFILE, &raised, nullptr) != 0) return fd;
  const int again = open_above(g_path, O_RDWR, 0);
  sys::call(SYS_prlimit64, 0, RLIMIT_NOFILE, &limit, nullptr);
  return again;
}

int create_file() noexcept {
  sys::call(SYS_mkdirat, AT_FDCWD, g_settings.out, 0777);
  for (unsigned serial = 0; serial < 10'000; ++serial) {
    char* at = put_text(g_path, g_settings.out);
    *at++ = '/';
    at = put_text(put_number(put_text(put_number(at, g_owner), "-"), serial), ".raw");
    *at = '\0';
    const int fd = open_above(g_path, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (fd != -EEXIST) return fd;
  }
  return -EEXIST;
}

void fill(trace::FileHeader& h, std::uint32_t forked_from) noexcept {
  h.version = trace::kVersion;
  h.byte_order = trace::kByteOrder;
  h.header_bytes = static_cast<std::uint32_t>(trace::kGranule);
  h.pointer_bytes = sizeof(void*);
  h.page_bytes = static_cast<std::uint32_t>(sysconf(_SC_PAGESIZE));
  h.shard_bits = trace::kShardBits;
  h.pid = g_owner;
  h.parent_pid = static_cast<std::uint32_t>(sys::call(SYS_getppid));
  h.forked_from = forked_from;
  h.start_realtime_ns = sys::now_ns(CLOCK_REALTIME);
  h.start_monotonic_ns = sys::now_ns(CLOCK_MONOTONIC_COARSE);
  h.start_ticks = start_ticks();
  h.next_offset.store(trace::kGranule, std::memory_order_relaxed);
  std::memcpy(h.magic, trace::kMagic, sizeof h.magic);
}

/// The only place left to say that a child is missing is the trace of its parent.
void count_lost_child() noexcept {
  if (g_last_header != nullptr) g_last_header->lost_children.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

namespace trace_file {

bool create() noexcept {
  const std::uint32_t forked_from = g_owner;
  g_owner = sys::process_id();
  const int fd = create_file();
  if (fd < 0) return count_lost_child(), false;
  struct stat status {};
  void* p = nullptr;
  if (reserve(fd, 0, trace::kGranule) == StopReason::none && ::fstat(fd, &status) == 0)
    p = map_file(fd, 0, trace::kGranule);
  sys::close(fd);
  if (p == nullptr) return count_lost_child(), false;
  g_device = status.st_dev;
  g_inode = status.st_ino;
  auto* header = static_cast<trace::FileHeader*>(p);
  fill(*header, forked_from);
  g_recording->header.store(header, std::memory_order_release);
  g_last_header = header;
  return true;
}

trace::ChunkHeader* claim(std::uint32_t lane, std::uint32_t serial, std::uint64_t bytes) noexcept {
  trace::FileHeader* header = g_recording->header.load(std::memory_order_acquire);
  if (header == nullptr || g_recording->phase.load(std::memory_order_acquire) != Recording::ready) return nullptr;
  bytes = (bytes + trace::kGranule - 1) & ~(trace::kGranule - 1);
  const int fd = open_for_growth();
  struct stat status {};
  if (fd < 0 || ::fstat(fd, &status) != 0 || status.st_dev != g_device || status.st_ino != g_inode) {
    if (fd >= 0) sys::close(fd);
    return stop(StopReason::open_failed), nullptr;
  }
  const std::uint64_t offset = header->next_offset.fetch_add(bytes, std::memory_order_relaxed);
  const StopReason trouble = reserve(fd, offset, bytes);
  void* p = trouble == StopReason::none ? map_file(fd, offset, bytes) : nullptr;
  sys::close(fd);
  if (trouble != StopReason::none) return stop(trouble), nullptr;
  if (p == nullptr) return stop(StopReason::map_failed), nullptr;
#ifdef MADV_POPULATE_WRITE
  // One call instead of a fault a page; it also finds out about trouble that would be a SIGBUS later.
  if (sys::call(SYS_madvise, p, bytes, MADV_POPULATE_WRITE) == -EFAULT) {
    sys::unmap_memory(p, bytes);
    return stop(StopReason::disk_full), nullptr;
  }
#endif
  auto* chunk = static_cast<trace::ChunkHeader*>(p);
  chunk->lane = lane;
  chunk->serial = serial;
  chunk->bytes = static_cast<std::uint32_t>(bytes);
  std::atomic_ref<std::uint32_t>(chunk->magic).store(trace::kChunkMagic, std::memory_order_release);
  return chunk;
}

void release(trace::ChunkHeader* chunk) noexcept { sys::unmap_memory(chunk, chunk->bytes); }

void stop(StopReason reason) noexcept {
  auto expected = Recording::ready;
  if (!g_recording->phase.compare_exchange_strong(expected, Recording::stopped, std::memory_order_acq_rel)) return;
  trace::FileHeader* header = g_recording->header.load(std::memory_order_acquire);
  if (header == nullptr) return;
  header->stop_monotonic_ns.store(sys::now_ns(CLOCK_MONOTONIC_COARSE), std::memory_order_relaxed);
  header->stop_reason.store(reason, std::memory_order_release);
}

void count_lost() noexcept {
  if (g_recording == nullptr) return;
  trace::FileHeader* header = g_recording->header.load(std::memory_order_acquire);
  if (header != nullptr) header->lost_events.fetch_add(1, std::memory_order_relaxed);
}

void mark_clean_end(trace::FileHeader& header) noexcept {
  header.cpu_ns.store(sys::now_ns(CLOCK_PROCESS_CPUTIME_ID), std::memory_order_relaxed);
  header.clean_end.store(1, std::memory_order_release);
}

}  // namespace trace_file
}  // namespace heapledger
