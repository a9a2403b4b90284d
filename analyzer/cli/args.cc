// The option parser: the only file that includes CLI11.
#include "args.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <deque>
#include <string_view>

#include "../ledger/error.h"
#include "command.h"
#include "message.h"
#include "version.h"

namespace heapledger::cli {

namespace {

constexpr std::size_t kHelpColumn = 32;

/// The parser's layout without its shouting, and with the rest of the line that the parser does not know of.
class HelpFormat : public CLI::Formatter {
 public:
  HelpFormat() { column_width(kHelpColumn); }
  void rest(std::string name, std::string help) { rest_ = std::move(name), rest_help_ = std::move(help); }

  std::string make_usage(const CLI::App* app, std::string path) const override {
    const std::string usage = CLI::Formatter::make_usage(app, std::move(path));
    return rest_.empty() ? usage : fmt::format("{} [--] {}\n", usage.substr(0, usage.find('\n')), rest_);
  }
  std::string make_positionals(const CLI::App* app) const override {
    if (rest_.empty()) return CLI::Formatter::make_positionals(app);
    return fmt::format("\nPositionals:\n  {:<{}}{}\n", rest_, kHelpColumn - 2, rest_help_);
  }
  std::string make_option_opts(const CLI::Option* option) const override {
    const std::string type = option->get_type_name();
    return type.empty() ? type : " " + type;
  }
  std::string make_help(const CLI::App* app, std::string path, CLI::AppFormatMode mode) const override {
    std::string text = CLI::Formatter::make_help(app, std::move(path), mode);
    for (std::size_t at; (at = text.find("\n\n\n")) != std::string::npos;) text.erase(at, 1);
    return text;
  }

 private:
  std::string rest_;
  std::string rest_help_;
};

}  // namespace

/// One command's part of the parser. `remaining` receives what CLI11 left over, when the command asked for
/// it.
struct Arguments::Impl {
  CLI::App* app = nullptr;
  std::shared_ptr<HelpFormat> format = std::make_shared<HelpFormat>();
  std::string section;
  std::vector<std::string>* remaining = nullptr;
  std::string remaining_name;
  bool remaining_is_optional = false;

  CLI::Option* titled(CLI::Option* option) const {
    if (!section.empty()) option->group(section);
    return option;
  }
};

void Arguments::flag(const char* names, bool& target, const char* help) {
  impl_.titled(impl_.app->add_flag(names, target, help));
}

void Arguments::text(const char* names, const char* value, std::string& target, const char* help) {
  impl_.titled(impl_.app->add_option(names, target, help))->type_name(value);
}

void Arguments::number(const char* names, const char* value, std::uint64_t& target, const char* help) {
  impl_.titled(impl_.app->add_option(names, target, help))->type_name(value);
}

void Arguments::choice(const char* names, std::initializer_list<const char*> words, std::string& target,
                       const char* help) {
  const std::vector<std::string> allowed(words.begin(), words.end());
  const std::string shown = CLI::detail::join(allowed, "|");
  const auto check = [allowed, shown](std::string& word) {
    const bool known = std::find(allowed.begin(), allowed.end(), word) != allowed.end();
    return known ? std::string{} : fmt::format("'{}' is not one of {}", word, shown);
  };
  impl_.titled(impl_.app->add_option(names, target, help))
      ->type_name(shown)
      ->check(CLI::Validator(check, "", ""));
}

void Arguments::list(const char* names, const char* value, std::vector<std::string>& target,
                     const char* help) {
  impl_.titled(impl_.app->add_option(names, target, help))
      ->type_name(value)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void Arguments::positional(const char* name, std::string& target, const char* help) {
  impl_.app->add_option(name, target, help)->required()->type_name("");
}

void Arguments::positionals(const char* name, std::vector<std::string>& target, const char* help) {
  impl_.app->add_option(name, target, help)->required()->type_name("");
}

void Arguments::rest(const char* name, std::vector<std::string>& target, const char* help, bool optional) {
  impl_.app->prefix_command();
  impl_.remaining = &target;
  impl_.remaining_name = name;
  impl_.remaining_is_optional = optional;
  impl_.format->rest(name, help);
}

void Arguments::section(const char* title) { impl_.section = title; }

void Arguments::examples(const char* text) { impl_.app->footer(text); }

namespace {

constexpr const char* kFooter =
    "Start here:\n"
    "  heapledger record -o app.hl -- python3 app.py\n"
    "  heapledger report app.hl\n"
    "\n"
    "Exit status: 0 done; 2 bad usage or bad input; 3 the program could not be measured.\n"
    "record passes on the exit status of the recorded program.";

/// Edit distance with neighbouring letters swapped as one edit (Damerau 1964, optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        d[i][j] = i + j;
        continue;
      }
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

const Command* find(std::span<const Command> commands, std::string_view name) {
  const auto at =
      std::find_if(commands.begin(), commands.end(), [&](const auto& c) { return name == c.name; });
  return at == commands.end() ? nullptr : &*at;
}

int unknown_command(std::span<const Command> commands, std::string_view name) {
  const auto nearer = [&](const auto& a, const auto& b) {
    return distance(name, a.name) < distance(name, b.name);
  };
  const Command& nearest = *std::min_element(commands.begin(), commands.end(), nearer);
  const bool close = distance(name, nearest.name) <= std::max<std::size_t>(2, name.size() / 3);
  print_error(fmt::format("'{}' is no command{}; see heapledger --help", name,
                          close ? fmt::format(", did you mean '{}'?", nearest.name) : std::string{}));
  return kExitBadInput;
}

/// Errors of the parser are sentences over several lines; ours are one line that begins small.
std::string one_line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  std::replace(text.begin(), text.end(), '\n', ' ');
  if (text.size() > 1 && std::islower(static_cast<unsigned char>(text[1])) != 0) {
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  }
  return text;
}

/// A report that did not reach its reader is no success.
int flushed(int status) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
  print_error(fmt::format("cannot write to standard output: {}", std::strerror(errno)));
  return kExitBadInput;
}

