// Many questions, one error rate: p-values adjusted so that the chance of even one false 'changed' stays
// small.
#pragma once

#include <span>
#include <vector>

namespace heapledger::compare {

/// Holm, A simple sequentially rejective multiple test procedure, Scand. J. Statist. 6 (1979). In the order
/// of `p`; one that is at most alpha is rejected with a family-wise error of at most alpha, however the tests
/// depend on each other.
[[nodiscard]] std::vector<double> holm_adjusted(std::span<const double> p);

/// By how much alpha is divided for each test: the smallest p is held against alpha / size, the next against
/// alpha / (size - 1), and so on until one is not rejected; that one and all after it share its divisor.
/// Equal p's share the greatest of theirs. So a test is rejected exactly if its p is at most alpha by its
/// divisor.
[[nodiscard]] std::vector<double> holm_divisors(std::span<const double> p, double alpha);

}  // namespace heapledger::compare
