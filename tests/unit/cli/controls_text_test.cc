// Controls of several processes in one line.
#include "../../../analyzer/cli/controls_text.h"

#include <gtest/gtest.h>

#include "../../../analyzer/ledger/writer.h"
#include "../../support/temp_folder.h"

namespace heapledger::cli {
namespace {

using ledger::Control;
using trace::ControlOutcome;

/// The line for processes with these controls; `python`: whether they are interpreters.
std::string line(const std::vector<std::vector<Control>>& processes, bool python = true) {
  const support::TempFolder folder;
  {
    ledger::Writer writer(folder / "x.hl");
    for (const auto& controls : processes) {
      ledger::Process process;
      process.controls = controls;
      if (python) process.python_version = "3.11.7";
      writer.begin_process();
      writer.end_process(process);
    }
    writer.finish({});
  }
  return controls_text(query::control_summaries(ledger::Reader(folder / "x.hl")));
}

const Control kOff{"gc", "off", ControlOutcome::applied, ""};
const Control kAsked{"gc", "off", ControlOutcome::asked, ""};
const Control kUndone{"gc", "off", ControlOutcome::undone, "enabled"};

Control book(ControlOutcome outcome, const char* text = "") { return {"slots", "m:Book", outcome, text}; }

TEST(ControlsText, OneProcess) {
  EXPECT_EQ(line({{}}), "");
  EXPECT_EQ(line({{kOff, book(ControlOutcome::applied)}}), "gc off; slots on m:Book");
  EXPECT_EQ(line({{kOff, kUndone}}), "gc off (undone: enabled)");
  EXPECT_EQ(line({{book(ControlOutcome::refused, "why")}}), "slots on m:Book (not done: why)");
  EXPECT_EQ(line({{book(ControlOutcome::missing, "none")}}), "slots on m:Book (not done: none)");
  EXPECT_EQ(line({{{"events", "none", ControlOutcome::applied, ""}}}), "");
  EXPECT_EQ(line({{book(ControlOutcome::refused, "\033[1m")}}).find('\033'), std::string::npos);
}

TEST(ControlsText, NothingCameOfIt) {
  EXPECT_EQ(line({{kAsked}}), "gc off (not done: its process ended before it could be done)");
  EXPECT_EQ(line({{kAsked}}, false), "gc off (not done: no process of this run is CPython 3.8 or later)");
}

TEST(ControlsText, SeveralProcesses) {
  EXPECT_EQ(line({{kAsked}, {kOff}}), "gc off");
  EXPECT_EQ(line({{book(ControlOutcome::missing, "none")}, {book(ControlOutcome::applied)}}), "slots on m:Book");
  EXPECT_EQ(line({{book(ControlOutcome::applied)}, {book(ControlOutcome::refused, "a")}, {book(ControlOutcome::refused, "a")}}),
            "slots on m:Book (not done everywhere: a)");
}

}  // namespace
}  // namespace heapledger::cli
