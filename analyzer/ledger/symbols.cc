// Names and lines from the copies that the shim made of code objects.
#include "symbols.h"

#include <algorithm>
#include <fmt/format.h>

#include "../symbol/python_lines.h"

namespace heapledger::ledger {

namespace {

Account account_of(trace::Api api) {
  switch (api) {
#define HEAPLEDGER_API_CASE(name, number, text, account) \
  case trace::Api::name: return Account::account;
    HEAPLEDGER_APIS(HEAPLEDGER_API_CASE)
#undef HEAPLEDGER_API_CASE
  }
  return Account::native;
}

}  // namespace

std::uint32_t Symbols::code(const trace::Code& code) {
  CodeText& entry = codes_.emplace_back();
  entry.function = writer_.string(symbol::text_of(code.name_kind, code.name.span()));
  entry.file = writer_.string(symbol::text_of(code.filename_kind, code.filename.span()));
  entry.first_line = code.first_line;
  const auto table = code.line_table.span();
  entry.line_table.assign(table.begin(), table.end());
  return static_cast<std::uint32_t>(codes_.size() - 1);
}

std::uint32_t Symbols::frame_of(std::uint32_t code, std::uint32_t offset) {
  CodeText& entry = codes_[code];
  const auto [found, fresh] = entry.frames.try_emplace(offset, 0);
  if (fresh) {
    std::uint32_t line = symbol::line_of(process_.python_hex, entry.first_line, entry.line_table, offset);
    if (line == 0) line = entry.first_line;  // before the first line begins: cells, generator objects
    found->second = writer_.frame({entry.function, entry.file, line, entry.first_line});
  }
  return found->second;
}

std::uint32_t Symbols::node(std::uint32_t parent, std::uint32_t code, std::uint32_t offset) {
  return code == 0 ? parent : writer_.node(parent, frame_of(code, offset));
}

std::uint32_t Symbols::site(std::uint32_t parent, std::uint32_t code, std::uint32_t offset, trace::Api api) {
  const Site site{node(parent, code, offset), api, account_of(api), false};
  const std::uint32_t number = writer_.site(site);
  if (number >= sites_.size()) sites_.resize(number + 1);
  sites_[number] = site;
  return number;
}

std::uint32_t Symbols::type(const trace::Type& type, std::uint32_t base, std::uint32_t owner) {
  Type entry;
  entry.name = writer_.string(symbol::text_of(type.name_kind, type.name.span()));
  entry.module = writer_.string(symbol::text_of(type.module_kind, type.module.span()));
  entry.base = base;
  entry.owner = owner;
  entry.flags = type.flags;
  constexpr std::uint64_t kMost = 0xffffffff;
  entry.basic_size = static_cast<std::uint32_t>(std::min(type.basic_size, kMost));
  entry.item_size = static_cast<std::uint32_t>(std::min(type.item_size, kMost));
  entry.dict_offset = static_cast<std::uint32_t>(type.dict_offset);
  entry.weaklist_offset = static_cast<std::uint32_t>(type.weaklist_offset);
  if (const auto made = type_objects_.find(type.address); type.address != 0 && made != type_objects_.end())
    entry.node = made->second;
  return writer_.type(entry);
}

std::uint32_t Symbols::part(std::uint32_t owner, trace::Part part) {
  Type entry;
  entry.name = writer_.string(trace::part_name(part));
  entry.module = writer_.string("");
  entry.owner = owner;
  return writer_.type(entry);
}

void Symbols::attribute(std::uint32_t type, const trace::Attribute& attribute) {
  const std::string name = symbol::text_of(attribute.name_kind, attribute.name.span());
  auto& all = process_.attributes;
  const auto known = std::ranges::find(all, type, &Attributes::type);
  std::vector<std::string>& names = (known != all.end() ? *known : all.emplace_back(Attributes{type, {}})).names;
  if (std::ranges::find(names, name) == names.end()) names.push_back(name);
}

void Symbols::type_object(std::uint64_t address, std::uint32_t site) {
  if (site < sites_.size()) type_objects_[address] = sites_[site].node;
}

std::uint32_t Symbols::typed_site(std::uint32_t site, std::uint32_t type) {
  Site typed = site < sites_.size() ? sites_[site] : Site{};
  typed.type = type;
  return writer_.site(typed);
}

std::uint32_t Symbols::reused_site(std::uint32_t site, std::uint32_t type) {
  Site reused = site < sites_.size() ? sites_[site] : Site{};
  reused.type = type;
  reused.continuation = true;
  return writer_.site(reused);
}

std::uint32_t Symbols::mapping_site(std::uint32_t site, Account account, bool rest) {
  Site booked = site < sites_.size() ? sites_[site] : Site{};
  booked.account = account;
  booked.continuation = rest;
  return writer_.site(booked);
}

std::uint32_t Symbols::thread(const trace::Thread& thread) {
  auto& all = process_.threads;
  const bool first = threads_.empty();  // takes the place of the unknown one, which no whole trace needs
  const auto [found, fresh] = threads_.try_emplace(thread.serial, first ? 0 : static_cast<std::uint32_t>(all.size()));
  if (!fresh) return found->second;
  if (!first) all.emplace_back();
  all[found->second] = {thread.tid, std::string(thread.name.text())};
  return found->second;
}

void Symbols::process(const trace::Process& process) {
  process_.executable = std::string(process.executable.text());
  process_.directory = std::string(process.directory.text());
  process_.arguments.clear();
  const std::string all = std::string(process.arguments.text());
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t end = std::min(all.find('\0', at), all.size());
    process_.arguments.push_back(all.substr(at, end - at));
    at = end + 1;
  }
}

