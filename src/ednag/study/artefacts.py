"""The files that a study makes, each declared once.

An artefact is a file, or the same content in several formats, that one job writes. Its declaration
says where it stands, which study has it, and how a report shows it. The Snakefile, the rules, the
audit, the report, the documentation and `ednag doctor` read these declarations.

To add a table or figure: declare it in `artefacts.yaml`, write its caption in
`captions/{caption}.rst`, and write the function that makes it.
"""

import hashlib
import re
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from string import Formatter

from pydantic import BaseModel, ConfigDict, field_validator, model_validator

from ednag.errors import EdnagError
from ednag.spaces import space_names
from ednag.stages import EVIDENCE, PAGES, RECORDS, STAGES, Stage
from ednag.yaml_files import read_yaml

_CAPTIONS = Path(__file__).parent / "captions"

#: Wildcard -> regular expression of its values. Only a file may hold slashes. A space is one that
#: this process knows.
WILDCARDS: Mapping[str, str] = {
    "dataset": "[A-Za-z0-9_-]+",
    "protocol": "[a-z-]+",
    "method": "[a-z0-9][a-z0-9-]*",
    "source": "[A-Za-z0-9._-]+",
    "file": ".+",
    "table": "[a-z0-9-]+",
    "part": "training|held-out|reference",
    "first": r"\d+",
    "last": r"\d+",
    "slot": r"\d+",
}


class Kind(StrEnum):
    """How a report shows an artefact."""

    DATA = "data"
    TABLE = "table"
    FIGURE = "figure"
    PAGE = "page"


#: Kind -> formats, where a declaration names none.
_SUFFIXES = {
    Kind.DATA: ("parquet",),
    Kind.TABLE: ("csv", "md", "tex"),
    Kind.FIGURE: ("csv", "pdf", "png"),
}
_STAGES = {stage.name: stage for stage in STAGES} | {"pages": PAGES, "records": RECORDS}


class Artefact(BaseModel):
    """A declared file; its fields are described in `artefacts.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    stage: Stage
    stem: str
    suffixes: tuple[str, ...] = ()
    job: str
    where: str
    kind: Kind = Kind.DATA
    title: str = ""
    group: str = ""
    caption: str = ""
    audited: bool = True

    @field_validator("stage", mode="before")
    @classmethod
    def _stage(cls, name: object) -> object:
        return _STAGES.get(name, name) if isinstance(name, str) else name

    @model_validator(mode="before")
    @classmethod
    def _defaults(cls, values: dict[str, object]) -> dict[str, object]:
        kind = Kind(values.get("kind", "data"))  # type: ignore[arg-type]
        return {"suffixes": _SUFFIXES.get(kind, ()), "caption": values["name"], **values}

    def path(self, suffix: str | None = None, /, **wildcards: object) -> str:
        """Path relative to the folder of the study; wildcards without a value stay in braces.

        Args:
            suffix: One of `suffixes`, by default the first.
            wildcards: Values of wildcards.
        """
        stem = f"{self.stage.folder}/{self.stem}"
        for name, value in wildcards.items():
            stem = stem.replace(f"{{{name}}}", str(value))
        chosen = self.suffixes[0] if suffix is None else suffix
        return f"{stem}.{chosen}" if chosen else stem

    @property
    def grammar(self) -> str:
        """Its path with wildcards and all suffixes in braces."""
        if len(self.suffixes) == 1:
            return self.path()
        return f"{self.path('')}.{{{','.join(self.suffixes)}}}"

    @property
    def wildcards(self) -> tuple[str, ...]:
        """Names of its wildcards, in the order of the path."""
        return tuple(dict.fromkeys(name for _, name, _, _ in Formatter().parse(self.stem) if name))

    @property
    def is_shown(self) -> bool:
        """Whether a report shows it."""
        return self.kind is not Kind.DATA

    @property
    def is_final(self) -> bool:
        """Whether the workflow's default target asks for it, and the audit begins at it."""
        return self.is_shown or self.stage is EVIDENCE

    def outputs(self) -> dict[str, str]:
        """Name in a rule -> path: `{name}`, or `{name}_{suffix}` where there are several."""
        if len(self.suffixes) == 1:
            return {self.name: self.path()}
        return {f"{self.name}_{suffix}": self.path(suffix) for suffix in self.suffixes}

    def caption_file(self) -> Path:
        """The file of its caption (reStructuredText).

        Raises:
            EdnagError: There is none.
        """
        path = _CAPTIONS / f"{self.caption}.rst"
        if not path.is_file():
            raise EdnagError(f"artefact {self.name} has no caption; write {path}")
        return path

    @property
    def module(self) -> str:
        """The module that draws a figure of a dataset."""
        return f"ednag.evidence.figures.{self.name}"

    @property
    def pattern(self) -> re.Pattern[str]:
        """Matches the paths of its files, with a group for each wildcard."""
        return _pattern(self, "|".join(space_names()))


