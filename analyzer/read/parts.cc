// Parts of instances, told by where and in which order blocks were allocated. Nothing here throws on hostile
// input: what it makes of nonsense is nonsense of the right form.
#include "parts.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace heapledger::read {

namespace {

constexpr std::uint64_t kPointer = 8;
constexpr std::uint64_t kObject = 16;      ///< tp_basicsize of object
constexpr std::uint32_t kInstruction = 2;  ///< bytes, up to 3.10
constexpr unsigned kMostValues = 31;       ///< that a table of shared keys has room for in 3.11 and 3.12
constexpr std::uint64_t kLargestTable = 1 << 16;
constexpr unsigned kDeepest = 64;  ///< of constructors that call those of their bases

/// 3.11, 3.12: values are pointers, behind bytes for their order. Bit n: 8 n bytes may be values.
constexpr std::uint64_t kSizesOfValues = [] {
  std::uint64_t sizes = 0;
  for (std::uint64_t n = 0; n <= kMostValues; ++n) sizes |= std::uint64_t{1} << ((n + 2 + 7) / 8 + n);
  return sizes;
}();
bool is_size_of_values(std::uint64_t size) {
  return size % kPointer == 0 && size < 64 * kPointer && (kSizesOfValues >> size / kPointer & 1) != 0;
}

/// 3.8 - 3.10: values are pointers, as many as two thirds of the table's size, a power of two.
bool is_size_of_table(std::uint64_t size) {
  for (std::uint64_t slots = 8; slots <= kLargestTable; slots *= 2)
    if (size <= kPointer * (slots * 2 / 3)) return size == kPointer * (slots * 2 / 3);
  return false;
}

}  // namespace

void Parts::code(const trace::Code& code) {
  const std::string_view name = code.name.text();
  const bool plain = code.name_kind <= 1;
  codes_.push_back(plain && name == "__init__"  ? Name::init
                   : plain && name == "__new__" ? Name::create
                                                : Name::other);
}

void Parts::site(const trace::Site& site) {
  const auto api = static_cast<trace::Api>(site.api < trace::kApiCount ? site.api : 0);
  sites_.push_back({{site.parent, site.code, site.offset}, api, false});
}

bool Parts::type(const trace::Type& type) {
  const Type& base = types_[type.base];
  const bool heap = (type.flags & trace::kHeapType) != 0, managed = (type.flags & trace::kManagedDict) != 0;
  const bool is_object =
      type.base == 0 && !heap && type.basic_size == kObject && type.name.text() == "object";
  // A pointer to weak references may be added; a slot may not, for in C it looks like anything else.
  const bool weak =
      type.weaklist_offset > 0 && static_cast<std::uint64_t>(type.weaklist_offset) == base.basic_size;
  const bool adds_nothing = type.basic_size == base.basic_size + (weak ? kPointer : 0);
  Type t;
  t.basic_size = type.basic_size;
  t.fresh = is_object || (heap && base.fresh && type.item_size == 0 && adds_nothing);
  t.values = t.fresh && managed && (type.flags & trace::kInlineValues) == 0;
  t.constructed = heap && (type.flags & trace::kTypeSubclass) == 0;
  t.has_dict = t.constructed && type.dict_offset > 0 && !managed;
  t.exception = (type.flags & trace::kExceptionSubclass) != 0;
  t.is_dict = !heap && (type.flags & trace::kDictSubclass) != 0 && type.name.text() == "dict";
  if (type.owner != 0) t = {};
  types_.push_back(t);
  managed_ = managed_ || managed;
  values_used_ = values_used_ || t.values;
  dicts_used_ = (dicts_used_ || t.has_dict) && !managed_;
  if (!dicts_used_) clear();
  return t.values || (t.constructed && !managed_);
}

void Parts::remove(std::size_t first, std::size_t last) {
  for (std::size_t i = first; i < last; ++i) --known_[slot(instances_[i].address)];
  const auto begin = instances_.begin();
  instances_.erase(begin + static_cast<std::ptrdiff_t>(first), begin + static_cast<std::ptrdiff_t>(last));
}

