// Builds call trees level by level; branches that nobody will see are never built.
#include "tree.h"

#include <algorithm>
#include <map>

namespace heapledger::query {

namespace {

/// Sums of one slot on their way up the stack (callers), or of one node with everything below it (calls).
struct Member {
  std::uint32_t node;  ///< frame to look at next; 0: past the outermost frame
  std::size_t sums;    ///< index into the builder's sums
};

/// What goes into one branch.
struct Branch {
  Sums sums;
  std::vector<Member> members;
};

class Builder {
 public:
  Builder(const ledger::Reader& reader, const Slots& slots, const Profile& profile,
          const TreeOptions& options)
      : reader_(reader), slots_(slots), profile_(profile), options_(options), nodes_(reader.nodes()) {
    std::vector<std::uint8_t> frames;
    for (const ledger::Frame& f : reader.frames()) frames.push_back(is_import_system(reader.string(f.file)));
    imports_.resize(nodes_.size());
    for (std::size_t n = 1; n < nodes_.size(); ++n) imports_[n] = frames[nodes_[n].frame];
  }

  Tree build() {
    Tree root;
    std::map<GroupKey, Branch> branches =
        options_.direction == Direction::callers ? innermost_frames() : outermost_frames();
    for (const auto& [key, branch] : branches) root.inclusive += branch.sums;
    least_ = static_cast<double>(value(root.inclusive, options_.metric)) * options_.least_share;
    grow(root, std::move(branches), 1);
    return root;
  }

 private:
  /// Of a frame that calls or is called.
  GroupKey key_of(std::uint32_t node) const {
    if (imports_[node] == 0) return code_key(node);
    GroupKey key;
    key.imports = true;
    return key;
  }

  /// The caller of a node, the rest of the import system skipped.
  std::uint32_t caller_of(std::uint32_t node) const {
    std::uint32_t caller = nodes_[node].parent;
    while (imports_[node] != 0 && imports_[caller] != 0) caller = nodes_[caller].parent;
    return caller;
  }

  GroupKey code_key(std::uint32_t node) const { return frame_key(reader_, node, options_.by); }

  template <class Use>
  void each_slot(Use use) const {
    for (std::size_t slot = 0; slot < slots_.count(); ++slot) {
      if (profile_.wanted[slot] == 0 || profile_.slots[slot] == Sums{}) continue;
      use(slot, reader_.sites()[slots_.site(slot)].node);
    }
  }

  static void add(Branch& branch, Member member, const Sums& sums) {
    branch.sums += sums;
    branch.members.push_back(member);
  }

  GroupKey frameless_key(std::size_t slot) const {
    GroupKey key;
    key.origin = slots_.origin(slot);
    return key;
  }

  std::map<GroupKey, Branch> innermost_frames() {
    std::map<GroupKey, Branch> branches;
    each_slot([&](std::size_t slot, std::uint32_t node) {
      Branch& branch = branches[node == 0 ? frameless_key(slot) : code_key(node)];
      add(branch, {node == 0 ? 0 : nodes_[node].parent, slot}, profile_.slots[slot]);
    });
    return branches;
  }

  std::map<GroupKey, Branch> outermost_frames() {
    own_.resize(nodes_.size());
    below_.resize(nodes_.size());
    std::map<GroupKey, Branch> branches;
    each_slot([&](std::size_t slot, std::uint32_t node) {
      if (node == 0) {
        branches[frameless_key(slot)].sums += profile_.slots[slot];
      } else {
        own_[node] += profile_.slots[slot];
      }
    });
    children_.resize(nodes_.size());
    for (auto n = static_cast<std::uint32_t>(nodes_.size()); n-- > 1;) {
      below_[n] += own_[n];
      if (below_[n] == Sums{}) continue;
      if (nodes_[n].parent != 0) below_[nodes_[n].parent] += below_[n];
      children_[nodes_[n].parent].push_back(n);
    }
    Sums none;
    if (!nodes_.empty()) split_calls(0, branches, none);
    return branches;
  }

  /// Calls of a node; those inside the import system are part of the node itself.
  void split_calls(std::uint32_t node, std::map<GroupKey, Branch>& branches, Sums& exclusive) const {
    exclusive += own_[node];
    for (const std::uint32_t child : children_[node]) {
      if (imports_[node] != 0 && imports_[child] != 0) {
        split_calls(child, branches, exclusive);
      } else {
        add(branches[key_of(child)], {child, child}, below_[child]);
      }
    }
  }

  /// Splits a branch by the next frame and says what has none.
  std::map<GroupKey, Branch> split(const Branch& branch, Sums& exclusive) const {
    std::map<GroupKey, Branch> branches;
    for (const Member& m : branch.members) {
      if (options_.direction == Direction::calls) {
        split_calls(m.node, branches, exclusive);
      } else if (m.node == 0) {
        exclusive += profile_.slots[m.sums];
      } else {
        add(branches[key_of(m.node)], {caller_of(m.node), m.sums}, profile_.slots[m.sums]);
      }
    }
    if (branch.members.empty()) exclusive += branch.sums;
    return branches;
  }

  void grow(Tree& tree, std::map<GroupKey, Branch> branches, std::size_t level) const {
    std::vector<Group> order;
    for (const auto& [key, branch] : branches) order.push_back({key, branch.sums});
    sort(order, reader_, options_.metric);
    for (const Group& g : order) {
      const auto size = static_cast<double>(value(g.sums, options_.metric));
      if (level > options_.most_levels || size < least_ || size == 0 ||
          tree.branches.size() >= options_.most_branches) {
        tree.dropped += 1;
        tree.dropped_sums += g.sums;
        continue;
      }
      Tree& child = tree.branches.emplace_back();
      child.key = g.key;
      child.inclusive = g.sums;
      const auto own = branches.extract(g.key);
      std::map<GroupKey, Branch> below = split(own.mapped(), child.exclusive);
      grow(child, std::move(below), level + 1);
    }
  }

  const ledger::Reader& reader_;
  const Slots& slots_;
  const Profile& profile_;
  const TreeOptions& options_;
  std::span<const ledger::Node> nodes_;
  std::vector<std::uint8_t> imports_;  ///< by node: a frame of the import system
  std::vector<Sums> own_, below_;      ///< by node, of Direction::calls
  std::vector<std::vector<std::uint32_t>> children_;
  double least_ = 0;
};

}  // namespace

Tree tree(const ledger::Reader& reader, const Slots& slots, const Profile& profile,
          const TreeOptions& options) {
  return Builder(reader, slots, profile, options).build();
}

}  // namespace heapledger::query