@cache
def _pattern(artefact: Artefact, spaces: str) -> re.Pattern[str]:
    text, seen = "", set()
    for literal, name, _, _ in Formatter().parse(f"{artefact.stage.folder}/{artefact.stem}"):
        text += re.escape(literal)
        if name:
            values = spaces if name == "space" else WILDCARDS[name]
            text += f"(?P={name})" if name in seen else f"(?P<{name}>{values})"
            seen.add(name)
    suffixes = "|".join(map(re.escape, artefact.suffixes))
    return re.compile(rf"{text}\.(?:{suffixes})" if suffixes else text)


#: Every artefact. Artefacts of one job have one record, named after the first.
ARTEFACTS = tuple(
    Artefact(name=name, **fields)
    for name, fields in read_yaml(Path(__file__).with_suffix(".yaml")).items()
)
#: Figures of each dataset and protocol.
DATASET_FIGURES = tuple(each for each in ARTEFACTS if each.where in ("drawn", "drawn_variants"))
#: The jobs that draw them. One job draws all figures that every dataset has, as importing what
#: draws takes as long as drawing two; a figure that only some datasets have is a job.
DATASET_FIGURE_JOBS = tuple(dict.fromkeys(each.job for each in DATASET_FIGURES))
#: Tables of a search space; `ednag tabulate` makes one of each name.
SPACE_TABLES = tuple(each for each in ARTEFACTS if each.job == f"table_{each.name}")

_BY_NAME = {artefact.name: artefact for artefact in ARTEFACTS}


def artefact_named(name: str) -> Artefact:
    """The artefact of this name; KeyError where there is none."""
    return _BY_NAME[name]


@cache
def artefacts_of(job: str) -> tuple[Artefact, ...]:
    """What a job makes, in the order of declaration; KeyError where no job has this name."""
    made = tuple(artefact for artefact in ARTEFACTS if artefact.job == job)
    if not made:
        raise KeyError(job)
    return made


def record_path(job: str, **wildcards: object) -> str:
    """Path of the run record of a job; wildcards without a value stay in braces.

    It is named after the job's first output, of a figure without its suffix.
    """
    first, *_ = artefacts_of(job)
    path = first.path("" if first.kind is Kind.FIGURE else None, **wildcards)
    below = path.removeprefix(f"{RECORDS.folder}/").removeprefix("results/")
    return f"{RECORDS.folder}/{below}.json"


def log_path(job: str) -> str:
    """Path of the log of a job, wildcards in braces."""
    first, *_ = artefacts_of(job)
    return f"logs/{first.stage.name}/{first.stem}.log"


def find_artefact(path: str) -> tuple[Artefact, dict[str, str]] | None:
    """The artefact that a path belongs to, and the values of its wildcards; None if it is none.

    Where several match, the one whose path has the most fixed letters.
    """
    matches = [(each, match) for each in ARTEFACTS if (match := each.pattern.fullmatch(path))]
    if not matches:
        return None
    artefact, match = max(
        matches, key=lambda pair: len(pair[0].stem) - sum(map(len, pair[0].wildcards))
    )
    return artefact, match.groupdict()


def captions_digest() -> str:
    """sha256 of all captions."""
    total = hashlib.sha256()
    for path in sorted(_CAPTIONS.glob("*.rst")):
        total.update(path.name.encode() + path.read_bytes())
    return total.hexdigest()


def path_grammar() -> str:
    """The paths of all artefacts, a line for each, in the order of declaration."""
    return "".join(f"{artefact.grammar}\n" for artefact in ARTEFACTS)
