// Raw traces to begin with, built from the records as they are: when a record changes, so do they. Every kind of record is in
// one of them. In the form of raw_fuzz.cc's inputs.
#include <cstdio>
#include <cstdlib>

#include "../../analyzer/read/lane_reader.h"
#include "../support/definitions.h"
#include "../support/trace_builder.h"
#include "seeds.h"

namespace heapledger {

namespace {

using namespace trace;
using support::bytes_of;
using support::FileBytes;
using support::LaneBuilder;
using support::TraceBuilder;

constexpr std::uint64_t kA = 0x10'0000, kB = 0x20'0000;  // of different shards

/// What every lane of CPython begins with: two functions, one calling the other, and sites of objects and buffers.
LaneBuilder& begin_python(TraceBuilder& trace, std::uint32_t version_hex) {
  return trace.lane(0)
      .thread(0, "main")
      .put(Process{bytes_of("/bin/py"), bytes_of(std::string_view("py\0a.py\0", 8)), bytes_of("/")})
      .put(Interpreter{version_hex, 0, 0, 1, bytes_of("3.x"), 1})
      .put(SelfTest{1, 2})
      .code("main", "a.py", 1, std::string_view("\x80\0\x88\x02", 4))
      .code("__init__", "a.py", 7, std::string_view("\xf0\x01\x02\0", 4))
      .put(Node{0, 1, 4})
      .site(Api::py_obj_malloc, 0, 1, 4)
      .site(Api::py_mem_malloc, 1, 2, 2)
      .site(Api::py_obj_malloc, 1, 2, 2)
      .site(Api::py_mem_malloc, 0, 1, 4);
}

Type type(std::uint32_t flags, std::uint32_t base, std::uint64_t basic_size, std::int64_t dict_offset, std::string_view name) {
  Type type;
  type.flags = flags, type.base = base, type.basic_size = basic_size, type.dict_offset = dict_offset;
  type.address = (flags & kHeapType) != 0 ? kB : 0;
  type.name = bytes_of(name), type.module = bytes_of((flags & kHeapType) != 0 ? "shop" : "builtins");
  return type;
}

/// Up to 3.10: the values and the dict of an instance are told from their order.
void add_values_and_dict(TraceBuilder& trace) {
  begin_python(trace, 0x03080000)
      .put(type(0, 0, 16, 0, "object"))
      .put(type(kHeapType | kHasGc, 1, 32, 16, "Book"))
      .put(type(kHasGc | kDictSubclass, 1, 48, 0, "dict"))
      .put(Attribute{2, 0, bytes_of("title")})
      .alloc(1, kA, 64).put(Typed{2})
      .alloc(2, kA + 64, 40).alloc(3, kA + 128, 64).put(Typed{3})
      .at(900).free(kA + 128).free(kA + 64).free(kA);
}

/// 3.11: values follow their instance; types that are found late, and end.
void add_values(TraceBuilder& trace) {
  begin_python(trace, 0x030b0000)
      .put(type(0, 0, 16, 0, "object"))
      .put(type(kHeapType | kHasGc | kManagedDict, 1, 16, -24, "Book"))
      .alloc(1, kA, 48).put(Typed{2}).alloc(4, kA + 64, 24)
      .alloc(1, kA + 128, 48).alloc(1, kA + 192, 48)
      .typed_late(0, 1, kA + 128)
      .realloc(3, kA + 192, kA + 256, 100).put(Typed{1})
      .void_stamp(kA).free(kA + 64).free(kA, kFreeInner);
}

/// 3.13: objects from free lists, in both forms.
void add_reuses(TraceBuilder& trace) {
  begin_python(trace, 0x030d0000)
      .put(type(0, 0, 24, 0, "float"))
      .put(type(0, 0, 24, 0, "int"))
      .alloc(1, kA, 24).put(Typed{1}).at(5000).reused(3, 1, kA).reuse(3, kA).reused(1, 2, kA).reuse(1, kA).free(kA);
}

/// A __dict__ of its own, its table, and values: of a reused block, of one that is long gone, of one that never was.
void add_parts(TraceBuilder& trace) {
  begin_python(trace, 0x030d0000)
      .put(type(kHasGc, 0, 40, 0, "list"))
      .put(type(kHeapType | kHasGc | kManagedDict, 1, 40, -1, "Bag"))
      .put(type(kHasGc | kDictSubclass, 0, 48, 0, "dict"))
      .alloc(1, kA, 88).put(Typed{2}).alloc(3, kA + 128, 64).put(Typed{3}).alloc(4, kA + 256, 120)
      .part_of(2, Part::dict, kA + 128).part_of(2, Part::keys, kA + 256).at(5000)
      .reused(1, 3, kA + 128).part_of(2, Part::dict, kA + 128).part_of(2, Part::values, kA + 256)
      .free(kA + 128).part_of(1, Part::dict, kA + 128).part_of(2, Part::values, kB);
}

/// Collections that end, are left in the midst, were never seen; and what became of controls.
void add_collections(TraceBuilder& trace) {
  begin_python(trace, 0x030c0000)
      .put(Control{bytes_of("gc"), bytes_of("freeze"), 0, {}})
      .put(CollectionsBefore{0, 7})
      .alloc(1, kA, 64).alloc(1, kA + 64, 64).at(4000)
      .put(CollectionBegin{1}).free(kA, kFreeInCollection).put(CollectionEnd{1, 50'000, 3, 1, 40'000, 0})
      .put(CollectionBegin{2}).put(CollectionBegin{0}).at(8000)
      .put(CollectionsUnseen{0, 12, 0}).put(CollectionsUnseen{2, 1, 1})
      .put(Control{bytes_of("gc"), bytes_of("freeze"), 3, bytes_of("why")})
      .put(Control{bytes_of("variable"), bytes_of("HEAPLEDGER_EVENTS"), 2, bytes_of("why")});
}

/// What lies beside the heap, and threads that hand blocks and lanes to each other.
void add_mappings_and_threads(TraceBuilder& trace) {
  trace.lane(0).thread(0, "a").site(Api::mmap).site(Api::malloc).site(Api::sbrk).site(Api::thread_stack)
      .map(1, 0x7000'0000, 0x10000, 1).unmap(0x7000'2000, 0x1000).protect(0x7000'4000, 0x2000, false)
      .remap(1, 0x7000'0000, 0x2000, 0x7100'0000, 0x4000).stack(4, 1, 0x20000).brk(3, 0x5000'0000, 0x3000)
      .alloc(2, kA, 8).alloc(2, kB + 3, std::uint64_t{5} << 32);
  trace.lane(1).thread(1, "b").free(kA).at(3000).site(Api::malloc).alloc(1, kA, 9).put(ThreadEnd{1}).thread(2, "c");
  trace.lane(0).chunk().free(kA).free(kB + 3).stack_end(1);
}

/// The fields of the headers and the committed records: room that nobody uses is left out.
std::vector<std::uint8_t> without_room(TraceBuilder& trace) {
  const FileBytes file = trace.bytes();
  std::vector<std::uint8_t> seed;
  const auto put = [&](std::uint64_t from, std::uint64_t size) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(file.data() + from);
    seed.insert(seed.end(), bytes, bytes + size);
  };
  put(0, sizeof(FileHeader));
  std::uint64_t at = kGranule;
  for (const support::BuiltChunk& chunk : trace.chunks()) {
    put(at, sizeof(ChunkHeader) + chunk.records.size());
    at += chunk.bytes;
  }
  return seed;
}

/// A seed that a reader leaves in its midst tests little.
void require_whole(TraceBuilder& trace, const char* name) {
  for (const support::BuiltChunk& chunk : trace.chunks()) {
    std::vector<read::ChunkBytes> chunks;
    for (const support::BuiltChunk& one : trace.chunks())
      if (one.lane == chunk.lane) chunks.emplace_back(one.records);
    support::WrittenDown definitions;
    read::LaneReader reader(chunk.lane, chunks, definitions);
    for (read::Event event; reader.next(event);) {
    }
    if (!reader.damaged()) continue;
    std::fprintf(stderr, "the seed %s is damaged in lane %u\n", name, chunk.lane);
    std::exit(1);
  }
}

}  // namespace

}  // namespace heapledger

std::vector<Seed> built_seeds() {
  using heapledger::support::TraceBuilder;
  static constexpr struct {
    const char* name;
    void (*add)(TraceBuilder&);
  } kSeeds[] = {{"values-and-dict", heapledger::add_values_and_dict}, {"values", heapledger::add_values},
                {"reuses", heapledger::add_reuses},                   {"collections", heapledger::add_collections},
                {"parts", heapledger::add_parts},
                {"mappings-and-threads", heapledger::add_mappings_and_threads}};
  std::vector<Seed> seeds;
  for (const auto& one : kSeeds) {
    TraceBuilder trace;
    one.add(trace);
    heapledger::require_whole(trace, one.name);
    seeds.push_back({one.name, heapledger::without_room(trace)});
  }
  return seeds;
}
