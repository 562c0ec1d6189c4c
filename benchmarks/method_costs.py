"""What each method costs apart from evaluations: processor time for a distinct evaluation.

    python benchmarks/method_costs.py [--seeds 10] [--output docs/reference/method-costs.csv]

Every registered method and instance of the catalogue that can search NAS-Bench-201 runs on a
made-up table of that space, 512 distinct evaluations or to its own end, in one thread. A run before
warms up what is loaded once. Values are looked up, so that what is measured is the method. A job of
a study has start-up as well (0.5 s).
"""

import argparse
import csv
import sys
import time
from pathlib import Path
from typing import get_args

import numpy as np
import scipy.linalg  # noqa: F401  # threads are limited of what is loaded
from threadpoolctl import threadpool_limits

from ednag.methods import get_method
from ednag.methods.instances import method_names
from ednag.search.objective import Objective
from ednag.spaces import get_space
from ednag.tables.hardware_costs import CIFAR10 as HARDWARE
from ednag.tables.interface import BenchmarkTable, Metric, Protocol
from ednag.tables.zero_cost import Proxy, proxy_metrics

BUDGET, SPACE = 512, "nasbench201"


def made_up() -> Objective:
    """A table whose values add up over operations, with noise, so that methods have work to do."""
    space = get_space(SPACE)
    generator = np.random.default_rng(0)
    codes = np.arange(space.size)
    worth = generator.normal(size=(6, 5))
    digits = codes[:, None] // 5 ** np.arange(6) % 5
    values = worth[np.arange(6), digits].sum(axis=1) + generator.normal(scale=0.3, size=space.size)
    shares = 0.1 + 0.8 * (values - values.min()) / np.ptp(values)
    metric = Metric("value", "", "made up")
    table = BenchmarkTable(SPACE, "cifar10-analog", {"value": shares}, {"value": metric})
    beside = [*proxy_metrics(*get_args(Proxy)), *HARDWARE.metrics]
    metrics = {each.name: each for each in beside}
    further = BenchmarkTable(SPACE, "made-up", dict.fromkeys(metrics, shares), metrics)
    return Objective(table, Protocol("value", "value", "made up"), space, further=further)


def cost(name: str, seeds: int) -> tuple[float, float, float]:
    """Seconds of processor a run, its distinct evaluations, and milliseconds for one of them."""
    method, objective = get_method(name), made_up()
    settings = method.read_hyperparameters({}, objective.space, objective.protocol)
    list(method.run_all(objective, [seeds], BUDGET, settings))
    start = time.process_time()
    runs = list(method.run_all(objective, range(seeds), BUDGET, settings))
    seconds = (time.process_time() - start) / seeds
    distinct = float(np.mean([run.distinct for run in runs]))
    return seconds, distinct, 1e3 * seconds / distinct


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--output", type=Path)
    given = parser.parse_args()
    rows = []
    with threadpool_limits(1):
        for name in method_names():
            if get_method(name).can_search(SPACE) and not get_method(name).epochs:
                seeds = min(given.seeds, 2) if get_method(name).seeds else given.seeds
                seconds, distinct, each = cost(name, seeds)
                rows.append((name, f"{1e3 * seconds:.3g}", f"{distinct:.0f}", f"{each:.2g}"))
                print(*rows[-1], file=sys.stderr)
    with given.output.open("w") if given.output else sys.stdout as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("method", "ms_a_run", "distinct", "ms_an_evaluation"))
        writer.writerows(rows)


if __name__ == "__main__":
    main()
