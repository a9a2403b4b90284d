// Our variables, kept in one block of memory, and environments with and without them.
#include "environment.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <iterator>
#include <spawn.h>
#include <string_view>
#include <unistd.h>

#include "settings.h"
#include "sys.h"

extern char** environ;

namespace heapledger::environment {
namespace {

constexpr std::string_view kPreload = "LD_PRELOAD=";
constexpr std::string_view kOut = "HEAPLEDGER_OUT=";
constexpr std::string_view kNames[] = {
#define HEAPLEDGER_OPTION(field, kind, name, fallback, values, meaning) name "=",
#include "../trace/options.def"
#undef HEAPLEDGER_OPTION
};
constexpr std::size_t kOptions = std::size(kNames);

/// Written once, before main().
struct Ours {
  const char* options[kOptions];  ///< entries of the environment; nullptr: was not set
  const char* preload;            ///< LD_PRELOAD as it was, with an absolute path of the shim; nullptr: loaded in another way
  const char* preload_alone;      ///< LD_PRELOAD with the shim only
  const char* preload_rest;       ///< LD_PRELOAD without it; nullptr: it was alone
  const char* path;               ///< of the shim, as in these
  std::string_view name;          ///< of its file
  char* begin;                    ///< of all these strings
  char* end;
};
constinit Ours g_ours = {};

bool starts_with(const char* entry, std::string_view name) noexcept {
  return std::strncmp(entry, name.data(), name.size()) == 0;
}

/// kOptions: none of ours.
std::size_t option_of(const char* entry) noexcept {
  std::size_t at = 0;
  while (at < kOptions && !starts_with(entry, kNames[at])) ++at;
  return at;
}

std::string_view file_name(std::string_view path) noexcept {
  const std::size_t slash = path.rfind('/');
  if (slash != std::string_view::npos) path.remove_prefix(slash + 1);
  return path;
}

/// The object that has an address; all nullptr when there is none.
Dl_info object_of(const void* address) noexcept {
  Dl_info info{};
  return dladdr(address, &info) != 0 ? info : Dl_info{};
}

/// As the loader calls us: the path that it was given or has found.
const char* loaded_as() noexcept {
  const Dl_info shim = object_of(&g_ours);
  return shim.dli_fname != nullptr ? shim.dli_fname : "";
}

/// Whether the program's calls come to us. Where a library with the same functions lies in front of the shim, what is hidden from
/// the program would be lost to its children.
bool starts_programs() noexcept {
  const void* const shim = object_of(&g_ours).dli_fbase;
  for (const void* function : {reinterpret_cast<void*>(execve), reinterpret_cast<void*>(execv), reinterpret_cast<void*>(execvp),
                               reinterpret_cast<void*>(posix_spawn), reinterpret_cast<void*>(system)})
    if (object_of(function).dli_fbase != shim) return false;
  return true;
}

/// The part of a value of LD_PRELOAD that names the shim; without data: none does.
std::string_view our_part(std::string_view list) noexcept {
  while (!list.empty()) {
    const std::size_t size = std::min(list.find_first_of(" :"), list.size());
    if (const std::string_view part(list.data(), size); !part.empty() && file_name(part) == g_ours.name) return part;
    list.remove_prefix(std::min(size + 1, list.size()));
  }
  return {};
}

/// Strings one behind the other, in memory that is large enough.
class Strings {
 public:
  explicit Strings(char* at) noexcept : at_(at) {}
  template <class... Parts>
  const char* add(Parts... parts) noexcept {
    char* const begin = at_;
    ((at_ = static_cast<char*>(mempcpy(at_, std::string_view(parts).data(), std::string_view(parts).size()))), ...);
    *at_++ = '\0';
    return begin;
  }
  [[nodiscard]] char* end() const noexcept { return at_; }

