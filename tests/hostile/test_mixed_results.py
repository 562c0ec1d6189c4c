"""Run files of another study, of another table, or with other values are refused or made again."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ednag.errors import EdnagError
from ednag.evidence.authors_seeds import benchmark_of
from ednag.evidence.summaries import collect_runs, summarise_runs
from ednag.files import write_parquet
from ednag.methods import get_method
from ednag.methods.descriptions import description_in
from ednag.methods.interface import Run
from ednag.methods.storage import read_runs, write_runs
from ednag.search.objective import objective_on
from ednag.spaces import get_space
from ednag.study.belonging import foreign_results
from ednag.study.configuration import read_study
from ednag.study.options import unfit_files
from ednag.study.plan import Plan
from ednag.tables import get_definition
from ednag.tables.interface import Benchmark, BenchmarkTable
from ednag.tables.parquet import read_benchmark, write_benchmark
from tests.workflow.conftest import Workflow, workflow  # noqa: F401 - a fixture

PUBLISHED = Path(__file__).parents[2] / "published"
AT = SimpleNamespace(space="nasbench201", dataset="cifar10-analog")
SHORT = {"num_step": 3, "population_num": 10}


def made_table(seed: int = 0) -> BenchmarkTable:
    definition = get_definition(AT.space, AT.dataset)
    draws = np.random.default_rng(seed)
    size = get_space(AT.space).size
    values = {metric.name: draws.uniform(10, 90, size) for metric in definition.metrics}
    metrics = {metric.name: metric for metric in definition.metrics}
    sources = dict.fromkeys(definition.sources, "0" * 64)
    return BenchmarkTable(AT.space, AT.dataset, values, metrics, sources)


def write_block(
    folder: Path,
    first: int,
    last: int,
    method: str = "ednag",
    on: Benchmark | None = None,
    **hyperparameters: object,
) -> Path:
    """Real runs of a block of seeds, as `ednag run` writes them."""
    benchmark = on or made_table()
    space, chosen = get_space(benchmark.space), get_method(method)
    protocol = get_definition(benchmark.space, AT.dataset).protocols["paper"]
    given = {**SHORT, **hyperparameters} if method == "ednag" else hyperparameters
    settings = chosen.read_hyperparameters(given, space, protocol)
    objective = objective_on(benchmark, protocol, space)
    runs = list(chosen.run_all(objective, range(first, last + 1), 20, settings))
    described = {
        "space": benchmark.space,
        "dataset": benchmark.dataset,
        "protocol": "paper",
        **chosen.described(20, settings),
        "table": benchmark.digest,
        "sources": benchmark.sources,
    }
    path = folder / f"results/runs/{AT.space}/{AT.dataset}/paper/{method}"
    path = path / f"seeds-{first}-{last}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_runs(runs, described, path)
    return path


def plan_in(folder: Path, **hyperparameters: object) -> Plan:
    return Plan(
        read_study(
            {
                "benchmarks": {AT.space: [AT.dataset]},
                "methods": [{"id": "ednag", "hyperparameters": {**SHORT, **hyperparameters}}],
                "ranker": {"seeds": []},
                "seeds": "0-5",
                "budget": 20,
            }
        ),
        is_here=lambda source: True,
        file_of=lambda source: f"{source}.file",
        published=PUBLISHED,
        folder=folder,
    )


def test_the_description_is_read_as_pyarrow_reads_it(tmp_path: Path) -> None:
    path = write_block(tmp_path, 0, 1)
    described = description_in(path)
    assert described.pop("format") == "ednag runs 3"
    assert described == read_runs(path).described
    for content in (b"", b"PAR1", b"ednag{" + b"\xff" * 20, path.read_bytes()[:-9]):
        path.write_bytes(content)
        assert description_in(path) == {}


def test_one_row_cannot_mix_hyperparameters(tmp_path: Path) -> None:
    files = [write_block(tmp_path, 0, 1), write_block(tmp_path, 2, 3, num_step=4)]
    with pytest.raises(EdnagError, match=r"seeds-2-3.*hyperparameters.num_step is 4, not 3 as in"):
        collect_runs(files, range(4))


def test_files_are_held_against_the_study(tmp_path: Path) -> None:
    files = [write_block(tmp_path, 0, 5)]
    settings = plan_in(tmp_path).settings(AT)
    assert collect_runs(files, range(6), settings=settings)
    others = plan_in(tmp_path, num_step=4).settings(AT)
    with pytest.raises(EdnagError, match=r"num_step is 3, not 4 as in the study; delete seeds-0-5"):
        collect_runs(files, range(6), settings=others)
    random = [write_block(tmp_path, 0, 5, "random")]
    with pytest.raises(EdnagError, match="the study does not run random on cifar10-analog"):
        collect_runs(random, range(6), settings=settings)


def test_runs_on_another_table_are_refused(tmp_path: Path) -> None:
    files = [write_block(tmp_path, 0, 1)]
    assert collect_runs(files, range(2), benchmark=made_table())
    with pytest.raises(EdnagError, match=r"seeds-0-1.parquet: table is .* as in the benchmark"):
        collect_runs(files, range(2), benchmark=made_table(seed=1))
    with pytest.raises(EdnagError, match="dataset is 'cifar10-analog', not 'cifar10-valid'"):
        collect_runs(files, range(2), benchmark=replace(made_table(), dataset="cifar10-valid"))


ALTERED: dict[str, tuple[Callable[[Run], Run], str]] = {
    "outcome_metric": (lambda run: replace(run, outcome_metric=99.0), "outcome_metric is 99.0"),
    "metric": (lambda run: replace(run, metrics=run.metrics + 0.01), r"metrics\[0\] is .* and the"),
    "code too large": (
        lambda run: replace(run, codes=run.codes + 15_625, outcome=run.outcome + 15_625),
        "codes has a code out of 0 to 15624",
    ),
    "negative code": (
        lambda run: replace(run, codes=-1 - run.codes, outcome=-1),
        "codes has a code out of",
    ),
    "population": (
        lambda run: replace(run, final_population=run.final_population + 20_000),
        "final_population has a code out of",
    ),
    "outcome": (lambda run: replace(run, outcome=(run.codes.max() + 1) % 15_625), "did not eval"),
    "repeated": (
        lambda run: replace(run, codes=run.codes * 0 + run.codes[0], outcome=int(run.codes[0])),
        "codes name an architecture twice",
    ),
    "fewer": (lambda run: replace(run, distinct=run.distinct - 1), "entries, and distinct is"),
    "total": (lambda run: replace(run, total=1), "total is 1, fewer"),
    "outcome beyond all": (lambda run: replace(run, outcome=99_999_999), "did not evaluate"),
    "status": (lambda run: replace(run, status="bogus"), "status is 'bogus', not one of completed"),
    "drawn": (lambda run: replace(run, outcome_drawn=95.0), "outcome_drawn is 95.0"),
    "shares": (
        lambda run: replace(run, steps={**run.steps, "step_valid_rate": np.full(2, 7.0)}),
        "step_valid_rate has a share out of 0 to 1",
    ),
    "steps": (
        lambda run: replace(run, steps={**run.steps, "step_best": np.full(9, 7.0)}),
        "the columns of steps have unlike lengths",
    ),
    "lookups": (lambda run: replace(run, lookups=run.lookups[::-1]), "lookups are not ascending"),
}


@pytest.mark.parametrize("name", ALTERED)
def test_values_that_the_table_does_not_give_are_refused(name: str, tmp_path: Path) -> None:
    alter, message = ALTERED[name]
    path = write_block(tmp_path, 0, 1)
    file = read_runs(path)
    write_runs([file.runs[0], alter(file.runs[1])], file.described, path)
    with pytest.raises(EdnagError, match=message) as refusal:
        collect_runs([path], range(2), benchmark=made_table())
    assert f"{path}: seed 1: " in str(refusal.value)


def test_descriptions_and_columns_of_other_types_are_refused(tmp_path: Path) -> None:
    path = write_block(tmp_path, 0, 1)
    file, table = read_runs(path), pq.read_table(path)
    write_runs(file.runs, {**file.described, "protocol": "x"}, path)
    with pytest.raises(EdnagError, match="unknown protocol 'x'"):
        collect_runs([path], range(2), benchmark=made_table())
    write_runs(file.runs, {**file.described, "method": None}, path)
    with pytest.raises(EdnagError, match="names no protocol and method"):
        collect_runs([path], range(2))
    described = {name: file.described[name] for name in ("protocol", "method")}
    write_runs(file.runs, described, path)
    with pytest.raises(EdnagError, match="the study does not run ednag on None"):
        collect_runs([path], range(2), settings=plan_in(tmp_path).settings(AT))
    with pytest.raises(EdnagError, match="not a run file of this workflow"):
        benchmark_of(path)
    missing = pa.array([None, 1.0], pa.float64())
    place = table.column_names.index("outcome_metric")
    pq.write_table(table.set_column(place, "outcome_metric", missing), path)
    with pytest.raises(EdnagError, match="outcome_metric does not hold double, or lacks a value"):
        read_runs(path)


def test_a_pipe_in_the_place_of_a_run_file_is_not_waited_for(tmp_path: Path) -> None:
    path = write_block(tmp_path, 0, 5)
    path.unlink()
    os.mkfifo(path)
    assert description_in(path) == {}
    assert [Path(name).name for name in plan_in(tmp_path).files("run")] == ["seeds-0-5.parquet"]
    with pytest.raises(EdnagError):
        read_runs(path)


def test_an_altered_table_is_refused(tmp_path: Path) -> None:
    table = made_table()
    write_benchmark(replace(table, values={**table.values}), tmp_path / "table.parquet")
    assert read_benchmark(tmp_path / "table.parquet").digest == table.digest
    read = pq.read_table(tmp_path / "table.parquet")
    name = next(iter(table.metrics))
    column = pa.array(np.append(99.0, read[name].to_numpy()[1:]))
    read = read.set_column(read.column_names.index(name), name, column)
    pq.write_table(read, tmp_path / "table.parquet")
    with pytest.raises(EdnagError, match="its values were changed after it was written"):
        read_benchmark(tmp_path / "table.parquet")


def test_a_plan_keeps_run_files_of_its_own_study_only(tmp_path: Path) -> None:
    own, other = write_block(tmp_path, 0, 1), write_block(tmp_path, 2, 3, num_step=4)
    plan = plan_in(tmp_path)
    names = [Path(path).name for path in plan.files("run")]
    assert names == ["seeds-0-1.parquet", "seeds-2-5.parquet"]
    assert plan.unfit() == {}  # the file of the other study is not planned
    shutil.copy(other, own)
    plan = plan_in(tmp_path)
    assert [Path(path).name for path in plan.files("run")] == ["seeds-0-5.parquet"]


def test_a_planned_file_of_another_study_is_made_again(tmp_path: Path) -> None:
    path = write_block(tmp_path, 0, 5, num_step=4)
    plan = plan_in(tmp_path)
    name = path.relative_to(tmp_path).as_posix()
    assert plan.files("run") == [name]
    assert plan.unfit() == {name: "hyperparameters.num_step is 4, not 3"}
    path.write_bytes(b"")
    assert name in plan_in(tmp_path).unfit()


def test_runs_on_a_table_that_was_replaced_are_made_again(tmp_path: Path) -> None:
    path = write_block(tmp_path, 0, 5)
    table = tmp_path / f"results/tables/{AT.space}/{AT.dataset}.parquet"
    table.parent.mkdir(parents=True)
    write_benchmark(made_table(), table)
    assert plan_in(tmp_path).unfit() == {}
    write_benchmark(made_table(seed=1), table)
    (reason,) = plan_in(tmp_path).unfit().values()
    assert reason.startswith("table is ")
    foreign = replace(made_table(), sources={"another": "0" * 64})
    write_benchmark(foreign, table)
    assert next(iter(plan_in(tmp_path).unfit())) == table.relative_to(tmp_path).as_posix()
    assert path.is_file()


def test_a_summary_of_chosen_seeds_is_foreign(tmp_path: Path) -> None:
    files = [write_block(tmp_path, 0, 5)]
    plan, table = plan_in(tmp_path), made_table()
    path = tmp_path / f"results/summaries/{AT.space}/{AT.dataset}.parquet"
    path.parent.mkdir(parents=True)
    write_parquet(summarise_runs(collect_runs(files, range(6)), table, [5]), path)
    assert list(foreign_results(plan)) == []
    write_parquet(summarise_runs(collect_runs(files, [1, 2, 4]), table, [5]), path)
    name = path.relative_to(tmp_path).as_posix()
    fault = "ednag (paper) has the seeds 1-2,4, not 0-5 as in the study"
    assert list(foreign_results(plan)) == [(name, fault)]
    path.write_bytes(b"PAR1")
    assert list(foreign_results(plan)) == [(name, "it is no summary of this workflow")]


@pytest.mark.workflow
def test_copied_results_of_another_study_are_made_again(
    workflow: Workflow,  # noqa: F811
    tmp_path: Path,
) -> None:
    ednag = {"id": "ednag", "hyperparameters": {**SHORT, "num_step": 4}}
    workflow.configure(methods=[ednag, "random"], block=50)
    assert workflow.run().returncode == 0
    # Without Snakemake's notes, as results are copied to another machine.
    copy = Workflow(tmp_path / "copy")
    copy.folder.mkdir()
    for name in ("results", "figures", "resources"):
        shutil.copytree(workflow.folder / name, copy.folder / name)
    copy.configure(methods=[{**ednag, "hyperparameters": SHORT}, "random"], seeds="0-3", block=50)
    looked = copy.run("--dry-run")
    assert looked.returncode == 0, looked.stdout
    done = copy.run()
    assert done.returncode == 0, done.stdout
    assert "Nothing to be done" in copy.run().stdout
    alone = Workflow(tmp_path / "alone")
    alone.folder.mkdir()
    alone.configure(methods=[{**ednag, "hyperparameters": SHORT}, "random"], seeds="0-3", block=50)
    assert alone.run("--until", "summary").returncode == 0
    folder = "results/summaries/"
    summaries = {n: b for n, b in alone.results().items() if n.startswith(folder)}
    assert summaries
    assert {n: b for n, b in copy.results().items() if n.startswith(folder)} == summaries


def test_jobs_with_other_options_are_made_again_by_their_records(tmp_path: Path) -> None:
    place = {"space": AT.space, "dataset": AT.dataset}
    ranked = tmp_path / f"results/ranker/{AT.space}/{AT.dataset}/baselines-0.parquet"
    record = (
        tmp_path / f"results/provenance/ranker/{AT.space}/{AT.dataset}/baselines-0.parquet.json"
    )
    study = {"benchmarks": {AT.space: [AT.dataset]}, "methods": ["random"], "seeds": "0"}

    def plan_of(held_out: int) -> Plan:
        ranker = {"seeds": "0", "sizes": [50], "ranker_sizes": [50], "held_out": held_out}
        return replace(plan_in(tmp_path), study=read_study({**study, "ranker": ranker}))

    for path, text in ((ranked, "PAR1"), (record, "{}")):
        path.parent.mkdir(parents=True)
        path.write_text(text)
    assert unfit_files(plan_of(200)) == {}  # not a record, which the audit says
    record.write_text(json.dumps({"parameters": {**place, "training": [50], "held_out": 200}}))
    assert unfit_files(plan_of(200)) == {}
    name = ranked.relative_to(tmp_path).as_posix()
    assert unfit_files(plan_of(300)) == {name: "held_out is 200, not 300"}
