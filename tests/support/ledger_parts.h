// Takes ledger files apart and puts them together again with headers and checksums that are right: damage
// that only the content shows.
#pragma once

#include <zstd.h>

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "../../analyzer/ledger/file_format.h"

namespace heapledger::ledger::testing {

struct LedgerPart {
  SectionHeader header;
  std::vector<std::byte> payload;
};

/// Sections of the file as far as they are whole and no payload is greater than a MiB.
inline std::vector<LedgerPart> take_apart(std::span<const std::byte> file) {
  std::vector<LedgerPart> parts;
  std::size_t at = kFileHeaderBytes;
  while (at < file.size()) {
    const auto header = parse_section_header(file.subspan(at));
    at += kSectionHeaderBytes;
    if (!header || header->raw_bytes > (1 << 20) || header->stored_bytes > file.size() - at) break;
    LedgerPart part{*header, std::vector<std::byte>(header->raw_bytes)};
    const std::size_t size =
        ZSTD_decompress(part.payload.data(), part.payload.size(), file.data() + at, header->stored_bytes);
    if (ZSTD_isError(size) != 0) break;
    parts.push_back(std::move(part));
    at += header->stored_bytes;
  }
  return parts;
}

/// A file of these sections, with a trailer when the last one is a table of contents.
inline std::vector<std::byte> put_together(const std::vector<LedgerPart>& parts) {
  const auto head = file_header();
  std::vector<std::byte> out(head.begin(), head.end());
  std::size_t last = 0;
  for (const LedgerPart& part : parts) {
    std::vector<std::byte> frame(ZSTD_compressBound(part.payload.size()));
    frame.resize(ZSTD_compress(frame.data(), frame.size(), part.payload.data(), part.payload.size(), 1));
    SectionHeader fields = part.header;
    fields.raw_bytes = part.payload.size();
    fields.stored_bytes = frame.size();
    const auto header = section_header(fields);
    last = out.size();
    out.insert(out.end(), header.begin(), header.end());
    out.insert(out.end(), frame.begin(), frame.end());
  }
  if (!parts.empty() && parts.back().header.tag == Tag::contents) {
    const auto end = trailer(last);
    out.insert(out.end(), end.begin(), end.end());
  }
  return out;
}

}  // namespace heapledger::ledger::testing
