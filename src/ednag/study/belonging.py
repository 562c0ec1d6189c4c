"""Whether results belong to their study, by what the files say and not by their names."""

from collections.abc import Iterator
from pathlib import Path

from ednag.errors import EdnagError
from ednag.files import read_parquet
from ednag.study.artefacts import artefact_named
from ednag.study.configuration import protocols_of, seeds_of
from ednag.study.options import unfit_files
from ednag.study.plan import Plan
from ednag.study.seeds import format_seeds


def foreign_results(plan: Plan) -> Iterator[tuple[str, str]]:
    """(path, why) of planned files that are there but of another study.

    A summary is also foreign if its runs are not all of the study's seeds and no others, so that
    nobody chose among them.
    """
    yield from unfit_files(plan).items()
    for place in plan.benchmarks:
        path = artefact_named("summary").path(**place)
        if (plan.folder / path).is_file():
            fault = _seeds_fault(plan, plan.folder / path, **place)
            if fault:
                yield path, fault


def _seeds_fault(plan: Plan, path: Path, space: str, dataset: str) -> str:
    """Why the runs of a summary are not those of the study; "" if they are."""
    try:
        rows = read_parquet(path, "a summary").select(["protocol", "method", "seed"]).to_pylist()
    except (EdnagError, KeyError):
        return "it is no summary of this workflow"
    seeds: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        seeds.setdefault((row["protocol"], row["method"]), []).append(row["seed"])
    expected = {
        (protocol, method): list(seeds_of(plan.study, method))
        for protocol in protocols_of(plan.study, space, dataset)
        for method in plan.methods_on(space, dataset)
    }
    for key in (*expected, *seeds):
        own, right = sorted(seeds.get(key, [])), expected.get(key, [])
        if own != right:
            protocol, method = key
            return (
                f"{method} ({protocol}) has the seeds {_written(own)}, not {_written(right)} as in "
                "the study"
            )
    return ""


def _written(seeds: list[int]) -> str:
    text = format_seeds(seeds) or "none"
    return text if len(text) <= 60 else f"{text[:60]}..."
