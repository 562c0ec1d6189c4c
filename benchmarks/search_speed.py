"""How fast the compiled search is, against other ways to make the same runs and against its floor.

    python benchmarks/search_speed.py [--quick] [--output FOLDER]

Everything runs on one core, except where two are compared. Times are the processor's: what else
runs on that core does not count, and on an idle core they are what a clock shows. What is compared
is timed in turns (A, B, A, B, ...) and the median of the ratios of neighbours counts. Prints one
table and writes it as CSV, with plots, into FOLDER (by default a new temporary one). Exits 1 where
something that is asked is missed. --quick does all of it with few repetitions. How long a table
takes to load is measured by `table_loading.py`.
"""

import argparse
import contextlib
import csv
import math
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
import numba
import numpy as np
import torch
from matplotlib import pyplot as plt
from plain_torch_search import PlainSearch
from scipy.optimize import nnls
from threadpoolctl import threadpool_limits

import ednag.evidence
from ednag.errors import EdnagError
from ednag.methods import get_method
from ednag.search import compiled, engine
from ednag.search.compiled.arithmetic import exp, power
from ednag.search.compiled.cache import inlined
from ednag.search.compiled.random import fill_normal, new_stream, next_uniform
from ednag.search.compiled.sorting import STACK, argsort_descending
from ednag.search.compiled.vectors import LANES, load, repeat, sqrt, store
from ednag.search.hyperparameters import SearchHyperparameters
from ednag.search.objective import Objective, objective_on
from ednag.sources.obtain import Surroundings, obtain
from ednag.sources.registry import find_source, load_registry
from ednag.spaces import get_space
from ednag.spaces.interface import SearchSpace
from ednag.tables import get_definition
from ednag.tables.interface import (
    Benchmark,
    BenchmarkTable,
    PredictedBenchmark,
    PredictorDefinition,
)
from ednag.tables.parquet import write_benchmark

ROOT = Path(__file__).resolve().parents[1]
#: Seconds per run on NAS-Bench-201 that the reference is said to take; not measured here.
REFERENCE_S = (2.0, 2.4)
#: What is asked: times as fast as the reference; times nasbench201's time per evaluation; seconds
#: of a first run whose machine code is not there yet; memory of a block of 256 seeds.
LEAST_SPEED_UP, MOST_PER_EVALUATION, LONGEST_START_S, LARGEST_MEMORY_MB = 200, 2.0, 20, 1000
#: The same of MobileNetV3 with a free fitness; it has no table, and "per evaluation" is of tables.
FREE = "mobilenetv3 but the predictor"
REFERENCE_FREE_S, LEAST_SPEED_UP_FREE = 9.6, 50

BASE = ("nasbench201", "cifar10-analog")
#: A dataset of each other space. Of nasbench301 the full one: on the small one, most searches end
#: in their first step because nothing they find is in the table.
OTHERS = {
    "nasbench101": "cifar10",
    "nasbench301": "cifar10",
    "transnas-micro": "class_scene",
    "transnas-macro": "class_scene",
    "nasbench-graph": "cora",
    "mobilenetv3": "imagenet",
}
BLOCKS = (1, 4, 16, 64, 256)
STEPS = (25, 50, 100, 200)
POPULATIONS = (10, 20, 30, 60, 100)


class Effort(NamedTuple):
    """How often things are repeated.

    Attributes:
        turns: Of what takes milliseconds.
        slow_turns: Of what takes seconds.
        seeds, seeds_of_spaces: Runs that are timed together.
        starts: New processes with their machine code at hand.
        cold_starts: New processes without it.
        side_by_side: Runs of each process where two cores are compared.
    """

    turns: int
    slow_turns: int
    seeds: int
    seeds_of_spaces: int
    starts: int
    cold_starts: int
    side_by_side: int


FULL = Effort(15, 15, seeds=8, seeds_of_spaces=2, starts=7, cold_starts=3, side_by_side=400)
QUICK = Effort(3, 1, seeds=2, seeds_of_spaces=1, starts=1, cold_starts=1, side_by_side=50)


