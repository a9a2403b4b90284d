// Symbol look-up in the tables of loaded ELF objects (System V gABI, and the GNU hash table as ld.so reads it).
#include "symbols.h"

#include <cstdint>
#include <cstring>

namespace heapledger {

namespace {

struct Tables {
  const ElfW(Sym)* symbols = nullptr;
  const char* names = nullptr;
  const std::uint32_t* gnu_hash = nullptr;
};

/// Addresses in the dynamic section are relocated in place by some loaders and not by others.
template <class T>
void set(T& field, const link_map& object, ElfW(Addr) address) noexcept {
  field = reinterpret_cast<T>(address < object.l_addr ? address + object.l_addr : address);
}

Tables tables_of(const link_map& object) noexcept {
  Tables t;
  for (const ElfW(Dyn)* d = object.l_ld; d != nullptr && d->d_tag != DT_NULL; ++d) {
    if (d->d_tag == DT_SYMTAB) set(t.symbols, object, d->d_un.d_ptr);
    if (d->d_tag == DT_STRTAB) set(t.names, object, d->d_un.d_ptr);
    if (d->d_tag == DT_GNU_HASH) set(t.gnu_hash, object, d->d_un.d_ptr);
  }
  return t;
}

std::uint32_t gnu_hash_of(const char* name) noexcept {
  std::uint32_t h = 5381;
  for (; *name != '\0'; ++name) h = h * 33 + static_cast<unsigned char>(*name);
  return h;
}

}  // namespace

void* find_symbol(const link_map& object, const char* name) noexcept {
  const Tables t = tables_of(object);
  if (t.gnu_hash == nullptr || t.symbols == nullptr || t.names == nullptr) return nullptr;
  const std::uint32_t bucket_count = t.gnu_hash[0], first = t.gnu_hash[1], bloom_words = t.gnu_hash[2];
  const std::uint32_t* buckets = t.gnu_hash + 4 + bloom_words * (sizeof(ElfW(Addr)) / 4);
  const std::uint32_t* chain = buckets + bucket_count;
  const std::uint32_t hash = gnu_hash_of(name);
  if (bucket_count == 0) return nullptr;
  std::uint32_t i = buckets[hash % bucket_count];
  if (i < first) return nullptr;
  for (;; ++i) {
    const std::uint32_t h = chain[i - first];
    const ElfW(Sym)& s = t.symbols[i];
    if ((h | 1) == (hash | 1) && s.st_shndx != SHN_UNDEF && std::strcmp(t.names + s.st_name, name) == 0)
      return reinterpret_cast<void*>(object.l_addr + s.st_value);
    if ((h & 1) != 0) return nullptr;
  }
}

void* find_variable(const link_map& object, const char* name) noexcept {
  const link_map* program = _r_debug.r_map;
  void* taken_over = program != nullptr && program != &object ? find_symbol(*program, name) : nullptr;
  return taken_over != nullptr ? taken_over : find_symbol(object, name);
}

}  // namespace heapledger
