"""`results/study.json`: the study that the results in a folder belong to.

The workflow writes it. The audit reads it and holds the results against the study, without
Snakemake and without the machine on which they were made.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ednag.errors import EdnagError
from ednag.files import write_text
from ednag.sources.registry import Source
from ednag.stages import STUDY_FILE
from ednag.study.configuration import Study, read_study
from ednag.study.plan import Plan
from ednag.text_files import parse_json

FORMAT = "ednag study 1"


def declared(plan: Plan) -> str:
    """What `results/study.json` holds, as JSON: every key of the study, and the sources it reads.

    Datasets of `if_present` that are searched are listed in `benchmarks`. Folders of the machine
    are left out: `mirrors`, and of `own_images` all but its name.
    """
    study = plan.study.model_dump(mode="json", exclude={"mirrors", "if_present"})
    benchmarks: dict[str, list[str]] = {}
    for space, dataset in plan.searched:
        benchmarks.setdefault(space, []).append(dataset)
    study |= {"benchmarks": benchmarks, "own_images": Path(plan.study.own_images).name}
    return json.dumps({"format": FORMAT, "study": study, "sources": list(plan.sources)})


def write_declared(text: str, path: Path) -> None:
    """Write the text of `declared` as a readable file; EdnagError where it is another text."""
    content, _ = _read(text, "--study")
    write_text(path, json.dumps(content, indent=1) + "\n")


def read_plan(root: Path, registry: dict[str, Source], published: Path) -> Plan:
    """The plan of the study whose results are in `root`.

    Args:
        root: The folder of the study.
        registry: All sources.
        published: The folder of printed numbers.

    Raises:
        EdnagError: The file is missing, broken, or not of this version.
    """
    path = root / STUDY_FILE
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise EdnagError(f"{path}: not readable ({error}); {_AGAIN}") from None
    content, study = _read(text, str(path))
    sources = frozenset(content["sources"])
    if unknown := sorted(sources - registry.keys()):
        raise EdnagError(f"{path}: the registry has no source {unknown[0]!r}; {_AGAIN}")
    return Plan(
        study,
        is_here=sources.__contains__,
        file_of=lambda source: registry[source].file,
        published=published,
        folder=root,
    )


_AGAIN = (
    f"make it again: snakemake --cores 1 {STUDY_FILE}, with --configfile if the study is not "
    "config.yaml"
)


def _read(text: str, place: str) -> tuple[dict[str, Any], Study]:
    """The content of the file, and its study; EdnagError names `place`."""
    try:
        content = parse_json(text)
    except ValueError as error:
        raise EdnagError(f"{place}: not JSON ({error}); {_AGAIN}") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise EdnagError(f"{place}: not of the format {FORMAT!r}; {_AGAIN}")
    if content.keys() != {"format", "study", "sources"} or not _are_texts(content["sources"]):
        raise EdnagError(f"{place}: not a study and its sources; {_AGAIN}")
    try:
        return content, read_study(content["study"])
    except EdnagError as error:
        raise EdnagError(f"{place}: {error}; {_AGAIN}") from None


def _are_texts(values: object) -> bool:
    return isinstance(values, Iterable) and all(isinstance(value, str) for value in values)