 private:
  char* at_;
};

/// A program that the target starts may be elsewhere: the loader takes a relative path relative to that.
const char* absolute_path(Strings& strings, std::string_view part) noexcept {
  const char* const name = loaded_as();
  char* const folder = static_cast<char*>(sys::map_memory(kMaxText));
  const bool has_folder = folder != nullptr && sys::call(SYS_getcwd, folder, kMaxText) > 0;
  const char* path = name[0] == '/' || !has_folder ? strings.add(name) : strings.add(folder, "/", name);
  if (folder != nullptr) sys::unmap_memory(folder, kMaxText);
  return std::strpbrk(path, " :") == nullptr ? path : strings.add(part);  // no way to write that
}

void keep_preload(Strings& strings, std::string_view list) noexcept {
  const std::string_view part = our_part(list);
  if (part.data() == nullptr) return;
  const std::string_view before(list.data(), static_cast<std::size_t>(part.data() - list.data()));
  const std::string_view after(part.data() + part.size(), list.size() - before.size() - part.size());
  g_ours.path = absolute_path(strings, part);
  g_ours.preload = strings.add(kPreload, before, g_ours.path, after);
  g_ours.preload_alone = strings.add(kPreload, g_ours.path);
  if (!after.empty()) g_ours.preload_rest = strings.add(kPreload, before, after.data() + 1);
  else if (!before.empty()) g_ours.preload_rest = strings.add(kPreload, std::string_view(before.data(), before.size() - 1));
}

/// The folder of traces is where this process takes it to be, whatever folder its children are in.
const char* keep_option(Strings& strings, const char* entry) noexcept {
  return starts_with(entry, kOut) && g_settings.out[0] != '\0' ? strings.add(kOut, g_settings.out) : strings.add(entry);
}

bool keep(char* const* entries) noexcept {
  std::size_t bytes = 8 * kMaxText;  // of paths that are made longer
  for (char* const* e = entries; *e != nullptr; ++e)
    if (option_of(*e) != kOptions || starts_with(*e, kPreload)) bytes += 4 * (std::strlen(*e) + 1);
  g_ours.begin = static_cast<char*>(sys::map_memory(bytes));
  if (g_ours.begin == nullptr) return false;
  g_ours.name = file_name(loaded_as());
  Strings strings(g_ours.begin);
  for (char* const* e = entries; *e != nullptr; ++e) {
    if (const std::size_t option = option_of(*e); option != kOptions) g_ours.options[option] = keep_option(strings, *e);
    else if (starts_with(*e, kPreload)) keep_preload(strings, *e + kPreload.size());  // the last one counts for the loader, too
  }
  g_ours.end = strings.end();
  return true;
}

void take_out(char** entries) noexcept {
  char** to = entries;
  for (char** from = entries; *from != nullptr; ++from) {
    const bool is_preload = starts_with(*from, kPreload) && our_part(*from + kPreload.size()).data() != nullptr;
    if (option_of(*from) != kOptions || (is_preload && g_ours.preload_rest == nullptr)) continue;
    *to++ = is_preload ? const_cast<char*>(g_ours.preload_rest) : *from;
  }
  *to = nullptr;
}

/// Asks the kernel once for each page of the array and for each string: exec answers EFAULT where a look would end the program.
bool is_readable(char* const* entries) noexcept {
  constexpr std::size_t kInPage = sys::kPage / sizeof(char*);
  for (std::size_t i = 0;; ++i) {
    const bool is_new_page = i == 0 || reinterpret_cast<std::uintptr_t>(entries + i) / sizeof(char*) % kInPage == 0;
    if (is_new_page && !sys::readable(entries + i)) return false;
    if (entries[i] == nullptr) return true;
    if (!sys::readable(entries[i])) return false;
  }
}

bool has(char* const* entries, std::string_view name) noexcept {
  while (*entries != nullptr && !starts_with(*entries, name)) ++entries;
  return *entries != nullptr;
}

/// Of all entries, ours and the final nullptr.
std::size_t bytes_of_array(const Addition& addition) noexcept {
  return (addition.entries + kOptions + 2) * sizeof(char*);
}

/// An entry for LD_PRELOAD: the shim comes first, unless it has a place already or had one.
const char* list_with_ours(Strings& strings, const char* entry) noexcept {
  if (g_ours.path == nullptr || our_part(entry + kPreload.size()).data() != nullptr) return entry;
  if (g_ours.preload_rest != nullptr && std::strcmp(entry, g_ours.preload_rest) == 0) return g_ours.preload;
  return strings.add(kPreload, g_ours.path, ":", entry + kPreload.size());
}

}  // namespace

void hide(char** at_start) noexcept {
  if (environ == nullptr || !starts_programs() || !keep(environ)) return;
  take_out(environ);
  if (at_start != nullptr && at_start != environ) take_out(at_start);  // an earlier constructor has set something
}

bool is_kept(const char* entry) noexcept { return entry >= g_ours.begin && entry < g_ours.end; }

Addition what_is_missing(char* const* given) noexcept {
  const bool is_elsewhere = g_ours.path != nullptr && sys::call(SYS_faccessat, AT_FDCWD, g_ours.path, R_OK) != 0;
  if (g_ours.begin == g_ours.end || is_elsewhere || (given != nullptr && !is_readable(given))) return {given};
  Addition addition = {given};
  for (; given != nullptr && given[addition.entries] != nullptr; ++addition.entries)
    if (starts_with(given[addition.entries], kPreload)) addition.preload = given[addition.entries];
  addition.bytes = bytes_of_array(addition);
  if (addition.preload != nullptr && g_ours.path != nullptr)
    addition.bytes += std::strlen(addition.preload) + std::strlen(g_ours.path) + sizeof ":";
  return addition;
}

char** add_ours(const Addition& addition, void* room) noexcept {
  char** const entries = static_cast<char**>(room);
  char** to = entries;
  Strings strings(static_cast<char*>(room) + bytes_of_array(addition));
  for (std::size_t i = 0; i < addition.entries && addition.given[i] != nullptr; ++i) {
    char* const entry = addition.given[i];
    *to++ = entry == addition.preload ? const_cast<char*>(list_with_ours(strings, entry)) : entry;
  }
  if (addition.preload == nullptr && g_ours.path != nullptr) *to++ = const_cast<char*>(g_ours.preload_alone);
  *to = nullptr;
  for (std::size_t option = 0; option < kOptions; ++option) {
    if (g_ours.options[option] == nullptr || has(entries, kNames[option])) continue;
    *to++ = const_cast<char*>(g_ours.options[option]);
    *to = nullptr;
  }
  return entries;
}

}  // namespace heapledger::environment