@dataclass(frozen=True)
class Line:
    """A measured quantity.

    Attributes:
        topic, quantity, value, unit: What it is.
        asked: What it should be, if anything: at least that if `upwards`, else at most.
        note: What one has to know to read it.
    """

    topic: str
    quantity: str
    value: float
    unit: str
    asked: float | None = None
    upwards: bool = False
    note: str = ""

    @property
    def missed(self) -> bool:
        """Whether something is asked and this is worse."""
        if self.asked is None:
            return False
        return self.value < self.asked if self.upwards else self.value > self.asked


class Subject(NamedTuple):
    """A benchmark to search, and where its values come from."""

    objective: Objective
    settings: SearchHyperparameters
    source: str


# --- timing ------------------------------------------------------------------------------------


def seconds(action: Callable[[], object]) -> float:
    """Processor time of one call."""
    begun = time.process_time()
    action()
    return time.process_time() - begun


def seconds_of_children() -> float:
    """Processor time of all processes started here that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def in_turns(actions: Mapping[Any, Callable[[], object]], turns: int) -> dict[Any, list[float]]:
    """Seconds of each action in each turn."""
    times: dict[Any, list[float]] = {name: [] for name in actions}
    for _ in range(turns):
        for name, action in actions.items():
            times[name].append(seconds(action))
    return times


def ratio(times: Sequence[float], references: Sequence[float]) -> float:
    """Median over the turns of how many times as long the first took."""
    return statistics.median(mine / other for mine, other in zip(times, references, strict=True))


def slope(sizes: Sequence[float], times: Sequence[float]) -> float:
    """The exponent e of times ~ sizes^e, by least squares of logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(times), 1)[0])


# --- what is searched --------------------------------------------------------------------------


def subject(space_name: str, dataset: str, real: bool = True) -> Subject:
    """The paper's protocol on a benchmark whose files are here, or on an invented one.

    Files are looked for in EDNAG_MIRROR and installed packages, never downloaded.

    Args:
        space_name, dataset: The benchmark.
        real: Whether to look for its files.
    """
    space, definition = get_space(space_name), get_definition(space_name, dataset)
    registry = load_registry()
    benchmark: Benchmark = invented(space, dataset)
    source = "random numbers"
    if real:
        with contextlib.suppress(EdnagError):
            files = {name: find_source(registry, name) for name in definition.sources}
            paths = {
                name: obtain(file, Surroundings.of_user(offline=True))
                for name, file in files.items()
            }
            benchmark = definition.build(paths, {})
            source = "predictor" if isinstance(benchmark, PredictedBenchmark) else "real table"
    settings = get_method("ednag").read_hyperparameters({}, space)
    assert isinstance(settings, SearchHyperparameters)
    return Subject(objective_on(benchmark, definition.protocols["paper"], space), settings, source)


def invented(space: SearchSpace, dataset: str) -> BenchmarkTable | PredictedBenchmark:
    """Random numbers in the middle of each metric's range: as good as any, for speed."""
    definition = get_definition(space.name, dataset)
    metrics = {metric.name: metric for metric in definition.metrics}
    generator = np.random.default_rng(0)
    if isinstance(definition, PredictorDefinition):
        weights = generator.random(sum(space.shape))

        def predict(space: Any, codes: np.ndarray) -> np.ndarray:
            contents = space.contents(codes).astype(float)
            return contents @ weights[: contents.shape[1]] % 90

        return PredictedBenchmark(space.name, dataset, metrics, parameters={}, predict=predict)
    values = {
        name: metric.low + (metric.high - metric.low) * generator.uniform(0.1, 0.9, space.size)
        for name, metric in metrics.items()
    }
    return BenchmarkTable(space.name, dataset, values, metrics)


def block(given: Subject, seeds: Sequence[int], **changed: object) -> int:
    """Search with each seed, as a job does; the number of evaluations."""
    settings = given.settings.model_copy(update=changed)
    evaluations = 0
    for seed in seeds:
        ledger = given.objective.begin(seed)
        compiled.search(given.objective, seed, settings)
        evaluations += ledger.total
    return evaluations


# --- 1. against other ways to make the same runs ----------------------------------------------


