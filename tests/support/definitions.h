// Receivers of definitions for tests of the readers.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "../../analyzer/read/event.h"

namespace heapledger::support {

/// Forgets all names. A site's number is the offset of its record, so that a test can choose it.
class NumberedSites : public read::NoDefinitions {
 public:
  std::uint32_t site(std::uint32_t, std::uint32_t, std::uint32_t offset, trace::Api) override { return offset; }
};

/// Writes down each definition as a line; numbers of codes, nodes, sites and threads begin at 100, 200, 300
/// and 400.
class WrittenDown : public read::Definitions {
 public:
  std::uint32_t code(const trace::Code& c) override {
    note("code {} {} {} {}", text(c.filename), text(c.name), c.first_line, text(c.line_table));
    return next_code_++;
  }
  std::uint32_t node(std::uint32_t parent, std::uint32_t code, std::uint32_t offset) override {
    note("node {} {} {}", parent, code, offset);
    return next_node_++;
  }
  std::uint32_t site(std::uint32_t parent, std::uint32_t code, std::uint32_t offset, trace::Api api) override {
    note("site {} {} {} {}", parent, code, offset, static_cast<unsigned>(api));
    return next_site_++;
  }
  std::uint32_t type(const trace::Type& t, std::uint32_t base, std::uint32_t owner) override {
    note("type {} {} {} {} {} {}", text(t.module), text(t.name), t.flags, t.basic_size, base, owner);
    return next_type_++;
  }
  std::uint32_t part(std::uint32_t owner, trace::Part part) override {
    note("part {} {}", trace::part_name(part), owner);
    return next_type_++;
  }
  void attribute(std::uint32_t type, const trace::Attribute& a) override { note("attribute {} {}", type, text(a.name)); }
  void type_object(std::uint64_t address, std::uint32_t site) override { note("type_object {} {}", address, site); }
  std::uint32_t thread(const trace::Thread& t) override {
    note("thread {} {} {}", t.tid, t.serial, text(t.name));
    return static_cast<std::uint32_t>(t.serial) + 400;
  }
  void process(const trace::Process& p) override {
    note("process {} {} {}", text(p.executable), text(p.arguments), text(p.directory));
  }
  void interpreter(const trace::Interpreter& i) override {
    note("interpreter {} {} {} {} {}", i.version_hex, i.free_threaded, i.stack_state, i.hooked, text(i.version));
  }
  void self_test(const trace::SelfTest& s) override { note("self_test {} {}", s.stack_state, s.frames); }
  void collections_unseen(const trace::CollectionsUnseen& u) override {
    note("collections_unseen {} {} {}", u.generation, u.collections, u.flags);
  }
  void collections_before(const trace::CollectionsBefore& b) override {
    note("collections_before {} {}", b.generation, b.collections);
  }
  void control(const trace::Control& c) override {
    note("control {} {} {} {}", text(c.name), text(c.subject), c.outcome, text(c.text));
  }

  std::vector<std::string> lines;

 private:
  static std::string_view text(const trace::Bytes& b) { return b.text(); }
  template <class... Args>
  void note(fmt::format_string<Args...> form, Args&&... args) {
    lines.push_back(fmt::format(form, std::forward<Args>(args)...));
  }
  std::uint32_t next_code_ = 100, next_node_ = 200, next_site_ = 300, next_type_ = 500;
};

}  // namespace heapledger::support
