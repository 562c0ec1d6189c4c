"""`ednag sources fetch --study`."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ednag.errors import EdnagError

if TYPE_CHECKING:
    from ednag.sources.obtain import Surroundings
    from ednag.sources.registry import Source


def fetch_for_study(
    file: Path, optional: bool, registry: "dict[str, Source]", around: "Surroundings", jobs: int
) -> list[Path]:
    """Fetch what the study in a file can use and what is not here; the paths of what came.

    Args:
        file: The study.
        optional: Only what it can do without, with short time-outs. What does not come is no error:
            a line says what is left out.
        registry: All sources.
        around: Where files are looked for.
        jobs: Downloads at once.

    Raises:
        EdnagError: The study is refused; or, unless `optional`, a file did not come.
    """
    from ednag.provenance.recording import project_folder
    from ednag.sources.transfer import Patience
    from ednag.study.configuration import load_study
    from ednag.study.downloads import absent_files, data_command, number_and_size, what_is_left_out
    from ednag.study.plan import Plan, plan_of, stock_of

    study, project = load_study(file), project_folder()

    def plan_now() -> Plan:
        return plan_of(study, stock_of(study, registry, around), project)

    absent = absent_files(plan_now(), registry)
    ids = absent.optional if optional else (*absent.needed, *absent.optional)
    if not ids:
        return []
    _log(f"{file} can use {number_and_size(ids, registry)}, not here yet; fetching them")
    if optional:
        around = replace(
            around, patience=Patience(attempts=2, longest_wait=2.0, connect=5.0, silence=10.0)
        )
    paths, faults = _fetch([registry[id] for id in ids], around, jobs)
    if faults and not optional:
        rest = f"{len(ids) - len(paths)} of {len(ids)} files are not here"
        end = "run again for the rest, or name a folder that holds them in EDNAG_MIRROR"
        raise EdnagError("\nednag: ".join([*faults, f"{rest}; {end}"]))
    if faults:
        left_out = what_is_left_out(plan_now(), registry, data_command([file], project))
        for line in (*faults, left_out):
            _log(line)
    return paths


def _fetch(
    sources: Sequence["Source"], around: "Surroundings", jobs: int
) -> tuple[list[Path], list[str]]:
    """Paths of what came, and a line for each file, or each server, of what did not.

    Every server is asked once whether it answers, before anything is asked of it.
    """
    from ednag.sources.obtain import fetch_each
    from ednag.sources.progress import following
    from ednag.sources.reachability import reach_all
    from ednag.sources.transfer import server_of

    if around.offline:
        return [], ["offline: no address was asked"]
    silent = [each for each in reach_all(sources) if not each.reached]
    around.silent.update(each.server for each in silent)
    asked = [
        source
        for source in sources
        if not all(server_of(address) in around.silent for address in source.addresses)
    ]
    # The messages of those that do not come hold the answers of all places.
    logging.getLogger("ednag.sources").setLevel(logging.ERROR)
    with following() as report_of:
        answers = fetch_each(asked, around, report_of, jobs)
    faults = [f"{each.server}: {each.answer}" for each in silent]
    return [each for each in answers if isinstance(each, Path)], faults + _faults(answers)


def _faults(answers: Iterable[Path | EdnagError]) -> list[str]:
    """The messages of errors; of those of this machine, which are all alike, the first."""
    from ednag.sources.obtain import NotObtainedError

    errors = [each for each in answers if isinstance(each, EdnagError)]
    of_machine = [each for each in errors if not isinstance(each, NotObtainedError)]
    of_sources = [each for each in errors if isinstance(each, NotObtainedError)]
    return [str(each) for each in (*of_sources, *of_machine[:1])]


def _log(line: str) -> None:
    click.echo(f"ednag: {line}", err=True)
