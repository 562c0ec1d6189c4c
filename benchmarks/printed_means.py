"""How often the rule on printed means calls a true claim false, and finds a false one.

    python benchmarks/printed_means.py [--families N]

A family is 18 claims, as many as the paper's tables have here. Each is the mean of k values that
its authors list, rounded to two decimals, and is held against 100 or 900 runs of ours from the same
distribution: where the claim is true. A false claim prints one standard deviation more. Values are
normal, or the optimum in half or in 85 % of the runs with an exponential tail below, as EDNAG's
are. Printed are shares of the verdicts, and what the rule before it said: an interval of our mean,
as if the printed mean had no error. One minute. Exits 1 where more than 5 % of true claims are
found false, or where, for ten listed values, fewer than 80 % of false ones are refused, that is,
not called reproduced.
"""

import argparse
import sys

import numpy as np

from ednag.evidence.claim_rules import NOT_REPRODUCED, REPRODUCED, UNDECIDED, printed_mean_p
from ednag.evidence.statistics import holm, mean_interval

CLAIMS, LEVEL, TOLERANCE = 18, 0.05, 0.005
#: Shape of a distribution -> share of the runs that reach the optimum; None: normal.
SHAPES = {"normal": None, "half at the optimum": 0.5, "most at the optimum": 0.85}


def drawn(shape: str, size: int, generator: np.random.Generator) -> np.ndarray:
    """Values float64[size] of a distribution."""
    share = SHAPES[shape]
    if share is None:
        return generator.normal(size=size)
    return np.where(generator.random(size) < share, 0.0, -generator.exponential(size=size))


def simulated(
    shape: str, shift: float, families: int, listed: int = 10, runs: int = 100
) -> dict[str, float]:
    """Share of the claims with each verdict, and by `interval` alone of those called false.

    `shift`, in standard deviations, is what is printed too much.
    """
    generator = np.random.default_rng(0)
    distance = shift * drawn(shape, 100_000, generator).std()
    verdicts, outside = [], 0
    for _ in range(families):
        p_values = []
        for _ in range(CLAIMS):
            theirs, ours = (drawn(shape, size, generator) for size in (listed, runs))
            printed = round(float(theirs.mean()) + distance, 2)
            p_values.append(printed_mean_p(printed, theirs, ours, TOLERANCE))
            _, low, high = mean_interval(ours, 1 - LEVEL)
            outside += not low - TOLERANCE <= printed <= high + TOLERANCE
        p, corrected = np.array(p_values), holm(np.array(p_values))
        choices = [corrected <= LEVEL, p <= LEVEL]
        verdicts += list(np.select(choices, [NOT_REPRODUCED, UNDECIDED], REPRODUCED))
    count = len(verdicts)
    names = (REPRODUCED, UNDECIDED, NOT_REPRODUCED)
    return {name: verdicts.count(name) / count for name in names} | {"interval": outside / count}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--families", type=int, default=200)
    families = parser.parse_args().families
    failed = False
    for shape in SHAPES:
        for listed in (3, 5, 10):
            for runs in (100, 900):
                for words, shift in (("true", 0.0), ("false by one SD", 1.0)):
                    found = simulated(shape, shift, families, listed, runs)
                    shares = ", ".join(f"{name} {share:.3f}" for name, share in found.items())
                    print(f"{shape}, {listed} listed, {runs} runs, {words}: {shares}")
                    failed |= not shift and found[NOT_REPRODUCED] > LEVEL
                    failed |= bool(shift) and listed == 10 and found[REPRODUCED] > 0.2
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