def measure_engines(base: Subject, effort: Effort) -> list[Line]:
    """The compiled engine, the readable one and a plain program on nasbench201."""
    objective, settings = base.objective, base.settings
    metric = objective.table.values[objective.protocol.fitness_metric]
    accuracies = dict(zip(objective.space.keys(np.arange(len(metric))), metric, strict=True))
    refuse_other_trajectories(base, accuracies, range(min(3, effort.slow_turns)))
    seeds = iter(range(10**6))

    def readable() -> None:
        seed = next(seeds)
        objective.begin(seed)
        engine.search(objective, seed, settings)

    times = in_turns(
        {
            "readable engine": readable,
            "plain torch": lambda: PlainSearch(accuracies).run(next(seeds)),
            "compiled engine": lambda: block(base, [next(seeds) for _ in range(effort.seeds)]),
        },
        effort.slow_turns,
    )
    times["compiled engine"] = [each / effort.seeds for each in times["compiled engine"]]
    topic, ours = "nasbench201", statistics.median(times["compiled engine"])
    lines = [
        Line(topic, f"{name}, a run", statistics.median(each) * 1e3, "ms")
        for name, each in times.items()
    ]
    for name in ("readable engine", "plain torch"):
        faster = ratio(times[name], times["compiled engine"])
        lines.append(Line(topic, f"{name} / compiled", faster, "x", note="same trajectories"))
    note = "the reference as the issue names it, not measured here"
    low, high = REFERENCE_S
    quantity = f"{low} s a run / compiled"
    lines.append(Line(topic, quantity, low / ours, "x", LEAST_SPEED_UP, True, note))
    quantity = f"{high} s a run / compiled"
    lines.append(Line(topic, quantity, high / ours, "x", note="likewise; 400 is aimed at"))
    return lines


def refuse_other_trajectories(
    base: Subject, accuracies: Mapping[str, float], seeds: Sequence[int]
) -> None:
    """Exit unless the three make the same evaluations in the same order."""
    objective, space = base.objective, base.objective.space
    for seed in seeds:
        plain = PlainSearch(accuracies)
        best = plain.run(seed)
        for name, search in (("compiled", compiled.search), ("readable", engine.search)):
            asked: list[str] = []
            objective.begin(seed)

            def observe(batch: np.ndarray, asked: list[str] = asked) -> None:
                asked.extend(space.raw_key(int(raw)) for raw in space.decode_raw(batch))

            result = search(objective, seed, base.settings, observe)
            if asked != plain.asked or result.outcome_metric != best:
                raise SystemExit(f"seed {seed}: the {name} engine and plain torch differ")


# --- 2. the other spaces -----------------------------------------------------------------------


def measure_spaces(base: Subject, effort: Effort) -> list[Line]:
    """Seconds per run and per evaluation in each space, the latter relative to nasbench201."""
    subjects = {base.objective.space.name: base}
    lines = []
    for name, dataset in OTHERS.items():
        other = subject(name, dataset)
        reason = compiled.unsupported(other.objective)
        if reason is None:
            subjects[name] = other
            if other.source == "predictor":
                subjects[FREE] = subject(name, dataset, real=False)
        else:
            lines.append(Line("spaces", f"{name}, a run", np.nan, "ms", note=f"not yet: {reason}"))
    seeds = range(effort.seeds_of_spaces)
    # Counted and not computed: a search of a table with few entries can end early.
    evaluations = {name: block(given, seeds) for name, given in subjects.items()}
    times = in_turns(
        {name: (lambda given=given: block(given, seeds)) for name, given in subjects.items()},
        1 + effort.turns // 2,
    )
    arithmetic = {name: flops_of_an_evaluation(given) for name, given in subjects.items()}
    for name, taken in times.items():
        each = [one / evaluations[name] for one in taken]
        of_base = [one / evaluations[BASE[0]] for one in times[BASE[0]]]
        run = statistics.median(taken) / len(seeds)
        note = (
            f"{evaluations[name] / len(seeds):.0f} a run, {statistics.median(each) * 1e9:.0f} ns "
            f"each; {arithmetic[name] / arithmetic[BASE[0]]:.2g} x the arithmetic"
        )
        relative, unit = ratio(each, of_base), "x nasbench201"
        asked = None if name.startswith("mobilenetv3") else MOST_PER_EVALUATION
        lines += [
            Line("spaces", f"{name}, a run", run * 1e3, "ms", note=subjects[name].source),
            Line("spaces", f"{name}, an evaluation", relative, unit, asked, note=note),
        ]
        if name == FREE:
            quantity = f"{REFERENCE_FREE_S} s a run / compiled, free fitness"
            speed_up = REFERENCE_FREE_S / run
            lines.append(Line("spaces", quantity, speed_up, "x", LEAST_SPEED_UP_FREE, True))
    return lines


