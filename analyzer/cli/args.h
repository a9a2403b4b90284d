// Options of a command, declared without the option parser's headers (args.cc is the only file that includes
// them).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace heapledger::cli {

struct Command;

/// Declares the options of one command. Targets keep their value when the option is not given; they must
/// outlive the run. `names` is "-o,--output" or "--top"; `value` is what --help shows for the value, for
/// example "FILE".
class Arguments {
 public:
  void flag(const char* names, bool& target, const char* help);
  void text(const char* names, const char* value, std::string& target, const char* help);
  void number(const char* names, const char* value, std::uint64_t& target, const char* help);
  /// One of a few words; others are refused with the list.
  void choice(const char* names, std::initializer_list<const char*> words, std::string& target,
              const char* help);
  /// May be given several times.
  void list(const char* names, const char* value, std::vector<std::string>& target, const char* help);
  /// Positional argument, required.
  void positional(const char* name, std::string& target, const char* help);
  /// One or more positional arguments.
  void positionals(const char* name, std::vector<std::string>& target, const char* help);
  /// The rest of the line from the first word that is no option of this command (a `--` before it is taken
  /// away): a command line with options of its own. Unless optional, it must be there.
  void rest(const char* name, std::vector<std::string>& target, const char* help, bool optional = false);
  /// Starts a titled group of options in --help; holds for the options declared after it.
  void section(const char* title);
  /// Text behind the options in --help, for example command lines with a word on each.
  void examples(const char* text);

  struct Impl;  ///< of args.cc
  explicit Arguments(Impl& impl) : impl_(impl) {}

 private:
  Impl& impl_;
};

/// Parses the line, runs the named command, prints help, version or a one-line error. Returns the exit
/// status.
int dispatch(std::span<const Command> commands, int argc, char** argv);

}  // namespace heapledger::cli
