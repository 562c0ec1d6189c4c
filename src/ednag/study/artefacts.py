"""The files that a study makes, each declared once.

An artefact is a file, or the same content in several formats, that one job writes. Its declaration
says where it stands, which study has it, and how a report shows it. The Snakefile, the rules, the
audit, the report, the documentation and `ednag doctor` read these declarations.

To add a table or figure: declare it here, write its caption in `captions/{caption}.rst`, and write
the function that makes it.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from string import Formatter

from ednag.errors import EdnagError
from ednag.spaces import SPACES
from ednag.stages import (
    DATABASES,
    EVIDENCE,
    FEATURES,
    FIGURES,
    PAGES,
    PREDICTORS,
    RANKER,
    RECORDS,
    RUNS,
    SOURCES,
    SUMMARIES,
    TABLES,
    TOP_K,
    TRAINED,
    Stage,
)

_CAPTIONS = Path(__file__).parent / "captions"

#: Wildcard -> regular expression of its values. A dataset or file may hold dots, but no slash.
WILDCARDS: Mapping[str, str] = {
    "space": "|".join(SPACES),
    "dataset": "[A-Za-z0-9_-]+",
    "protocol": "[a-z-]+",
    "method": "[a-z0-9][a-z0-9-]*",
    "source": "[A-Za-z0-9._-]+",
    "file": "[^/]+",
    "table": "[a-z0-9-]+",
    "part": "training|held-out",
    "first": r"\d+",
    "last": r"\d+",
    "slot": r"\d+",
}


class Kind(StrEnum):
    """How people meet an artefact."""

    DATA = "data"
    TABLE = "table"
    FIGURE = "figure"
    PAGE = "page"


@dataclass(frozen=True)
class Artefact:
    """A declared file.

    Attributes:
        name: Identifier; outputs of a rule are named after it.
        stage: Its stage.
        stem: Path below the folder of the stage, without suffix; wildcards in braces.
        suffixes: Formats; the first one is the data.
        job: Name of the rule that makes it.
        where: Attribute of `Plan` that lists the values of the wildcards; the study has an
            artefact for each of them.
        kind: How people meet it.
        title: What tables and figures of the kind show; heading in the report.
        group: Subcategory in Snakemake's report; wildcards in braces.
        caption: Name of its caption, by default its own name.
        recorded: Whether the job writes a run record.
    """

    name: str
    stage: Stage
    stem: str
    suffixes: tuple[str, ...]
    job: str
    where: str
    kind: Kind = Kind.DATA
    title: str = ""
    group: str = ""
    caption: str = ""
    recorded: bool = True

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
        path = _CAPTIONS / f"{self.caption or self.name}.rst"
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
        return _pattern(self)


@cache
def _pattern(artefact: Artefact) -> re.Pattern[str]:
    text, seen = "", set()
    for literal, name, _, _ in Formatter().parse(f"{artefact.stage.folder}/{artefact.stem}"):
        text += re.escape(literal)
        if name:
            text += f"(?P={name})" if name in seen else f"(?P<{name}>{WILDCARDS[name]})"
            seen.add(name)
    suffixes = "|".join(map(re.escape, artefact.suffixes))
    return re.compile(rf"{text}\.(?:{suffixes})" if suffixes else text)


def _data(name: str, stage: Stage, stem: str, job: str, where: str, *suffixes: str) -> Artefact:
    return Artefact(name, stage, stem, suffixes or ("parquet",), job, where)


def _table(
    name: str, stem: str, job: str, where: str, title: str, group: str, *, caption: str = ""
) -> Artefact:
    suffixes = ("csv", "md", "tex")
    return Artefact(name, EVIDENCE, stem, suffixes, job, where, Kind.TABLE, title, group, caption)


def _figure(
    name: str, stem: str, job: str, where: str, title: str, group: str, *, caption: str = ""
) -> Artefact:
    suffixes = ("csv", "pdf", "png")
    return Artefact(name, FIGURES, stem, suffixes, job, where, Kind.FIGURE, title, group, caption)


def _of_a_dataset(name: str, title: str, where: str = "drawn", caption: str = "") -> Artefact:
    """A figure of each dataset and protocol; `ednag.evidence.figures.{name}` draws it."""
    stem = f"{{space}}/{{dataset}}/{{protocol}}/{name}"
    return _figure(name, stem, f"figure_{name}", where, title, "{space} {dataset}", caption=caption)


#: Figures of each dataset and protocol, in the order of the report.
DATASET_FIGURES = (
    _of_a_dataset("convergence", "Convergence"),
    _of_a_dataset("denoising", "Denoising"),
    _of_a_dataset("anytime", "All methods at equal evaluations"),
    _of_a_dataset("outcomes", "Outcome of each run"),
    _of_a_dataset("mapping", "EDNAG by mapping", "drawn_mapping", "variants"),
    _of_a_dataset("steps", "EDNAG by steps", "drawn_steps", "variants"),
    _of_a_dataset("population", "EDNAG by population", "drawn_population", "variants"),
    _of_a_dataset("ablation", "EDNAG by ablation", "drawn_ablation", "variants"),
)

#: Tables of a search space that are made of its summaries; `ednag tabulate` has one of each name.
SPACE_TABLES = (
    _table(
        "own_end", "{space}", "table_own_end", "spaces", "Each method at its own end", "{space}"
    ),
    _table(
        "equal_budget",
        "{space}-equal-budget",
        "table_equal_budget",
        "spaces",
        "At equal budgets",
        "{space}",
    ),
    _table(
        "comparison",
        "{space}-comparison",
        "table_comparison",
        "spaces",
        "The first method against each other",
        "{space}",
    ),
)

_RUN = "{space}/{dataset}/{protocol}/{method}/seeds-{first}-{last}"
_RANKED = "{space}/{dataset}"
_DIGITS = "nasbench201/digits-unseen"

#: Every artefact. Artefacts of one job stand together; the job's record is named after the first.
ARTEFACTS: tuple[Artefact, ...] = (
    Artefact("source", SOURCES, "{source}/{file}", ("",), "fetch", "fetched"),
    # Trained here: images into features, networks into a database, the database into a predictor.
    _data("small_features", FEATURES, "small", "small_features", "small_features", "pt"),
    _data("own_features", FEATURES, "own-images", "own_features", "own_features", "pt"),
    _data(
        "database",
        DATABASES,
        "small/{part}/seeds-{first}-{last}",
        "small_database",
        "database_blocks",
    ),
    _data("small_predictor", PREDICTORS, "small", "small_predictor", "small_predictor", "pt"),
    _data("small_curve", PREDICTORS, "small.curve", "small_predictor", "small_predictor", "csv"),
    _data(
        "published_predictor",
        PREDICTORS,
        "nasbench201",
        "published_predictor",
        "published_predictor",
        "pt",
    ),
    _data(
        "published_curve",
        PREDICTORS,
        "nasbench201.curve",
        "published_predictor",
        "published_predictor",
        "csv",
    ),
    _data("judged", PREDICTORS, "small.judged", "small_judgement", "small"),
    _data("coreset", PREDICTORS, "small.coreset", "small_judgement", "small"),
    _data("images", PREDICTORS, "small.images", "small_judgement", "small"),
    # Searches.
    _data("table", TABLES, "{space}/{dataset}", "benchmark_table", "benchmarks"),
    _data("run", RUNS, _RUN, "run", "run_blocks"),
    _data("summary", SUMMARIES, "{space}/{dataset}", "summary", "benchmarks"),
    _data("curves", SUMMARIES, "{space}/{dataset}.anytime", "summary", "benchmarks"),
    _data("step_curves", SUMMARIES, "{space}/{dataset}.steps", "summary", "benchmarks"),
    _data("generated", SUMMARIES, "{space}/{dataset}.generated", "generated", "generating"),
    # Cells ranked.
    _data("cells", RANKER, "nasbench101/cells", "ranker_cells", "enumerated"),
    _table(
        "cells_counted",
        "cells-nasbench101",
        "ranker_cells",
        "enumerated",
        "NAR: cells there are",
        "Ranking",
    ),
    _data("baselines", RANKER, f"{_RANKED}/baselines-{{first}}", "ranker_baselines", "baselines"),
    _data("ranker", RANKER, f"{_RANKED}/ranker-{{first}}", "ranker_study", "rankers"),
    _data("tiers", RANKER, f"{_RANKED}/ranker-{{first}}.tiers", "ranker_study", "rankers"),
    _data(
        "ranker_search", RANKER, f"{_RANKED}/ranker-{{first}}.search", "ranker_study", "searchers"
    ),
    # The best by prediction, trained.
    _data("top_k", TOP_K, "{space}/{dataset}", "top_k", "trained_benchmarks"),
    _data("trained_small", TRAINED, f"{_DIGITS}/seed-{{first}}", "trained_small", "small_seeds"),
    _data(
        "trained_network",
        TRAINED,
        "{space}/{dataset}/{slot}/seed-{first}",
        "trained_network",
        "networks",
        "json",
    ),
    _data(
        "trained_networks",
        TRAINED,
        "{space}/{dataset}/networks",
        "trained_networks",
        "gathered_benchmarks",
    ),
    # Tables.
    *SPACE_TABLES,
    Artefact(
        "sources_compared",
        EVIDENCE,
        "sources-{space}",
        ("csv", "md"),
        "sources_compared",
        "compared_spaces",
        Kind.TABLE,
        "Files that describe the same benchmark table",
        "{space}",
    ),
    _data(
        "source_differences",
        EVIDENCE,
        "sources-{space}-differences",
        "sources_compared",
        "compared_spaces",
        "csv",
    ),
    _table(
        "published",
        "published-{table}",
        "published_table",
        "published_tables",
        "Printed beside regenerated",
        "The papers' tables",
    ),
    _table(
        "authors_seeds",
        "authors-seeds-{space}",
        "authors_seeds",
        "authors_spaces",
        "The authors' seeds, one by one",
        "The authors' seeds",
    ),
    _table(
        "authors_sets",
        "authors-sets-{space}",
        "authors_seeds",
        "authors_spaces",
        "The authors' seeds, as a set",
        "The authors' seeds",
    ),
    _figure(
        "authors_figure",
        "{space}/authors-seeds",
        "authors_seeds",
        "authors_spaces",
        "The authors' seeds among unselected ones",
        "The authors' seeds",
        caption="authors_sets",
    ),
    _table(
        "predictor",
        "predictor-small",
        "small_predictor_tables",
        "small",
        "The meta-predictor on unseen tasks",
        "Prediction",
    ),
    _table(
        "coreset_table",
        "coreset-small",
        "small_predictor_tables",
        "small",
        "The meta-predictor: coreset beside random images",
        "Prediction",
    ),
    _table(
        "top_k_table",
        "top-k-{space}-{dataset}",
        "top_k_table",
        "trained_benchmarks",
        "The best by prediction, trained",
        "Prediction",
        caption="top_k",
    ),
    _table(
        "ranking",
        "ranker-{space}-{dataset}",
        "ranker_tables",
        "ranked",
        "NAR: ranking of unseen cells",
        "Ranking",
    ),
    _table(
        "ranking_tiers",
        "ranker-tiers-{space}-{dataset}",
        "ranker_tables",
        "ranked",
        "NAR: tiers of unseen cells",
        "Ranking",
    ),
    _table(
        "ranking_search",
        "ranker-search-{space}-{dataset}",
        "ranker_tables",
        "ranker_searched",
        "NAR: searches by the ranker",
        "Ranking",
    ),
    _table(
        "nar_records",
        "nar-records-{space}",
        "nar_records",
        "nar_record_spaces",
        "NAR: published records beside ours",
        "Ranking",
    ),
    # Figures.
    *DATASET_FIGURES,
    _figure(
        "ranks",
        "ranks-{protocol}",
        "ranks_figure",
        "ranked_protocols",
        "Mean ranks and critical difference",
        "All datasets",
    ),
    _figure(
        "illustration",
        "illustration",
        "illustration",
        "once",
        "From noise to two peaks",
        "The method",
    ),
    _figure(
        "quality",
        "predictors/small/quality",
        "small_predictor_figures",
        "small",
        "Predicted against measured accuracy",
        "Prediction",
    ),
    _figure(
        "learning",
        "predictors/small/learning",
        "small_predictor_figures",
        "small",
        "Learning curve of the meta-predictor",
        "Prediction",
    ),
    _figure(
        "coreset_figure",
        "predictors/small/coreset",
        "small_predictor_figures",
        "small",
        "Coreset beside random images",
        "Prediction",
    ),
    _figure(
        "top_k_figure",
        "{space}/{dataset}/trained/top-k",
        "top_k_figure",
        "trained_benchmarks",
        "The best by prediction, trained",
        "Prediction",
        caption="top_k",
    ),
    _figure(
        "ranking_learning",
        "{space}/{dataset}/ranker/learning",
        "ranker_figures",
        "ranked",
        "NAR: learning curves",
        "Ranking",
    ),
    _figure(
        "ranking_tiers_figure",
        "{space}/{dataset}/ranker/tiers",
        "ranker_figures",
        "ranked",
        "NAR: tiers of unseen cells",
        "Ranking",
        caption="ranking_tiers",
    ),
    # Pages.
    Artefact(
        "verdicts", PAGES, "verdicts", ("md", "json"), "verdicts", "once", Kind.PAGE, "Verdicts"
    ),
    Artefact("findings", PAGES, "findings", ("md",), "findings", "once", Kind.PAGE, "Findings"),
    Artefact(
        "audit",
        PAGES,
        "audit",
        ("json", "md"),
        "audit",
        "once",
        Kind.PAGE,
        "Every file and where it comes from",
        recorded=False,
    ),
    Artefact(
        "chains",
        RECORDS,
        "chains/{space}",
        ("html",),
        "chains",
        "spaces",
        Kind.PAGE,
        "Every number and its chain",
        "{space}",
        recorded=False,
    ),
    Artefact("pages", PAGES, "report", ("",), "pages", "once", recorded=False),
)

_BY_NAME = {artefact.name: artefact for artefact in ARTEFACTS}


def artefact_named(name: str) -> Artefact:
    """The artefact of this name; KeyError where there is none."""
    return _BY_NAME[name]


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
    return f"{RECORDS.folder}/{path.removeprefix('results/')}.json"


def log_path(job: str, folder: str = "logs", suffix: str = "log") -> str:
    """Path of the log of a job, wildcards in braces."""
    first, *_ = artefacts_of(job)
    return f"{folder}/{first.path('').removeprefix('results/')}.{suffix}"


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
    """All paths with their suffixes, a line for each artefact, in the order of declaration."""
    lines = []
    for artefact in ARTEFACTS:
        *alike, last = artefact.suffixes
        suffixes = f".{{{','.join([*alike, last])}}}" if alike else f".{last}" if last else ""
        lines.append(f"{artefact.path('')}{suffixes}")
    return "\n".join(lines) + "\n"
