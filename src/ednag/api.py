"""The Python interface: load a benchmark, search it, compare runs.

A thin layer on the parts that the workflow uses: the same source files, objectives, methods and
statistics. `import ednag` has these functions as attributes. docs/python-api.md shows their use.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel

from ednag.code import code_digest
from ednag.errors import EdnagError, shown
from ednag.evidence.comparison import comparison_table
from ednag.evidence.summaries import reported_curve, settings_text, summarise_runs
from ednag.evidence.tables import equal_budget_table
from ednag.methods import get_method
from ednag.methods.instances import MethodDefinition, defined, method_names
from ednag.methods.interface import Method, Run
from ednag.own_code import declare_benchmarks, is_reference, resolve
from ednag.search.objective import objective_on
from ednag.sources.lookup import locate
from ednag.sources.places import cache_folder
from ednag.sources.verification import digest
from ednag.spaces import get_space, space_reference
from ednag.spaces.interface import SearchSpace
from ednag.study.seeds import LARGEST_SEED
from ednag.study.statistics import Statistics
from ednag.tables import (
    define_table,
    further_table,
    get_definition,
    get_protocol,
    reference_to,
)
from ednag.tables.costs import cost_tables
from ednag.tables.interface import (
    Benchmark,
    BenchmarkTable,
    Definition,
    Metric,
    Protocol,
    TableDefinition,
    densify,
)
from ednag.tables.parquet import read_benchmark, write_benchmark

#: Of a budget.
_MOST_EVALUATIONS = 1_000_000


@dataclass(frozen=True)
class SearchRun:
    """One seed of one method on one benchmark.

    Attributes:
        benchmark: What was searched.
        protocol: Name of the protocol.
        method: Id of the method.
        described: Budget and all hyper-parameters, as run files hold them.
        result: The record of the run; codes are numbers of architectures in the space.
    """

    benchmark: Benchmark
    protocol: str
    method: str
    described: dict[str, Any]
    result: Run

    @property
    def status(self) -> str:
        """`completed`, or `degenerate`, `stalled` or `failed`; `result.detail` says why."""
        return self.result.status

    @property
    def outcome(self) -> str:
        """Key of the architecture that the method reports; "" if none."""
        return self.result.key(self.result.outcome, get_space(self.benchmark.space))

    @property
    def value(self) -> float:
        """Reported metric of the outcome, in the unit of the table; NaN if there is none."""
        return self.result.outcome_metric

    def best_so_far(self) -> pd.DataFrame:
        """One row per distinct evaluation, in order.

        Columns: `evaluations` (1, 2, ...), `lookups` (evaluations of any kind until then, this one
        included), `key`, `queried` (what the method saw) and `best` (reported metric of the best
        queried one so far), in the unit of the table.
        """
        space, run = get_space(self.benchmark.space), self.result
        protocol = get_protocol(space.name, self.benchmark.dataset, self.protocol)
        return pd.DataFrame(
            {
                "evaluations": np.arange(1, run.distinct + 1),
                "lookups": run.lookups + 1,
                "key": [run.key(code, space) for code in run.codes.tolist()],
                "queried": run.metrics,
                "best": reported_curve(run, self.benchmark, protocol),
            }
        )


def load(space: str, dataset: str) -> Benchmark:
    """A benchmark by name, built from its source files and kept in the cache folder.

    Files come from installed packages, mirrors (`EDNAG_MIRROR`) or the cache, or are downloaded;
    their checksums are verified at each call. What is kept is used if it was made of the same bytes
    by the same code.

    Args:
        space: Name of a search space, or `module:class` of one of the user's.
        dataset: Name of a dataset of it, or `module:attribute` of a table of the user's.

    Raises:
        EdnagError: The name is unknown (the message has the closest one), a source file cannot be
            had, or the workflow makes the table from other results.
    """
    space, dataset = _declared(space, dataset)
    definition = get_definition(space, dataset)
    if definition.generated:
        raise EdnagError(
            f"{space}/{dataset} is made of other results; run snakemake with a study that has it, "
            f'then ednag.read_table("results/tables/{space}/{dataset}.parquet")'
        )
    paths = locate(definition.sources)
    digests = {name: digest(path).sha256 for name, path in paths.items()}
    try:
        reference = reference_to(space, dataset)
    except EdnagError:
        raise EdnagError(
            f"{space}/{dataset} is a table of this process: use what table_of gave"
        ) from None
    code = code_digest("tables build", reference, space_reference(space))
    kept = cache_folder() / "tables" / space / f"{dataset}-{code}.parquet"
    if kept.is_file():
        benchmark = read_benchmark(kept)
        if benchmark.sources == digests:
            return benchmark
    benchmark = definition.build(paths, digests)
    with suppress(OSError):  # a cache that cannot be written
        write_benchmark(benchmark, kept)
    return benchmark


def _declared(space: str, dataset: str) -> tuple[str, str]:
    """The names of a space and a dataset, which this process knows from now on."""
    space = _declared_space(space)
    if is_reference(dataset):
        reference, dataset = dataset, resolve(dataset, Definition).dataset
        declare_benchmarks({}, {space: {dataset: reference}})
    return space, dataset


def _declared_space(space: str) -> str:
    if is_reference(space):
        reference, space = space, resolve(space, SearchSpace, made=True).name
        declare_benchmarks({space: reference}, {})
    return space


def read_table(path: str | Path) -> Benchmark:
    """A benchmark that the workflow or `ednag tables build` wrote; EdnagError for another file."""
    return read_benchmark(Path(path))


def table_of(
    frame: pd.DataFrame,
    space: str,
    *,
    metric: str,
    unit: str = "%",
    higher_is_better: bool = True,
    dataset: str = "own",
) -> Benchmark:
    """A benchmark from measurements; a search sees the metric that is reported.

    Args:
        frame: One row per architecture, with the columns `key` and `metric`. Architectures without
            a row count as invalid.
        space: Name of a search space, or `module:class` of one of the user's.
        metric: Name of the column. The best value must be above 0.
        unit: Unit of its values. Those in % must be within 0 and 100.
        higher_is_better: Direction of the metric.
        dataset: Name of the benchmark, in this process only.

    Raises:
        EdnagError: A name, key or value is wrong; the message has the row.
    """
    space = _declared_space(space)
    known = get_space(space)
    for column in ("key", metric):
        if column not in frame:
            raise EdnagError(f"table_of: the frame has no column {column!r}; add it")
    values = pd.to_numeric(frame[metric], errors="coerce")
    best = float(values.max() if higher_is_better else values.min())
    if not best > 0:
        raise EdnagError(
            f"table_of: the best {metric} is {shown(best)}, and fitness needs one above 0; add a "
            "constant to all values"
        )
    low, high = (0.0, 100.0) if unit == "%" else (float(values.min()), float(values.max()))
    definition = TableDefinition(
        space=space,
        dataset=dataset,
        title=dataset,
        sources=(),
        metrics=(Metric(metric, unit, f"{metric} of a frame", higher_is_better, low, high),),
        protocols={
            "paper": Protocol(
                fitness_metric=metric,
                reported_metric=metric,
                description="the search sees the metric that is reported",
                factor=100 / best if higher_is_better else 50 * best,
                rule="scaled" if higher_is_better else "inverse",
            )
        },
        read=lambda paths: frame,
    )
    table: BenchmarkTable = densify(frame, known, definition, {})
    define_table(definition)
    return table


def search(
    method: str,
    benchmark: Benchmark,
    *,
    seed: int,
    budget: int = 512,
    protocol: str = "paper",
    name: str = "",
    **hyperparameters: Any,
) -> SearchRun:
    """Run one seed of a method.

    Args:
        method: Id of a method, or `module:attribute` of one of the user's, of which an edit is not
            noticed in the same process.
        benchmark: What `load`, `read_table` or `table_of` returned.
        seed: 0 to 4,294,967,295. The same arguments give the same run on every machine.
        budget: Distinct evaluations; a method with an end of its own ignores it.
        protocol: Name of a protocol of the benchmark.
        name: Id of the method with these hyper-parameters, where runs with others are compared.
        hyperparameters: Those that differ from the method's.

    Raises:
        EdnagError: A name or value is wrong; the message has the closest name or the range.
    """
    if not isinstance(benchmark, Benchmark):
        raise EdnagError(
            f"benchmark: {shown(benchmark)} is no benchmark; give what ednag.load, read_table or "
            "table_of returned"
        )
    if not isinstance(method, str):
        raise EdnagError(f"method: {shown(method)} is no text; give the id of a method")
    _check_whole("seed", seed, 0, LARGEST_SEED)
    _check_whole("budget", budget, 1, _MOST_EVALUATIONS)
    if is_reference(method):
        name = name or get_method(method).name
    if name and name != method:
        if name in method_names():
            raise EdnagError(f"name: {name!r} is another method; give this one its own name")
        defined[name] = MethodDefinition(of=method, hyperparameters=hyperparameters)
    chosen = get_method(name or method)
    space = get_space(benchmark.space)
    rules = get_protocol(benchmark.space, benchmark.dataset, protocol)
    settings = chosen.read_hyperparameters(hyperparameters, space, rules)
    further = _further(chosen, benchmark, settings) if chosen.further else None
    objective = objective_on(benchmark, rules, space, further=further)
    (result,) = chosen.run_all(objective, [int(seed)], int(budget), settings)
    return SearchRun(
        benchmark, protocol, chosen.name, chosen.described(int(budget), settings), result
    )


def _check_whole(place: str, number: object, least: int, most: int) -> None:
    whole = isinstance(number, int | np.integer) and not isinstance(number, bool)
    if not whole or not least <= number <= most:  # type: ignore[operator]
        raise EdnagError(
            f"{place}: {shown(number)} is no whole number from {least} to {most}; give one"
        )


def _further(method: Method, benchmark: Benchmark, settings: BaseModel) -> BenchmarkTable | None:
    """The further table that a method reads beside a benchmark; None where it reads its own.

    Raises EdnagError if there is none.
    """
    place = (benchmark.space, benchmark.dataset)
    if cost_tables(*place).get(method.cost(settings)) == benchmark.dataset:
        return None
    name = further_table(*place, method.further)
    if name is None:
        raise EdnagError(
            f"method {method.name} reads a table {method.further}, and there is none of "
            f"{benchmark.space}/{benchmark.dataset}; choose another method or benchmark"
        )
    table = load(benchmark.space, name)
    assert isinstance(table, BenchmarkTable)
    return table


def compare(
    runs: SearchRun | Sequence[SearchRun],
    *,
    budgets: int | Sequence[int] = (),
    against: str = "",
) -> pd.DataFrame:
    """Methods at equal budgets, by the statistics of the workflow's tables (docs/statistics.md).

    Args:
        runs: Runs, or one run, of any benchmarks, protocols and methods.
        budgets: Numbers, or one, of distinct evaluations and of look-ups, ascending; by default the
            largest number of distinct evaluations that every run made.
        against: Id of a method: it is compared with each other one. "": one row per method.

    Returns:
        One row per benchmark, protocol, kind of budget, budget and method: mean and its interval,
        standard deviation, regret, rank. With `against`, one row per other method: difference,
        probability of improvement, p-values corrected by Holm, decision on `against`.

    Raises:
        EdnagError: There are no runs, two are of one seed, runs of one method differ in budget or
            hyper-parameters, or an argument is of another type.
    """
    runs = _runs_given(runs)
    methods = list(dict.fromkeys(run.method for run in runs))
    if against and against not in methods:
        raise EdnagError(f"against: no run is of {against!r}; name one of {', '.join(methods)}")
    given = _budgets_given(budgets) or (max(1, min(run.result.distinct for run in runs)),)
    statistics = Statistics(checkpoints=given)
    groups: dict[tuple[str, str, str], list[SearchRun]] = {}
    for run in runs:
        place = (run.benchmark.space, run.benchmark.dataset, run.benchmark.digest)
        groups.setdefault(place, []).append(run)
    if len(groups) > len({place[:2] for place in groups}):
        raise EdnagError("compare: runs are on two tables of one name; search one of them again")
    summary = pd.concat([_summary(group, given) for group in groups.values()], ignore_index=True)
    if against:
        return comparison_table(summary, statistics, against)
    return equal_budget_table(summary, statistics)


def _runs_given(runs: object) -> list[SearchRun]:
    given: list[Any] = list(runs) if isinstance(runs, Iterable) else [runs]
    for run in given:
        if not isinstance(run, SearchRun):
            raise EdnagError(f"compare: {shown(run)} is no run; give what ednag.search returned")
    if not given:
        raise EdnagError("compare: no runs; give the results of ednag.search")
    return given


def _budgets_given(budgets: object) -> tuple[int, ...]:
    given = tuple(budgets) if isinstance(budgets, Iterable) else (budgets,)
    for number in given:
        _check_whole("budgets", number, 1, _MOST_EVALUATIONS)
    if list(given) != sorted(set(given)):
        raise EdnagError(f"budgets: {shown(given)} does not ascend; sort it, each number once")
    return given


def _summary(runs: Sequence[SearchRun], checkpoints: Sequence[int]) -> pd.DataFrame:
    """One row per run on one benchmark."""
    by_method: dict[tuple[str, str], dict[int, Run]] = {}
    described: dict[tuple[str, str], str] = {}
    for run in runs:
        place = (run.protocol, run.method)
        text = settings_text(run.described)
        if described.setdefault(place, text) != text:
            raise EdnagError(
                f"compare: runs of {run.method} differ in budget or hyper-parameters; give some of "
                "them another name: ednag.search(..., name=...)"
            )
        group = by_method.setdefault(place, {})
        if run.result.seed in group:
            raise EdnagError(f"compare: seed {run.result.seed} of {run.method} is twice; keep one")
        group[run.result.seed] = run.result
    collected = {place: list(group.values()) for place, group in by_method.items()}
    return summarise_runs(collected, runs[0].benchmark, checkpoints, described=described)