int run_guarded(const Run& run) {
  try {
    return flushed(run());
  } catch (const ledger::FileError& e) {
    print_error(e.what());
  } catch (const UsageError& e) {
    print_error(e.what());
  } catch (const NotMeasured& e) {
    print_error(e.what());
    return kExitNotMeasured;
  } catch (const std::bad_alloc&) {
    print_error("out of memory");
  } catch (const std::exception& e) {
    print_error(fmt::format("unexpected: {}", e.what()));
  }
  return kExitBadInput;
}

/// What the parser says, as one line with the way to the help of the command it is about.
int usage_error(const CLI::App& app, const CLI::ParseError& e) {
  const auto chosen = app.get_subcommands();
  const std::string name = chosen.empty() ? "heapledger" : "heapledger " + chosen.front()->get_name();
  print_error(fmt::format("{}; see {} --help", one_line(e.what()), name));
  return kExitBadInput;
}

/// A command with its part of the parser; `run` holds the state that the options write to.
struct Declared {
  Arguments::Impl impl;
  Run run;
};

/// Words behind the first `--` belong to a command line of their own; the parser never sees them.
struct Line {
  std::vector<std::string> own;
  std::vector<std::string> behind;  ///< empty or from the `--` on
};

Line split(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const auto at = std::find(words.begin(), words.end(), "--");
  return {{words.begin(), at}, {at, words.end()}};
}

/// Gives a command that runs another one its words. False, with a message, when there are none.
bool take_rest(const Arguments::Impl& impl, const Line& line) {
  std::vector<std::string>& rest = *impl.remaining;
  rest = impl.app->remaining();
  const auto command = impl.app->get_name();
  if (!rest.empty() && rest.front().starts_with('-')) {
    print_error(fmt::format("unknown option {}; see heapledger {} --help", rest.front(), command));
    return false;
  }
  const std::ptrdiff_t mark = rest.empty() && !line.behind.empty() ? 1 : 0;
  rest.insert(rest.end(), line.behind.begin() + mark, line.behind.end());
  if (!rest.empty() || impl.remaining_is_optional) return true;
  print_error(fmt::format("{0} is missing; see heapledger {1} --help", impl.remaining_name, command));
  return false;
}

int run_parsed(const std::deque<Declared>& declared, const Line& line) {
  for (const Declared& d : declared) {
    if (!d.impl.app->parsed()) continue;
    if (d.impl.remaining != nullptr && !take_rest(d.impl, line)) return kExitBadInput;
    return run_guarded(d.run);
  }
  return kExitBadInput;
}

void declare(CLI::App& app, std::span<const Command> commands, std::deque<Declared>& declared) {
  for (const Command& command : commands) {
    Declared& d = declared.emplace_back();
    d.impl.app = app.add_subcommand(command.name, command.summary);
    d.impl.app->formatter(d.impl.format);
    Arguments arguments{d.impl};
    d.run = command.declare(arguments);
  }
}

}  // namespace

int dispatch(std::span<const Command> commands, int argc, char** argv) {
  CLI::App app{"heapledger: every allocation of an unmodified program, by line of Python", "heapledger"};
  app.set_version_flag("-V,--version", std::string{"heapledger "} + kVersion, "Print the version and leave");
  app.set_help_flag("-h,--help", "Print this help and leave");
  app.footer(kFooter);
  app.require_subcommand(1);
  app.formatter(std::make_shared<HelpFormat>());
  std::deque<Declared> declared;
  declare(app, commands, declared);
  if (argc < 2) {
    fmt::print(stderr, "{}", app.help());
    return kExitBadInput;
  }
  if (argv[1][0] != '-' && find(commands, argv[1]) == nullptr) return unknown_command(commands, argv[1]);
  Line line = split(argc, argv);
  try {
    std::reverse(line.own.begin(), line.own.end());  // as CLI11 wants them
    app.parse(line.own);
  } catch (const CLI::Success& e) {
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    return usage_error(app, e);
  }
  return run_parsed(declared, line);
}

}  // namespace heapledger::cli