def flops_of_an_evaluation(given: Subject) -> float:
    """Sums and products of a step for each of its 3 M evaluations; see `work_of_a_run`."""
    rows, columns = given.objective.space.shape
    work = work_of_a_run(given.settings, rows * columns)["sums and products"]
    return work / (given.settings.num_step - 1) / (3 * given.settings.population_num)


# --- 3. growth ---------------------------------------------------------------------------------


def measure_growth(base: Subject, effort: Effort) -> list[Line]:
    """Seconds against seeds of a block, denoising steps and population."""
    turns = 1 + effort.turns // 4
    few = range(effort.seeds)
    ways: dict[str, tuple[Sequence[int], int, Callable[[int], object]]] = {
        "seeds": (BLOCKS, 1, lambda n: block(base, range(n))),
        "steps": (STEPS, len(few), lambda n: block(base, few, num_step=n)),
        "population": (POPULATIONS, len(few), lambda n: block(base, few, population_num=n)),
    }
    lines = []
    for name, (sizes, runs, search) in ways.items():
        times = in_turns({n: partial(search, n) for n in sizes}, turns)
        medians = {n: statistics.median(each) / runs for n, each in times.items()}
        lines += [Line("growth", f"{n} {name}", each * 1e3, "ms") for n, each in medians.items()]
        exponent = slope(list(medians), list(medians.values()))
        note = shares(medians) if name == "population" else "1 is linear"
        lines.append(Line("growth", f"exponent of {name}", exponent, "", note=note))
    return lines


def shares(medians: Mapping[int, float]) -> str:
    """How much of a run's time grows with the square of the population: distances are M x M."""
    sizes, times = np.array(list(medians), float), np.array(list(medians.values()))
    # Relative errors count, so that the largest population does not decide alone.
    terms = np.stack([sizes, sizes**2], axis=1) / times[:, None]
    linear, square = nnls(terms, np.ones(len(times)))[0]
    parts = [f"{square * m / (linear + square * m):.0%} at {m}" for m in (30, 100)]
    return f"pairs of individuals grow with the square: {', '.join(parts)}"


# --- 4. two cores ------------------------------------------------------------------------------

#: Searches with as many seeds as each line it reads says, and writes how many seconds that took
#: the processor and by the clock.
WORKER = """
import os, sys, time
os.sched_setaffinity(0, {int(sys.argv[2])})
from pathlib import Path
from ednag.search import compiled
from ednag.search.hyperparameters import SearchHyperparameters
from ednag.search.objective import Objective
from ednag.spaces import get_space
from ednag.tables import get_protocol
from ednag.tables.parquet import read_benchmark
table = read_benchmark(Path(sys.argv[1]))
space = get_space(table.space)
objective = Objective(table, get_protocol(table.space, table.dataset, 'paper'), space)
def work(seeds):
    for seed in range(seeds):
        objective.begin(seed)
        compiled.search(objective, seed, SearchHyperparameters())
for line in sys.stdin:
    begun, begun_by_clock = time.process_time(), time.perf_counter()
    work(int(line))
    print(time.process_time() - begun, time.perf_counter() - begun_by_clock, flush=True)
"""


