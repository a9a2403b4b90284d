// Walks from the frame that made a class outwards to the one that asked for it.
#include "definition.h"

#include <string>
#include <string_view>
#include <utility>

namespace heapledger::query {

namespace {

std::string_view last_part(std::string_view qualified) {
  return qualified.substr(qualified.rfind('.') + 1);  // npos + 1 is 0
}

/// Whether the code of module "a.b" lies in this file: "/x/a/b.py", "/x/a/b/__init__.py", "<frozen a.b>".
bool is_file_of(std::string_view file, std::string_view module) {
  if (file.starts_with("<frozen "))
    return file.size() == module.size() + 9 && file.substr(8, module.size()) == module;
  for (const std::string_view ending : {"/__init__.py", "/__init__.pyc", ".py", ".pyc"}) {
    if (!file.ends_with(ending)) continue;
    file.remove_suffix(ending.size());
    break;
  }
  while (!module.empty()) {
    const std::string_view part = last_part(module);
    if (!file.ends_with(part)) return false;
    file.remove_suffix(part.size());
    module.remove_suffix(module.size() == part.size() ? part.size() : part.size() + 1);
    if (!file.empty() && !file.ends_with('/')) return false;
    if (!file.empty()) file.remove_suffix(1);
  }
  return true;
}

/// The name of the code around a `class` statement: "make" of make.<locals>.Row, "Outer" of Outer.Inner.
std::string_view around(std::string_view qualname) {
  const std::size_t dot = qualname.rfind('.');
  if (dot == std::string_view::npos) return "<module>";
  const std::string_view outer = qualname.substr(0, dot);
  constexpr std::string_view kLocals = ".<locals>";
  return outer.ends_with(kLocals) ? outer.substr(0, outer.size() - kLocals.size()) : outer;
}

class Walk {
 public:
  Walk(const ledger::Reader& reader, const ledger::Type& type) : reader_(reader), type_(type) {
    if (reader.string(type.module) != "__main__") return;
    for (std::uint32_t n = type.node; n != 0; n = reader.nodes()[n].parent)
      if (function(n) == "<module>" && !is_frozen(n))
        main_file_ = reader.frames()[reader.nodes()[n].frame].file;
  }

  /// In the file of the class's module if that is among the files: the code around the statement if it is
  /// there, else the innermost one. A metaclass may stand in the same file, or its __new__ in between.
  std::uint32_t place() const {
    const std::string_view outer = around(reader_.string(type_.name));
    std::uint32_t first = 0, elsewhere = 0;
    for (std::uint32_t n = type_.node; n != 0; n = reader_.nodes()[n].parent) {
      if (makes_classes(n)) continue;
      if (elsewhere == 0 && !is_frozen(n)) elsewhere = n;
      if (!is_own_file(n)) continue;
      if (function(n) == outer || function(n) == last_part(outer)) return n;
      const bool of_metaclass = reader_.nodes()[n].parent != 0 && makes_classes(reader_.nodes()[n].parent);
      if (outer == "<module>" && !of_metaclass) return n;  // type() or its like was called in a function
      if (first == 0) first = n;
    }
    return first != 0 ? first : elsewhere != 0 ? elsewhere : type_.node;
  }

 private:
  std::string_view function(std::uint32_t node) const {
    return reader_.string(reader_.frames()[reader_.nodes()[node].frame].function);
  }
  std::string_view file(std::uint32_t node) const {
    return reader_.string(reader_.frames()[reader_.nodes()[node].frame].file);
  }
  bool is_frozen(std::uint32_t node) const { return file(node).starts_with("<frozen "); }
  /// What metaclasses do.
  bool makes_classes(std::uint32_t node) const {
    const std::string_view name = last_part(function(node));
    return name == "__new__" || name == "__call__";
  }
  bool is_own_file(std::uint32_t node) const {
    if (main_file_ != 0) return reader_.frames()[reader_.nodes()[node].frame].file == main_file_;
    return is_file_of(file(node), reader_.string(type_.module));
  }

  const ledger::Reader& reader_;
  const ledger::Type& type_;
  std::uint32_t main_file_ = 0;  ///< string: of the module __main__; 0: unknown, or not asked for
};

}  // namespace

std::uint32_t definition_of(const ledger::Reader& reader, const ledger::Type& type) {
  return type.node == 0 ? 0 : Walk(reader, type).place();
}

}  // namespace heapledger::query
