// The reasons for which LD_PRELOAD has no effect, each found before the program is started: ld.so(8),
// execve(2).
#include "loadable.h"

#include <elf.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <fmt/format.h>

#include "elf_image.h"
#include "refusal.h"

namespace heapledger::record {
namespace {

std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

bool same_file(const std::string& a, const std::string& b) {
  struct stat one {};
  struct stat other {};
  return ::stat(a.c_str(), &one) == 0 && ::stat(b.c_str(), &other) == 0 && one.st_dev == other.st_dev &&
         one.st_ino == other.st_ino;
}

void check_kind(const ElfImage& image, const std::string& subject) {
  const ElfImage& own = own_image();
  if (image.bits != own.bits)
    throw CannotRecord(
        fmt::format("{} is a {}-bit program and this heapledger records {}-bit ones; build heapledger "
                    "for that kind",
                    subject, image.bits == ELFCLASS64 ? 64 : 32, own.bits == ELFCLASS64 ? 64 : 32));
  if (!image.same_kind(own))
    throw CannotRecord(
        fmt::format("{} is built for another processor (ELF machine {}, this one is {}); record it on a "
                    "machine of that kind",
                    subject, image.machine, own.machine));
}

void check_loader(const ElfImage& image, const std::string& binary, const std::string& subject) {
  const std::string& own = own_image().loader;
  if (image.loader.empty()) {
    // The loader itself is static, but `ld.so PROGRAM` honours LD_PRELOAD.
    if (!own.empty() && same_file(binary, own)) return;
    throw CannotRecord(
        fmt::format("{} is statically linked: the dynamic loader, which loads the recorder, never runs; "
                    "record a dynamically linked build of it",
                    subject));
  }
  if (!own.empty() && file_name(image.loader) != file_name(own))
    throw CannotRecord(
        fmt::format("{} uses another C library (its loader is {}, the recorder needs {}); record a build "
                    "for the C library of this heapledger",
                    subject, image.loader, own));
  if (::access(image.loader.c_str(), F_OK) != 0)
    throw CannotRecord(
        fmt::format("{} cannot start here: its loader {} does not exist", subject, image.loader));
}

/// Programs that change their rights at the start get a loader that ignores LD_PRELOAD (AT_SECURE).
void check_rights(const std::string& binary, const std::string& subject) {
  struct stat status {};
  struct statvfs mount {};
  if (::stat(binary.c_str(), &status) != 0) return;
  if (::statvfs(binary.c_str(), &mount) == 0 && (mount.f_flag & ST_NOSUID) != 0) return;
  const bool changes_user = (status.st_mode & S_ISUID) != 0 && status.st_uid != ::geteuid();
  const bool changes_group =
      (status.st_mode & S_ISGID) != 0 && (status.st_mode & S_IXGRP) != 0 && status.st_gid != ::getegid();
  if (changes_user || changes_group)
    throw CannotRecord(fmt::format(
        "{} runs with the rights of another {} (set{}id), so the loader ignores the recorder; "
        "record it as that {}, or a copy without that bit",
        subject, changes_user ? "user" : "group", changes_user ? "u" : "g", changes_user ? "user" : "group"));
  if (::geteuid() != 0 && ::getxattr(binary.c_str(), "security.capability", nullptr, 0) > 0)
    throw CannotRecord(
        fmt::format("{} has file capabilities, so the loader ignores the recorder; record a copy of it, "
                    "which has none",
                    subject));
}

}  // namespace

void check_loadable(const std::string& binary, const std::string& command) {
  const std::string subject = binary == command ? fmt::format("'{}'", command)
                                                : fmt::format("'{}', which runs '{}',", binary, command);
  if (const auto image = read_elf_image(binary)) {
    check_kind(*image, subject);
    check_loader(*image, binary, subject);
  }
  check_rights(binary, subject);
}

}  // namespace heapledger::record
