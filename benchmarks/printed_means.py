"""How often the rule on printed means calls a true claim false, and finds a false one.

    python benchmarks/printed_means.py [--families N]

A family is 18 claims, as many as the paper's tables have here, of which none, half or all are
false. Each is the mean of k values that its authors list, rounded to two decimals, and is held
against 100 or 900 runs of ours from the same distribution. A false claim prints one standard
deviation more. Values are normal, or the optimum in half or in 85 % of the runs with an exponential
tail below, as EDNAG's are. Printed are shares of the verdicts; what Holm's correction would find in
place of Benjamini and Hochberg's; and what an interval of our mean alone calls false, as if the
printed mean had no error. One minute. Exits 1 where more than 5 % of true claims are found false,
or where, for ten listed values, fewer than 80 % of false ones are found in families of false ones
alone (70 % where half are true), or more than 10 % are called reproduced.
"""

import argparse
import sys

import numpy as np

from ednag.evidence.claim_rules import NOT_REPRODUCED, REPRODUCED, UNDECIDED, printed_mean_p
from ednag.evidence.statistics import benjamini_hochberg, holm, mean_interval

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
    shape: str, false: int, families: int, listed: int = 10, runs: int = 100
) -> dict[bool, dict[str, float]]:
    """Whether claims are true -> the share of them with each verdict.

    `false` is how many of the claims of a family are. `holm` and `interval` are the shares that
    these alone call false.
    """
    generator = np.random.default_rng(0)
    deviation = drawn(shape, 100_000, generator).std()
    is_true = np.arange(CLAIMS) >= false
    verdicts = []
    for _ in range(families):
        tests, outside = [], []
        for true in is_true:
            theirs, ours = (drawn(shape, size, generator) for size in (listed, runs))
            printed = round(float(theirs.mean()) + (0 if true else deviation), 2)
            tests.append(printed_mean_p(printed, theirs, ours, TOLERANCE))
            _, low, high = mean_interval(ours, 1 - LEVEL)
            outside.append(not low - TOLERANCE <= printed <= high + TOLERANCE)
        p, near = np.array(tests).T
        is_false = benjamini_hochberg(p) <= LEVEL
        is_held = ~is_false & (p > LEVEL) & (near <= LEVEL)
        neither = ~is_false & ~is_held
        verdicts.append([is_held, neither, is_false, holm(p) <= LEVEL, outside])
    names = (REPRODUCED, UNDECIDED, NOT_REPRODUCED, "holm", "interval")
    # bool[verdicts, families, claims]
    found = np.array(verdicts).transpose(1, 0, 2)
    return {
        bool(kind): dict(zip(names, found[:, :, is_true == kind].mean(axis=(1, 2)), strict=True))
        for kind in np.unique(is_true)
    }


def is_failure(found: dict[str, float], true: bool, false: int, listed: int) -> bool:
    """Whether the shares of the true, or the false, claims miss a criterion."""
    if true:
        return found[NOT_REPRODUCED] > LEVEL
    fewest = 0.8 if false == CLAIMS else 0.7
    return listed == 10 and (found[NOT_REPRODUCED] < fewest or found[REPRODUCED] > 0.1)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--families", type=int, default=200)
    families = parser.parse_args().families
    failed = False
    for shape in SHAPES:
        for listed in (3, 5, 10):
            for runs in (100, 900):
                for false in (0, CLAIMS // 2, CLAIMS):
                    for true, found in simulated(shape, false, families, listed, runs).items():
                        shares = ", ".join(f"{name} {share:.3f}" for name, share in found.items())
                        place = f"{shape}, {listed} listed, {runs} runs, {false} of {CLAIMS} false"
                        print(f"{place}; the {'true' if true else 'false'} ones: {shares}")
                        failed |= is_failure(found, true, false, listed)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
