// The command line: what commands see, what users are told, exit statuses.
#include "../../../analyzer/cli/args.h"

#include <gtest/gtest.h>

#include "../../../analyzer/cli/command.h"
#include "../../../analyzer/ledger/error.h"

namespace heapledger::cli {
namespace {

std::string seen;  // what the last command was given

Run show_command(Arguments& arguments) {
  struct Options {
    std::string file, way = "slow";
    std::uint64_t top = 7;
    bool all = false;
    std::vector<std::string> words;
  };
  const auto o = std::make_shared<Options>();
  arguments.positional("FILE", o->file, "A file");
  arguments.section("How");
  arguments.choice("--way", {"slow", "fast"}, o->way, "Which way");
  arguments.number("-n,--top", "N", o->top, "How many");
  arguments.flag("--all", o->all, "All of it");
  arguments.list("--word", "W", o->words, "Words");
  arguments.examples("Examples:\n  tool show x");
  return [o] {
    seen = o->file + " " + o->way + " " + std::to_string(o->top) + (o->all ? " all" : "");
    for (const auto& w : o->words) seen += " " + w;
    return 0;
  };
}

Run start_command(Arguments& arguments) {
  const auto words = std::make_shared<std::vector<std::string>>();
  const auto file = std::make_shared<std::string>();
  arguments.text("-o,--output", "FILE", *file, "Where to");
  arguments.rest("CMD...", *words, "What to start");
  return [words, file] {
    seen = "[" + *file + "]";
    for (const auto& w : *words) seen += " " + w;
    return 42;
  };
}

template <class Error>
Run failing_command(Arguments&) {
  return []() -> int { throw Error("it went wrong"); };
}

constexpr Command kCommands[] = {
    {"show", "Show something", show_command},
    {"start", "Start something", start_command},
    {"bad-file", "Fail", failing_command<ledger::FileError>},
    {"bad-usage", "Fail", failing_command<UsageError>},
    {"unmeasured", "Fail", failing_command<NotMeasured>},
    {"surprise", "Fail", failing_command<std::runtime_error>},
};

struct Outcome {
  int status = 0;
  std::string seen, out, err;
};

Outcome run(std::vector<std::string> words) {
  std::vector<char*> argv{const_cast<char*>("heapledger")};
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  seen.clear();
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  Outcome o;
  o.status = dispatch(kCommands, static_cast<int>(argv.size()) - 1, argv.data());
  o.out = ::testing::internal::GetCapturedStdout();
  o.err = ::testing::internal::GetCapturedStderr();
  o.seen = seen;
  return o;
}

TEST(Dispatch, OptionsReachTheCommand) {
  EXPECT_EQ(run({"show", "f"}).seen, "f slow 7");
  EXPECT_EQ(run({"show", "-n", "3", "f", "--way=fast", "--all", "--word", "a", "--word", "b"}).seen,
            "f fast 3 all a b");
  EXPECT_EQ(run({"show", "--word", "a", "f"}).seen, "f slow 7 a");
}

TEST(Dispatch, CommandLinesOfOtherPrograms) {
  EXPECT_EQ(run({"start", "-o", "x", "--", "prog", "-o", "y", "--top"}).seen, "[x] prog -o y --top");
  EXPECT_EQ(run({"start", "prog", "-o", "y"}).seen, "[] prog -o y");
  EXPECT_EQ(run({"start", "prog", "--", "-x"}).seen, "[] prog -- -x");
  EXPECT_EQ(run({"start", "--", "-x", "--", "y"}).seen, "[] -x -- y");
  EXPECT_EQ(run({"start", "--", "prog"}).status, 42);
}

/// One line, our prefix, no status 0.
void expect_refusal(const std::vector<std::string>& words, const std::string& message) {
  const Outcome o = run(words);
  EXPECT_EQ(o.err, "heapledger: error: " + message + "\n");
  EXPECT_EQ(o.out, "");
  EXPECT_EQ(o.status, kExitBadInput);
  EXPECT_EQ(o.seen, "");
}

TEST(Dispatch, BadUsageIsOneLine) {
  expect_refusal({"shwo"}, "'shwo' is no command, did you mean 'show'?; see heapledger --help");
  expect_refusal({"frobnicate"}, "'frobnicate' is no command; see heapledger --help");
  expect_refusal({"show"}, "FILE is required; see heapledger show --help");
  expect_refusal({"show", "f", "--bogus"},
                 "the following argument was not expected: --bogus; see heapledger show --help");
  expect_refusal({"show", "f", "--way", "odd"},
                 "--way: 'odd' is not one of slow|fast; see heapledger show --help");
  expect_refusal({"show", "f", "--top", "x"}, "could not convert: --top = x; see heapledger show --help");
  expect_refusal({"start"}, "CMD... is missing; see heapledger start --help");
  expect_refusal({"start", "--"}, "CMD... is missing; see heapledger start --help");
  expect_refusal({"start", "--ouptut", "x", "--", "prog"},
                 "unknown option --ouptut; see heapledger start --help");
}

TEST(Dispatch, ErrorsOfCommands) {
  expect_refusal({"bad-file"}, "it went wrong");
  expect_refusal({"bad-usage"}, "it went wrong");
  expect_refusal({"surprise"}, "unexpected: it went wrong");
  EXPECT_EQ(run({"unmeasured"}).status, kExitNotMeasured);
  EXPECT_EQ(run({"unmeasured"}).err, "heapledger: error: it went wrong\n");
}

TEST(Dispatch, HelpAndVersion) {
  const Outcome help = run({"--help"});
  EXPECT_EQ(help.status, 0);
  for (const Command& c : kCommands) EXPECT_NE(help.out.find(c.summary), std::string::npos);
  EXPECT_NE(help.out.find("Exit status"), std::string::npos);
  const Outcome show = run({"show", "--help"});
  EXPECT_EQ(show.status, 0);
  EXPECT_NE(show.out.find("Usage: heapledger show [OPTIONS] FILE"), std::string::npos);
  EXPECT_NE(show.out.find("--way slow|fast"), std::string::npos);
  EXPECT_NE(show.out.find("Examples:\n  tool show x"), std::string::npos);
  EXPECT_NE(run({"start", "--help"}).out.find("Usage: heapledger start [OPTIONS] [--] CMD..."),
            std::string::npos);
  EXPECT_TRUE(run({"--version"}).out.starts_with("heapledger "));
  const Outcome nothing = run({});
  EXPECT_EQ(nothing.status, kExitBadInput);
  EXPECT_NE(nothing.err.find("Usage"), std::string::npos);
}

}  // namespace
}  // namespace heapledger::cli