def measure_cores(table: Path, cores: Sequence[int], effort: Effort) -> list[Line]:
    """Throughput of two processes on a core each, against one."""
    if len(cores) < 2:
        return [Line("cores", "two processes / one", np.nan, "x", note="there is one core only")]
    commands = [[sys.executable, "-c", WORKER, str(table), str(core)] for core in cores[:2]]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    workers = [subprocess.Popen(command, **pipes) for command in commands]
    together(workers, 1)
    gains, gains_by_clock = [], []
    for turn in range(1 + effort.slow_turns // 3):
        (alone,) = together([workers[turn % 2]], effort.side_by_side)
        both = together(workers, effort.side_by_side)
        gains.append(2 * alone[0] / max(each[0] for each in both))
        gains_by_clock.append(2 * alone[1] / max(each[1] for each in both))
    for worker in workers:
        worker.communicate()
    gain = statistics.median(gains)
    note = f"throughput; {statistics.median(gains_by_clock):.2f} by the clock, if nothing else runs"
    return [Line("cores", "two processes / one", gain, "x", note=note)]


def together(workers: Sequence[subprocess.Popen], seeds: int) -> list[tuple[float, ...]]:
    """What `WORKER` writes of so many seeds, of processes that start at once."""
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write(f"{seeds}\n")
        worker.stdin.flush()
    said = [worker.stdout.readline() for worker in workers if worker.stdout is not None]
    return [tuple(float(number) for number in line.split()) for line in said]


# --- 5. and 6. the command, from start to end --------------------------------------------------

#: `ednag`, which in the end says how much memory it needed. What the system tells a parent of its
#: children would count the parent's own, from before the child became another program.
JOB = """
import atexit
from pathlib import Path
from ednag.cli import main
atexit.register(lambda: print(Path('/proc/self/status').read_text()))
main()
"""


class Cost(NamedTuple):
    """Of one process: processor time, seconds by the clock, largest memory, standard error."""

    seconds: float
    by_clock: float
    memory_mb: float
    said: str


def job(table: Path, machine_code: Path, seeds: str, *options: str) -> Cost:
    """`ednag run` in a new process that keeps its machine code in a folder."""
    arguments = [
        sys.executable, *options, "-c", JOB, "run", "--table", str(table), "--method", "ednag",
        "--seeds", seeds, "--output", str(table.with_name("runs.parquet")),
    ]  # fmt: skip
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(machine_code)}
    begun, begun_by_clock = seconds_of_children(), time.perf_counter()
    process = subprocess.run(arguments, capture_output=True, text=True, env=environment)
    taken, by_clock = seconds_of_children() - begun, time.perf_counter() - begun_by_clock
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments)} failed:\n{process.stderr}")
    (kilobytes,) = re.findall(r"VmHWM:\s*(\d+) kB", process.stdout)
    return Cost(taken, by_clock, int(kilobytes) * 1024 / 1e6, process.stderr)


def first_run(table: Path, machine_code: Path) -> float:
    """Seconds of a process's first run when its machine code is at hand, imports not counted."""
    core = str(min(os.sched_getaffinity(0)))
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(machine_code)}
    arguments = [sys.executable, "-c", WORKER, str(table), core]
    said = subprocess.check_output(arguments, input="1\n", text=True, env=environment)
    return float(said.split()[0])


def measure_command(table: Path, effort: Effort) -> list[Line]:
    """What a job costs besides its runs, and what a block of 256 seeds needs; fastest of each."""
    begun = seconds_of_children()
    for _ in range(effort.starts):
        subprocess.run([sys.executable, "-c", ""], check=True)
    bare = (seconds_of_children() - begun) / effort.starts
    folders = [table.with_name(f"machine-code-{number}") for number in range(effort.cold_starts)]
    cold = min(job(table, folder, "0") for folder in folders)
    warm = min(job(table, folders[0], "0") for _ in range(effort.starts))
    imports, modules = read_import_times(job(table, folders[0], "0", "-X", "importtime").said)
    heaviest = sorted(modules, key=lambda name: -modules[name])[:4]
    note = "of which " + ", ".join(f"{name} {modules[name] * 1e3:.0f}" for name in heaviest)
    many = job(table, folders[0], "0-255")
    loading = min(first_run(table, folders[0]) for _ in range(effort.starts))
    topic = "ednag run"
    return [
        Line(topic, "Python itself", bare * 1e3, "ms"),
        Line(topic, "imports", imports * 1e3, "ms", note=note),
        Line(topic, "modules of torch imported", "torch" in modules, "", 0),
        Line(
            topic, "one seed", warm.seconds * 1e3, "ms", note=f"{warm.by_clock:.2f} s by the clock"
        ),
        Line(
            topic,
            "one seed, nothing compiled",
            cold.seconds,
            "s",
            LONGEST_START_S,
            note=f"{cold.by_clock:.1f} s by the clock",
        ),
        Line(topic, "of which compiling", cold.seconds - warm.seconds, "s"),
        Line(topic, "first run", loading * 1e3, "ms", note="most of it reads machine code"),
        Line(topic, "memory of one seed", warm.memory_mb, "MB"),
        Line(topic, "memory of 256 seeds", many.memory_mb, "MB", LARGEST_MEMORY_MB),
    ]


