// Environments and command lines of all arms.
#include "arm_launch.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "../record/controls.h"
#include "../record/refusal.h"
#include "../record/shim.h"
#include "../record/target.h"
#include "allocator.h"

extern char** environ;

namespace heapledger::compare {

namespace {

using record::BadUsage;
using Variables = std::vector<std::string>;

std::string_view value_of(const Variables& variables, std::string_view name) {
  for (const std::string& v : variables)
    if (v.size() > name.size() && v.starts_with(name) && v[name.size()] == '=')
      return std::string_view(v).substr(name.size() + 1);
  return {};
}

void set(Variables& variables, std::string_view name, std::string_view value) {
  std::erase_if(variables, [&](const std::string& v) {
    return v.size() > name.size() && v.starts_with(name) && v[name.size()] == '=';
  });
  variables.push_back(fmt::format("{}={}", name, value));
}

/// What the user's own environment says about recordings is not meant for these.
Variables surroundings() {
  Variables variables;
  for (char** entry = environ; *entry != nullptr; ++entry)
    if (!std::string_view(*entry).starts_with("HEAPLEDGER_") ||
        std::string_view(*entry).starts_with("HEAPLEDGER_PRELOAD="))
      variables.emplace_back(*entry);
  return variables;
}

/// The environment without any shim.
Variables environment_of(const Arm& arm, const Plan& plan) {
  Variables variables = surroundings();
  if (!plan.hash_seed.empty()) set(variables, "PYTHONHASHSEED", plan.hash_seed);
  if (!arm.allocator.empty()) {
    const record::Variable v = allocator_variable(arm.allocator);
    set(variables, v.name,
        v.name == "LD_PRELOAD" ? record::preload_list(v.value, value_of(variables, v.name)) : v.value);
  }
  for (const record::Variable& v : arm.environment) set(variables, v.name, v.value);
  return variables;
}

/// What the kernel puts on the stack of a new process for arguments and variables: the words, and a pointer
/// to each.
struct Room {
  std::size_t words = 0, bytes = 0;
};

void add(Room& room, const std::vector<std::string>& words) {
  room.words += words.size();
  for (const std::string& word : words) room.bytes += word.size() + 1;
}

Room room_of(const Launch& launch) {
  Room room{0, launch.path.size()};
  add(room, launch.arguments);
  add(room, launch.environment);
  return room;
}

/// Of the program itself when it is recorded, but for what `record` adds in all arms alike.
Room recorded_room_of(const ReadyArm& arm) {
  Launch target = arm.clean;
  target.environment = arm.recorded.environment;
  target.environment.push_back(arm.ledger);
  for (const std::string& v : arm.clean.environment)
    if (v.starts_with("HEAPLEDGER_GC=") || v.starts_with("HEAPLEDGER_SLOTS="))
      target.environment.push_back(v);
  return room_of(target);
}

/// Fills up environments with variables of no meaning until all arms have as many words and bytes, so that
/// the program's own stack begins at the same address. Equal sums would not do: the kernel aligns bytes and
/// pointers apart.
void pad(std::vector<ReadyArm>& arms, Launch ReadyArm::*launch, Room (*room)(const ReadyArm&)) {
  const auto name = [](std::size_t i) { return fmt::format("HEAPLEDGER_PADDING_{:03}", i); };
  std::size_t words = 0, bytes = 0;
  for (const ReadyArm& arm : arms) words = std::max(words, room(arm).words);
  for (ReadyArm& arm : arms) {
    for (std::size_t i = room(arm).words; i <= words; ++i)
      set((arm.*launch).environment, name(words - i), "");
    bytes = std::max(bytes, room(arm).bytes);
  }
  for (ReadyArm& arm : arms)
    set((arm.*launch).environment, name(0), std::string(bytes - room(arm).bytes, '.'));
}

/// `record` with the options of the arm.
std::vector<std::string> record_words(const Arm& arm, const std::string& ledger) {
  std::vector<std::string> words = {"heapledger", "record", "-q", "-f", "-o", ledger};
  if (!arm.gc.empty()) words.insert(words.end(), {"--gc", arm.gc});
  for (const std::string& slots : arm.slots) words.insert(words.end(), {"--slots", slots});
  if (!arm.slots_from.empty()) words.insert(words.end(), {"--slots-from", arm.slots_from});
  words.emplace_back("--");
  words.insert(words.end(), arm.command.begin(), arm.command.end());
  return words;
}

/// The shim in a run without recording.
void load_shim(const Arm& arm, const record::LearnNames& learn, const std::string& shim, ReadyArm& ready) {
  ready.outcomes = ready.ledger + ".outcomes";
  Variables& variables = ready.clean.environment;
  set(variables, "LD_PRELOAD", record::preload_list(shim, value_of(variables, "LD_PRELOAD")));
  set(variables, "HEAPLEDGER_OUT", ready.outcomes);
  set(variables, "HEAPLEDGER_EVENTS", "none");
  const std::vector<std::string> gc = arm.gc.empty() ? std::vector<std::string>{} : std::vector{arm.gc};
  for (const record::Variable& v : record::variables_of(record::read_controls(gc, arm.slots, false, learn)))
    set(variables, v.name, v.value);
}

ReadyArm prepare(const Arm& arm, const Plan& plan, const std::string& folder) {
  ReadyArm ready;
  ready.name = arm.name;
  ready.has_controls = arm.has_controls();
  ready.ledger = fmt::format("{}/{}.hl", folder, arm.name);
  Launch launch;
  launch.environment = environment_of(arm, plan);
  launch.directory = arm.directory;
  launch.output = fmt::format("{}/{}.out", folder, arm.name);
  launch.errors = fmt::format("{}/{}.err", folder, arm.name);
  launch.timeout_ns = plan.timeout_ns;
  launch.fixed_addresses = plan.fixed_addresses;
  ready.clean = ready.recorded = launch;
  const record::Target target = record::find_target(arm.command);
  ready.clean.path = target.path;
  ready.clean.arguments = target.arguments;
  ready.recorded.path = std::filesystem::read_symlink("/proc/self/exe").string();
  ready.recorded.arguments = record_words(arm, ready.ledger);
  return ready;
}

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// sys.version of the arm's interpreter.
std::string ask_python(const Arm& arm, const ReadyArm& ready, Runner& runner) {
  Launch question = ready.clean;
  question.arguments = {arm.command.front(), "-I", "-S", "-c",
                        "import sys; print(sys.implementation.name, sys.version.split()[0])"};
  question.environment = surroundings();
  const Ending ending = runner.run(question);
  const std::string answer = read_text(question.output);
  constexpr std::string_view kCPython = "cpython ";
  if (ending.error == 0 && ending.status == 0 && answer.starts_with(kCPython))
    return answer.substr(kCPython.size(), answer.find('\n') - kCPython.size());
  throw BadUsage(fmt::format(
      "arm '{}': '{}' is not CPython: {}", arm.name, arm.command.front(),
      answer.empty() ? "it does not answer as an interpreter does" : answer.substr(0, answer.find('\n'))));
}

bool names_python(const Arm& arm) {
  const std::string& command = arm.command.front();
  return !arm.python.empty() ||
         std::string_view(command).substr(command.rfind('/') + 1).starts_with("python");
}

}  // namespace

std::vector<ReadyArm> prepare_arms(const Plan& plan, const std::string& folder, const std::string& shim,
                                   const LearnFrom& learn_from, Runner& runner) {
  std::vector<ReadyArm> ready;
  for (const Arm& arm : plan.arms) {
    ready.push_back(prepare(arm, plan, folder));
    if (names_python(arm)) ready.back().python = ask_python(arm, ready.back(), runner);
  }
  for (std::size_t i = 0; i < ready.size() && std::ranges::any_of(plan.arms, &Arm::has_controls); ++i)
    load_shim(plan.arms[i], learn_from(plan.arms[i].slots_from), shim, ready[i]);
  pad(ready, &ReadyArm::clean, [](const ReadyArm& arm) { return room_of(arm.clean); });
  pad(ready, &ReadyArm::recorded, recorded_room_of);
  return ready;
}

}  // namespace heapledger::compare
