// Looks at growing data; and whole experiments in which nothing differs: how often one is told that something
// does.
#include "../../../analyzer/compare/sequential.h"

#include <iostream>
#include <stdexcept>

#include "golden.h"
#include "simulated.h"

namespace heapledger::compare {
namespace {

using testing::Machine;
using testing::Noise;

TEST(Sequential, Looks) {
  EXPECT_EQ(Looks{}.rounds(), (std::vector<std::size_t>{10, 20, 30}));
  EXPECT_EQ((Looks{6, 5, 20}.rounds()), (std::vector<std::size_t>{6, 11, 16, 20}));
  EXPECT_EQ((Looks{6, static_cast<std::size_t>(-1), 20}.rounds()), (std::vector<std::size_t>{6, 20}));
  EXPECT_EQ(Looks::fixed(12).rounds(), (std::vector<std::size_t>{12}));
  for (const Looks& bad : {Looks{0, 1, 5}, Looks{6, 1, 5}, Looks{1, 0, 5}, Looks{1, 1, kMaxPairs + 1}})
    EXPECT_THROW(static_cast<void>(bad.rounds()), std::invalid_argument);
}

/// Clearly higher, clearly equal, or anything.
Pairs rounds_of(std::size_t rounds, double ratio, double sd) {
  testing::Random random(rounds);
  Pairs pairs{{}, {}, {0.05, 0}};
  for (std::size_t i = 0; i < rounds; ++i) {
    pairs.baseline.push_back(100);
    pairs.arm.push_back(100 * ratio * std::exp(sd * random.normal()));
  }
  return pairs;
}

TEST(Sequential, MoreRoundsWhileSomethingIsInconclusive) {
  const auto at = [](std::size_t rounds) {
    return look(std::vector{rounds_of(rounds, 1.3, 0.01), rounds_of(rounds, 1, 0.5)}, Looks{}, 0.05);
  };
  const Look first = at(10);
  EXPECT_EQ(first.alpha, 0.05 / 3);
  EXPECT_EQ(first.comparisons[0].verdict, Verdict::changed);
  EXPECT_EQ(first.comparisons[0].alpha, 0.05 / 3 / 2) << "two comparisons, three looks";
  EXPECT_EQ(first.comparisons[1].verdict, Verdict::inconclusive);
  EXPECT_FALSE(first.enough);
  EXPECT_EQ(first.run_to, 20u);
  EXPECT_EQ(at(13).run_to, 20u) << "after an interruption";
  EXPECT_EQ(at(20).run_to, 30u);
  EXPECT_TRUE(at(30).enough) << "the cap";
  EXPECT_EQ(at(30).run_to, 30u);
  EXPECT_EQ(at(30).comparisons[1].verdict, Verdict::inconclusive);
}

TEST(Sequential, EnoughWhenAllIsConclusive) {
  const Look look_10 = look(std::vector{rounds_of(10, 1.3, 0.01), rounds_of(10, 1, 0.01)}, Looks{}, 0.05);
  EXPECT_TRUE(look_10.enough);
  EXPECT_EQ(look_10.run_to, 10u);
  EXPECT_EQ(look_10.comparisons[1].verdict, Verdict::no_change);
  EXPECT_TRUE(look({}, Looks{}, 0.05).enough);
}

TEST(Sequential, AFixedNumberOfRoundsHasAllOfAlpha) {
  const Look only = look(std::vector{rounds_of(8, 1, 0.5)}, Looks::fixed(8), 0.05);
  EXPECT_EQ(only.alpha, 0.05);
  EXPECT_TRUE(only.enough);
  EXPECT_EQ(only.run_to, 8u);
}

struct Plan {
  Noise noise = Noise::normal;
  std::size_t arms = 2;
  Looks looks;
  double threshold = 0;
};

/// The verdicts with which an experiment of equal arms ends: orders by the seed, one run after the other on
/// one machine, looks until it is enough.
std::vector<Comparison> experiment(const Plan& plan, std::uint64_t seed) {
  const auto order = rounds_order(seed, plan.arms, plan.looks.cap);
  Machine machine(plan.noise, seed + 1'000'000);
  std::vector<Pairs> family(plan.arms - 1, Pairs{{}, {}, {plan.threshold, 0}});
  std::size_t done = 0;
  for (std::size_t goal = plan.looks.first;;) {
    for (; done < goal; ++done) {
      std::vector<double> values(plan.arms);
      for (const std::size_t arm : order[done]) values[arm] = 100 * std::exp(machine.run());
      for (std::size_t arm = 1; arm < plan.arms; ++arm) {
        family[arm - 1].baseline.push_back(values[0]);
        family[arm - 1].arm.push_back(values[arm]);
      }
    }
    Look now = look(family, plan.looks, 0.05);
    if (now.enough) return now.comparisons;
    goal = now.run_to;
  }
}

/// The share of 2,000 experiments that end with any false 'changed'.
double false_alarms(const Plan& plan, std::uint64_t seed) {
  constexpr int kExperiments = 2000;
  int alarms = 0;
  for (int i = 0; i < kExperiments; ++i) {
    const std::vector<Comparison> end = experiment(plan, seed + static_cast<std::uint64_t>(i));
    alarms +=
        std::ranges::any_of(end, [](const Comparison& c) { return c.verdict == Verdict::changed; }) ? 1 : 0;
  }
  const double share = static_cast<double>(alarms) / kExperiments;
  std::cout << "false alarms: " << 100 * share << " %\n";
  return share;
}

// A threshold of 0 leaves all to the statistics. Three standard deviations of a share of 2,000 at 5 % are 1.5
// %.

TEST(SameTwice, OneLook) {
  const double normal = false_alarms({Noise::normal, 2, Looks::fixed(10)}, 10'000);
  EXPECT_NEAR(normal, 0.0488, 0.015) << "the level of the test with 10 rounds";
  const double heavy = false_alarms({Noise::heavy, 2, Looks::fixed(10)}, 20'000);
  EXPECT_NEAR(heavy, 0.0488, 0.015);
}

TEST(SameTwice, ThreeLooks) {
  // Between what the last look alone gives and alpha.
  for (const Noise noise : {Noise::normal, Noise::heavy}) {
    const double share = false_alarms({noise, 2, {}}, 30'000);
    EXPECT_GE(share, 0.0164);
    EXPECT_LE(share, 0.05);
  }
}

TEST(SameTwice, ThreeArmsAndThreeLooks) {
  // As one alarm does not end an experiment of two comparisons, most come to the last look, which has alpha
  // / 3.
  const double share = false_alarms({Noise::normal, 3, {}}, 40'000);
  EXPECT_GE(share, 0.01);
  EXPECT_LE(share, 0.05);
}

TEST(SameTwice, PagesMakeTiesAndZeros) {
  EXPECT_LE(false_alarms({Noise::pages, 2, Looks::fixed(10)}, 80'000), 0.05);
  EXPECT_LE(false_alarms({Noise::pages, 3, {}}, 90'000), 0.05);
}

TEST(SameTwice, RunsThatDependOnEachOther) {
  // Pairs take out what the runs of a round have in common. What is left is not quite independent: the
  // balanced order lets a drift cancel out, which gives no alarms at all, and neighbouring rounds of AB and
  // BA share a little of a slow swing (their correlation is 0.045), which gives a few more.
  for (const Noise noise : {Noise::drift, Noise::correlated, Noise::bursts}) {
    EXPECT_LE(false_alarms({noise, 2, Looks::fixed(10)}, 50'000), 0.07);
    EXPECT_LE(false_alarms({noise, 3, {}}, 60'000), 0.07);
  }
}

TEST(SameTwice, TheThresholdLeavesFewer) {
  const double share = false_alarms({Noise::normal, 2, {}, 0.05}, 70'000);
  EXPECT_LE(share, 0.02);
}

}  // namespace
}  // namespace heapledger::compare