def read_import_times(said: str) -> tuple[float, dict[str, float]]:
    """Seconds of all imports, and of each top-level package, from `python -X importtime`."""
    modules: dict[str, float] = {}
    for line in said.splitlines():
        if line.startswith("import time:") and line.count("|") == 2 and "self [us]" not in line:
            own, _, name = line.removeprefix("import time:").split("|")
            package = name.strip().partition(".")[0]
            modules[package] = modules.get(package, 0.0) + int(own) / 1e6
    return sum(modules.values()), modules


# --- 8. the floor ------------------------------------------------------------------------------
# What a run has to compute, counted, over how fast this core computes each kind of it in a kernel
# that does nothing else. Results that agree with torch bit for bit need torch's own operations, so
# the kernels of exponentials, powers, normal numbers and sorts are the engine's.

COUNT = 1024
ROUNDS = 200


def work_of_a_run(settings: SearchHyperparameters, length: int) -> dict[str, float]:
    """How often a run does each thing; M individuals of L numbers, S steps.

    Left out is what takes no time beside it: look-ups, copies, draws of the roulette that are
    refused, the trace.
    """
    m, steps = settings.population_num, settings.num_step - 1
    numbers = m * length
    mutants = settings.mutate_rate * m
    reserved = int(settings.elite_rate * m) + int(settings.diver_rate * m)
    # Gaps of each individual to each for the origins; of each offspring to each parent and to the
    # offspring before it for the diversity. Distances between parents are known.
    gaps = m * m + (m * m + m * (m - 1) / 2)
    flops = (
        3 * gaps * length  # difference, square, sum
        + 2 * m * m * length  # weighted sums of individuals
        + 4 * m * m  # weights and their sums
        + 7 * numbers  # step to the origin
        + 2 * 5 * numbers  # two normalisations: smallest, largest, three operations
        + 8 * mutants * length  # mutation, besides the powers
        + numbers  # largest entry of each row of the genotype
        + 4 * m * m  # sums of distances, of a pool of 2 M
    )
    # Roots of the gaps; two divisions a weight; by the sum of weights and by the noise, and one a
    # normalisation.
    divisions = gaps + 2 * m * m + 4 * numbers
    return {
        "sums and products": steps * flops,
        "divisions and roots": steps * divisions,
        "exponentials": steps * (m * m + m),
        "powers": steps * 2 * mutants * length,
        "normal numbers": (steps + 1) * numbers,
        "uniform numbers": steps * (m + mutants + m - reserved),
        "sorts of a pool": steps * 2,
    }


@inlined
def squared_gap(x):
    """A difference, a product and a sum, of numbers that stay small."""
    return (x - 0.5) * (x - 0.5) + 0.25


@numba.njit
def flop_kernel(result):
    """12 chains of a difference, a product and a sum: enough that none waits for another."""
    x = repeat(np.float32(0.125))
    a, b, c, d, e, f, g, h, i, j, k, m = x, x, x, x, x, x, x, x, x, x, x, x
    for _ in range(ROUNDS * COUNT):
        a, b, c, d = squared_gap(a), squared_gap(b), squared_gap(c), squared_gap(d)
        e, f, g, h = squared_gap(e), squared_gap(f), squared_gap(g), squared_gap(h)
        i, j, k, m = squared_gap(i), squared_gap(j), squared_gap(k), squared_gap(m)
    store(result, 0, a + b + c + d + e + f + g + h + i + j + k + m)


@numba.njit
def division_kernel(values):
    """A division and a square root of each value."""
    for _ in range(ROUNDS):
        for start in range(0, COUNT, LANES):
            store(values, start, sqrt(repeat(np.float32(2.0)) / load(values, start)))


@numba.njit
def exponential_kernel(values, result):
    """e^x of each value."""
    for _ in range(ROUNDS):
        for start in range(0, COUNT, LANES):
            store(result, start, exp(load(values, start)))


@numba.njit
def power_kernel(values, result):
    """x^6 of each value."""
    for _ in range(ROUNDS):
        for start in range(0, COUNT, LANES):
            store(result, start, power(load(values, start), np.float32(6.0)))


@numba.njit
def normal_kernel(stream, values):
    """Normal numbers."""
    for _ in range(ROUNDS):
        fill_normal(stream, values, COUNT)