void Symbols::interpreter(const trace::Interpreter& interpreter) {
  process_.python_version = std::string(interpreter.version.text());
  process_.python_hex = interpreter.version_hex;
  process_.stacks = static_cast<trace::StackState>(std::min(interpreter.stack_state, 4u));
  // Written again when it changes. What was lost stays lost, in whatever order the lanes are read.
  const auto reuse =
      static_cast<trace::ReuseState>(interpreter.reuse < trace::kReuseStates ? interpreter.reuse : 0);
  if (process_.reuse != trace::ReuseState::lost && reuse != trace::ReuseState::unseen) process_.reuse = reuse;
}

void Symbols::self_test(const trace::SelfTest& test) {
  process_.stacks = static_cast<trace::StackState>(std::min(test.stack_state, 4u));
}

void Symbols::collections_before(const trace::CollectionsBefore& before) {
  process_.collections_watched = true;
  process_.collections_before[std::min<std::size_t>(before.generation, kGenerations - 1)] += before.collections;
}

void Symbols::collections_unseen(const trace::CollectionsUnseen& unseen) {
  process_.collections_unseen[std::min<std::size_t>(unseen.generation, kGenerations - 1)] += unseen.collections;
  if ((unseen.flags & trace::kCallbackGone) != 0) process_.callback_gone = true;
  if ((unseen.flags & trace::kStillCollecting) != 0) process_.still_collecting = true;
}

/// "Asked" stands only until something has come of it. The records of one control may come from several lanes, in any
/// order.
void Symbols::control(const trace::Control& record) {
  using trace::ControlOutcome;
  constexpr std::size_t kMost = 4096;  // more than the variables can name; a hostile trace can have millions
  if (record.outcome >= trace::kControlOutcomes || process_.controls.size() == kMost) return;
  const Control control{std::string(record.name.text()), std::string(record.subject.text()),
                        static_cast<ControlOutcome>(record.outcome), std::string(record.text.text())};
  auto& all = process_.controls;
  const auto same = [&](const Control& c) { return c.is_same(control); };
  const auto superfluous = [&](const Control& c) {
    return same(c) && (control.outcome == ControlOutcome::asked || c.outcome == control.outcome);
  };
  if (std::ranges::any_of(all, superfluous)) return;
  std::erase_if(all, [&](const Control& c) { return same(c) && c.outcome == ControlOutcome::asked; });
  all.push_back(control);
}

}  // namespace heapledger::ledger
