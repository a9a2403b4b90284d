"""Estimate and interval of a shift from a few paired differences: Hodges-Lehmann and the exact signed-rank distribution.

What analyzer/compare computes for each metric of an experiment, for quantities that are no metric of it: growth above an
empty program, and figures that the workloads print. One question has one interval, at 95 % or more.
"""

FEWEST = 6  # pairs; with fewer, no interval of 95 % ends anywhere
ALPHA = 0.05


def _median(ordered):
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def median(values):
    return _median(sorted(values))


def _ways(pairs):
    """In how many of the 2^pairs choices of signs the ranks with a plus add up to 0, 1, 2, ..."""
    ways = [1]
    for rank in range(1, pairs + 1):
        longer = ways + [0] * rank
        for total, count in enumerate(ways):
            longer[total + rank] += count
        ways = longer
    return ways


def _left_out(pairs):
    """How many of the ordered averages lie outside of the interval at each end; 0: there is no interval."""
    below, left_out = 0, 0
    for count in _ways(pairs):
        below += count
        if below / 2 ** pairs > ALPHA / 2:
            break
        left_out += 1
    return left_out


def shift(differences):
    """(estimate, low, high); low and high are None when there are too few differences."""
    averages = sorted((a + b) / 2 for i, a in enumerate(differences) for b in differences[i:])
    left_out = _left_out(len(differences))
    if left_out == 0:
        return _median(averages), None, None
    return _median(averages), averages[left_out - 1], averages[-left_out]