@numba.njit
def uniform_kernel(stream, values):
    """Uniform numbers, one by one."""
    for _ in range(ROUNDS):
        for position in range(COUNT):
            values[position] = next_uniform(stream)


@numba.njit
def sort_kernel(values, count, pairs, order, stack):
    """Sorts of a pool."""
    for start in range(ROUNDS):
        argsort_descending(values[start % count :], count, pairs, order, stack)


def kernels_of_work(pool: int) -> dict[str, tuple[Callable[[], object], int]]:
    """Kernels by what of `work_of_a_run` they do, and how often in each of ROUNDS."""
    values = np.random.default_rng(0).random(COUNT + LANES).astype(np.float32)
    result = np.zeros_like(values)
    stream = new_stream()
    sorting = (
        np.zeros(COUNT, np.uint64),
        np.zeros(COUNT, np.int64),
        np.zeros((STACK, 3), np.int64),
    )
    return {
        "sums and products": (lambda: flop_kernel(result), COUNT * 12 * 3 * LANES),
        "divisions and roots": (lambda: division_kernel(values.copy() + 1), 2 * COUNT),
        "exponentials": (lambda: exponential_kernel(-values, result), COUNT),
        "powers": (lambda: power_kernel(values, result), COUNT),
        "normal numbers": (lambda: normal_kernel(stream, result), COUNT),
        "uniform numbers": (lambda: uniform_kernel(stream, result), COUNT),
        "sorts of a pool": (lambda: sort_kernel(values, pool, *sorting), 1),
    }


def measure_floor(base: Subject, effort: Effort) -> list[Line]:
    """How long a run would take if each thing it has to compute ran as fast as by itself."""
    rows, columns = base.objective.space.shape
    work = work_of_a_run(base.settings, rows * columns)
    kernels = kernels_of_work(2 * base.settings.population_num)
    actions = {name: action for name, (action, _) in kernels.items()}
    actions["runs"] = lambda: block(base, [0])
    in_turns(actions, 1)  # compiles
    # The fastest turn of each: a floor is what the core can do when nothing disturbs it.
    fastest = {name: min(times) for name, times in in_turns(actions, 10 * effort.turns).items()}
    each = {name: fastest[name] / ROUNDS / count for name, (_, count) in kernels.items()}
    floor_ms = {name: count * each[name] * 1e3 for name, count in work.items()}
    total, run_ms = sum(floor_ms.values()), fastest["runs"] * 1e3
    return [
        *(
            Line("floor", name, ms, "ms", note=f"{work[name]:,.0f} of {each[name] * 1e9:.3g} ns")
            for name, ms in floor_ms.items()
        ),
        Line("floor", "all of these", total, "ms"),
        Line("floor", "compiled engine, fastest turn", run_ms, "ms"),
        Line("floor", "engine / floor", run_ms / total, "x"),
    ]


# --- output ------------------------------------------------------------------------------------