void Parts::forget(std::uint64_t address) {
  const auto found = std::ranges::find(instances_, address, &Instance::address);
  if (found == instances_.end()) return;
  const auto i = static_cast<std::size_t>(found - instances_.begin());
  remove(i, i + 1);
}

Parts::Place Parts::call_of(Place made) const {
  while (made.parent != 0 && codes_[made.code] == Name::create) made = nodes_[made.parent];
  return made;
}

void Parts::object(std::uint32_t site, std::uint32_t type, std::uint64_t address) {
  const Type& t = types_[type];
  if (t.values) waiting_ = {type, site};
  if (!dicts_used_ || !t.constructed) return;
  Site& at = sites_[site];
  if (at.constructs && !t.has_dict) return;
  const Place call = call_of(at.place);
  if (!std::exchange(at.constructs, true)) constructions_.insert(call);
  if (!t.has_dict) return;
  gone(address);
  if (instances_.size() == kInstances) remove(0, kInstances / 2);
  instances_.push_back({address, type, at.place, call});
  ++known_[slot(address)];
}

std::uint32_t Parts::owner_of_values(std::uint32_t site, std::uint64_t size) {
  if (waiting_.type == 0 || sites_[waiting_.site].place != sites_[site].place) return 0;
  const std::uint32_t type = std::exchange(waiting_, {}).type;
  return is_size_of_values(size) ? type : 0;
}

bool Parts::may_have_dict(std::uint64_t size) const {
  return dicts_used_ && !instances_.empty() && is_size_of_table(size);
}

bool Parts::is_dict(std::uint32_t values_site, std::uint32_t site, std::uint32_t type) const {
  return types_[type].is_dict && sites_[site].api == trace::Api::py_obj_malloc &&
         sites_[values_site].place == sites_[site].place;
}

std::uint32_t Parts::take_owner(std::uint32_t site) {
  const std::size_t found = find_owner(sites_[site].place);
  if (found == kNone) return 0;
  const std::uint32_t type = instances_[found].type;
  remove(found, found + 1);
  return types_[type].exception ? 0 : type;
}

std::size_t Parts::find_owner(const Place& place) const {
  if (place.code == 0) return kNone;
  if (codes_[place.code] == Name::init) {
    if (const std::size_t found = under_construction(place); found != kNone) return found;
  }
  if (codes_[place.code] == Name::create) {  // object.__new__() has just given it the instance
    const Instance& last = instances_.back();
    if (last.made.same_frame(place) && last.made.offset < place.offset) return instances_.size() - 1;
  }
  return made_here(place);  // elsewhere, attributes of anything can be set
}

/// One call of C made instances and sets their attributes, as unpickling does. In which order is not known.
std::size_t Parts::made_here(const Place& place) const {
  std::size_t found = kNone;
  for (std::size_t i = 0; i < instances_.size(); ++i) {
    if (instances_[i].made != place) continue;
    if (found != kNone && instances_[found].type != instances_[i].type) return kNone;
    found = i;
  }
  return found;
}

/// The instance whose __init__ runs, or called that of a base. It has to be the latest one without a dict:
/// others made since then may be meant as well, unless the instructions speak against it. Behind the call
/// that made it, one instruction loads an object and the next one sets its attribute: the new one is the
/// value, not the object.
std::size_t Parts::under_construction(const Place& place) const {
  std::size_t later = instances_.size();  // from here on, none is in question
  while (later > 0 && instances_[later - 1].made.same_frame(place) &&
         place.offset - instances_[later - 1].made.offset == 2 * kInstruction)
    --later;
  if (later == 0) return kNone;
  const Instance& last = instances_[later - 1];
  Place at = place;
  for (unsigned depth = 0; depth < kDeepest && codes_[at.code] == Name::init && at.parent != 0; ++depth) {
    at = nodes_[at.parent];
    if (last.constructed == at) return later - 1;
    if (constructions_.contains(at)) return kNone;  // of another class, or it has its dict
  }
  return kNone;
}

}  // namespace heapledger::read
