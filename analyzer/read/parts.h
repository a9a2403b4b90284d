// Which blocks of a lane are parts of an instance of a Python class: its values, and its own __dict__.
//
// 3.11, 3.12   [object][values]: object() allocates both, one after the other, at the same place of the
//              program. In between, a garbage collection may run.
// 3.8 - 3.10   [object] ... [values][dict]: when the first attribute is set, anywhere. The trace says where
//              that was, and not of which object. So a dict belongs to the instance whose constructor runs
//              there; where there is doubt, and when attributes are set by somebody else, it stays a dict,
//              and the values stay a buffer.
// 3.13 on      nothing: values lie in the object.
//
// Numbers of codes, nodes, sites and types are those of the lane; callers have checked them.
#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <vector>

#include "../../trace/codec.h"

namespace heapledger::read {

class Parts {
 public:
  // Definitions, as they come.
  void code(const trace::Code& code);
  void node(const trace::Node& node) { nodes_.push_back({node.parent, node.code, node.offset}); }
  void site(const trace::Site& site);
  /// Whether its instances may have parts, or tell of those of others: only of them, and of buffers, need
  /// events be told.
  bool type(const trace::Type& type);

  /// No class of this lane has parts so far: events need not be told.
  [[nodiscard]] bool idle() const { return !values_used_ && !dicts_used_; }

  // Events, in the order of the lane.
  void object(std::uint32_t site, std::uint32_t type, std::uint64_t address);
  [[nodiscard]] bool may_know(std::uint64_t address) const { return known_[slot(address)] != 0; }
  void gone(std::uint64_t address) {
    if (may_know(address)) forget(address);
  }
  /// Another thread goes on in this lane.
  void thread() {
    waiting_ = {};
    clear();
  }

  /// 3.11, 3.12: the class whose instance has this buffer as its values; 0: none.
  [[nodiscard]] std::uint32_t owner_of_values(std::uint32_t site, std::uint64_t size);

  /// 3.8 - 3.10: the buffer may be values; only the next allocation tells.
  [[nodiscard]] bool may_have_dict(std::uint64_t size) const;
  /// Whether that allocation is the dict.
  [[nodiscard]] bool is_dict(std::uint32_t values_site, std::uint32_t site, std::uint32_t type) const;
  /// The class whose instance got values here; 0: none, or not known. That instance gets no others.
  std::uint32_t take_owner(std::uint32_t site);

 private:
  enum class Name : std::uint8_t { other, init, create };  ///< of a function: __init__, __new__

  /// An instruction that runs in a frame which was called from the node `parent`.
  struct Place {
    std::uint32_t parent = 0, code = 0, offset = 0;
    auto operator<=>(const Place&) const = default;
    [[nodiscard]] bool same_frame(const Place& o) const { return parent == o.parent && code == o.code; }
  };
  struct Site {
    Place place;
    trace::Api api = trace::Api::unknown;
    bool constructs = false;  ///< known to do so
  };
  struct Type {
    bool values = false;       ///< 3.11, 3.12: object() gives its instances values
    bool fresh = false;        ///< object() makes its instances, and nothing made in C adds to them
    bool constructed = false;  ///< a class, maybe with an __init__ made in Python
    bool has_dict = false;     ///< 3.8 - 3.10: instances can have a dict
    bool exception = false;
    bool is_dict = false;
    std::uint64_t basic_size = 0;
  };
  /// An instance without a dict.
  struct Instance {
    std::uint64_t address = 0;
    std::uint32_t type = 0;
    Place made;         ///< where it was allocated
    Place constructed;  ///< the call of the class: the same, or where __new__ was called
  };
  struct Waiting {
    std::uint32_t type = 0, site = 0;
  };
  /// So many are remembered, at least half as many; what is forgotten has no parts. Constructors inside
  /// constructors are seldom that deep.
  static constexpr std::size_t kInstances = 128;
  static constexpr std::size_t kNone = ~std::size_t{0};

  static std::size_t slot(std::uint64_t address) { return address >> 4 & 1023; }
  void forget(std::uint64_t address);
  void remove(std::size_t first, std::size_t last);
  void clear() { remove(0, instances_.size()); }
  [[nodiscard]] Place call_of(Place made) const;
  [[nodiscard]] std::size_t find_owner(const Place& place) const;
  [[nodiscard]] std::size_t made_here(const Place& place) const;
  [[nodiscard]] std::size_t under_construction(const Place& place) const;

  std::vector<Name> codes_{Name::other};
  std::vector<Place> nodes_{1};
  std::vector<Site> sites_{1};
  std::vector<Type> types_{1};
  bool values_used_ = false;
  bool dicts_used_ = false;
  bool managed_ = false;                    ///< 3.11 or later
  Waiting waiting_;                         ///< 3.11, 3.12: the instance whose values come next
  std::vector<Instance> instances_;         ///< the latest ones, oldest first
  std::array<std::uint8_t, 1024> known_{};  ///< how many of them have such an address
  std::set<Place> constructions_;           ///< calls that made an instance of a class
};

}  // namespace heapledger::read