def write_csv(lines: Sequence[Line], path: Path) -> None:
    """All lines as they are."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow([field.name for field in fields(Line)])
        writer.writerows(astuple(line) for line in lines)


def show(lines: Sequence[Line]) -> None:
    """All lines as a table."""
    topic = ""
    for line in lines:
        if line.topic != topic:
            topic = line.topic
            print(f"\n{topic}")
        asked = ""
        if line.asked is not None:
            asked = f"asked {'>=' if line.upwards else '<='} {line.asked:g}"
            asked += " MISSED" if line.missed else " ok"
        value = "not measured" if math.isnan(line.value) else f"{line.value:.4g} {line.unit}"
        print(f"  {line.quantity:<46}{value:>20}  {asked:<20} {line.note}".rstrip())


def plot(lines: Sequence[Line], folder: Path) -> None:
    """Engines, spaces, growth and floor."""
    plt.style.use(Path(ednag.evidence.__file__).parent / "ednag.mplstyle")
    for draw, name in (
        (plot_engines, "engines"),
        (plot_spaces, "spaces"),
        (plot_growth, "growth"),
        (plot_floor, "floor"),
    ):
        figure, axes = plt.subplots(figsize=(5.5, 3))
        draw(axes, lines)
        figure.savefig(folder / f"{name}.png")
        plt.close(figure)


def values_of(lines: Sequence[Line], topic: str, ending: str) -> dict[str, float]:
    """Quantity without its ending -> value, of the lines that have it."""
    return {
        line.quantity.removesuffix(ending): line.value
        for line in lines
        if line.topic == topic and line.quantity.endswith(ending)
    }


def bars(axes: Any, values: Mapping[str, float]) -> None:
    """Horizontal bars with their values, the first on top."""
    drawn = axes.barh(list(values), list(values.values()))
    labels = [f"{value:,.0f}" if value >= 100 else f"{value:.3g}" for value in values.values()]
    behind = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
    axes.bar_label(drawn, labels, padding=2, fontsize=8, bbox=behind)
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.margins(x=0.15)


def plot_engines(axes: Any, lines: Sequence[Line]) -> None:
    """Time of a run by engine."""
    values = values_of(lines, "nasbench201", ", a run")
    values["reference (as the issue names it)"] = REFERENCE_S[0] * 1e3
    bars(axes, dict(sorted(values.items(), key=lambda item: -item[1])))
    axes.set(xscale="log", xlim=(1, 1e4), xlabel="a run on nasbench201 (ms)")


def plot_spaces(axes: Any, lines: Sequence[Line]) -> None:
    """Time of an evaluation by space."""
    bars(axes, values_of(lines, "spaces", ", an evaluation"))
    axes.axvline(MOST_PER_EVALUATION, color="black", linestyle=":")
    axes.set(xlabel="an evaluation, relative to nasbench201 (dotted: asked)")


def plot_growth(axes: Any, lines: Sequence[Line]) -> None:
    """Time against seeds, steps and population."""
    for name, what in (("seeds", "a block"), ("steps", "a run"), ("population", "a run")):
        values = values_of(lines, "growth", f" {name}")
        exponent = values.pop("exponent of")
        sizes = [int(size) for size in values]
        label = f"{what} by {name}: exponent {exponent:.2f}"
        axes.plot(sizes, list(values.values()), marker="o", label=label)
    axes.set(xscale="log", yscale="log", xlabel="seeds, steps or individuals", ylabel="ms")
    axes.legend()


def plot_floor(axes: Any, lines: Sequence[Line]) -> None:
    """What the floor is made of."""
    values = values_of(lines, "floor", "")
    values.pop("engine / floor")
    bars(axes, values)
    axes.set(xlabel="a run on nasbench201 (ms)")


def output_folder(given: Path | None, parser: argparse.ArgumentParser) -> Path:
    """Where to write: not among the files of the repository."""
    if given is None:
        return Path(tempfile.mkdtemp(prefix="ednag-search-speed-"))
    if given.resolve().is_relative_to(ROOT):
        parser.error(f"--output {given} is inside the repository; choose a folder outside of it")
    given.mkdir(parents=True, exist_ok=True)
    return given


def busy() -> str:
    """Processes that wanted to run in the last 1, 5 and 15 minutes, these among them."""
    return ", ".join(f"{average:.2f}" for average in os.getloadavg())


def main() -> None:
    """Measure, print, write, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few repetitions, under a minute")
    parser.add_argument("--output", type=Path, help="folder for the CSV file and the plots")
    chosen = parser.parse_args()
    output = output_folder(chosen.output, parser)
    effort = QUICK if chosen.quick else FULL

    mpl.use("Agg")
    torch.set_num_threads(1)
    threadpool_limits(1)  # As `ednag run` does; threads that wait for each other cost time, too.
    shared = ROOT.parent / "shared" / "data"
    if shared.is_dir():
        os.environ.setdefault("EDNAG_MIRROR", str(shared))
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[-1:])
    print(f"{len(cores)} cores, one of them used; load {busy()}")
    base = subject(*BASE)
    block(base, [0])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = folder / "table.parquet"
        write_benchmark(base.objective.table, table)
        lines = [
            *measure_engines(base, effort),
            *measure_spaces(base, effort),
            *measure_growth(base, effort),
            *measure_cores(table, cores, effort),
            *measure_command(table, effort),
            *measure_floor(base, effort),
        ]
    show(lines)
    write_csv(lines, output / "search_speed.csv")
    plot(lines, output)
    print(f"\nload {busy()}; written to {output}")
    sys.exit(any(line.missed for line in lines))


if __name__ == "__main__":
    main()
