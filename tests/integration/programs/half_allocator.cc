// An allocator that replaces malloc and only the plain forms of operator new and delete.
#include <cstddef>

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void __libc_free(void*);

void* malloc(std::size_t n) { return __libc_malloc(n); }
void* calloc(std::size_t n, std::size_t each) { return __libc_calloc(n, each); }
void* realloc(void* p, std::size_t n) { return __libc_realloc(p, n); }
void free(void* p) { __libc_free(p); }
}

void* operator new(std::size_t n) { return __libc_malloc(n); }
void operator delete(void* p) noexcept { __libc_free(p); }
void operator delete(void* p, std::size_t) noexcept { __libc_free(p); }
