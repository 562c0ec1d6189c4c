"""The declarations of artefacts: complete, unambiguous, and what the Snakefile says."""

from pathlib import Path

import pytest

from ednag.errors import EdnagError
from ednag.provenance.stages import stage_of
from ednag.sources.registry import load_registry
from ednag.spaces import SPACES
from ednag.stages import EVIDENCE, RECORDS, STAGES
from ednag.study.artefacts import (
    ARTEFACTS,
    DATASET_FIGURES,
    WILDCARDS,
    Artefact,
    Kind,
    artefact_named,
    artefacts_of,
    find_artefact,
    path_grammar,
    record_path,
)
from ednag.study.plan import Plan

ROOT = Path(__file__).resolve().parents[2]
#: A value of each wildcard.
VALUES = {
    "space": "nasbench201",
    "dataset": "cifar10-analog",
    "protocol": "paper",
    "method": "local-search-best",
    "source": "nasbench201-cifar10-csv",
    "file": "cifar10.tar.gz",
    "table": "generated-quality",
    "part": "held-out",
    "first": 0,
    "last": 99,
    "slot": 3,
}


@pytest.mark.parametrize("artefact", ARTEFACTS, ids=lambda artefact: artefact.name)
def test_every_path_leads_back_to_its_artefact(artefact: Artefact) -> None:
    assert VALUES.keys() == WILDCARDS.keys() | {"space"}
    for suffix in artefact.suffixes:
        known = find_artefact(artefact.path(suffix, **VALUES))
        assert known is not None
        assert known[0] is artefact
        assert known[1] == {name: str(VALUES[name]) for name in artefact.wildcards}


@pytest.mark.parametrize("space", SPACES)
def test_a_table_of_each_space_is_told_from_tables_with_a_prefix(space: str) -> None:
    for name in ("own_end", "equal_budget", "comparison", "sources_compared", "authors_sets"):
        known = find_artefact(artefact_named(name).path(space=space))
        assert known is not None and known[0].name == name and known[1] == {"space": space}


def test_every_registered_source_is_an_artefact() -> None:
    for source in load_registry(ROOT / "sources.yaml").values():
        known = find_artefact(artefact_named("source").path(source=source.id, file=source.file))
        assert known is not None and known[1] == {"source": source.id, "file": source.file}


def test_other_files_are_no_artefacts() -> None:
    for path in ("results/evidence/another.csv", "README.md", "figures/another/a/paper/b.csv"):
        assert find_artefact(path) is None, path


def test_names_and_paths_are_declared_once() -> None:
    assert len({artefact.name for artefact in ARTEFACTS}) == len(ARTEFACTS)
    paths = [artefact.path(suffix) for artefact in ARTEFACTS for suffix in artefact.suffixes]
    assert len(set(paths)) == len(paths)
    records = [record_path(job) for job in {artefact.job for artefact in ARTEFACTS}]
    assert len(set(records)) == len(records)


def test_artefacts_of_a_job_have_the_same_wildcards() -> None:
    for artefact in ARTEFACTS:
        first, *_ = artefacts_of(artefact.job)
        assert artefact.wildcards == first.wildcards, artefact.name


@pytest.mark.parametrize("artefact", ARTEFACTS, ids=lambda artefact: artefact.name)
def test_a_declaration_is_complete(artefact: Artefact) -> None:
    assert hasattr(Plan, artefact.where), artefact.where
    if artefact.kind in (Kind.TABLE, Kind.FIGURE):
        assert artefact.title and artefact.group
    if artefact.is_shown:
        assert artefact.caption_file().read_text(encoding="utf-8").strip()
    if artefact.stage is not RECORDS:
        assert stage_of(artefact.path(**VALUES)) == artefact.stage.name


def test_every_caption_is_of_an_artefact() -> None:
    used = {artefact.caption_file() for artefact in ARTEFACTS if artefact.is_shown}
    assert set(next(iter(used)).parent.glob("*")) == used


def test_an_artefact_without_a_caption_is_refused() -> None:
    bare = Artefact(
        name="bare", stage=EVIDENCE, stem="bare", job="bare", where="once", kind="table"
    )
    with pytest.raises(EdnagError, match=r"bare has no caption; write .*bare\.rst"):
        bare.caption_file()


def test_figures_of_a_dataset_have_a_module_each() -> None:
    figures = ROOT / "src" / "ednag" / "evidence" / "figures"
    for figure in DATASET_FIGURES:
        assert figure.module == f"ednag.evidence.figures.{figure.name}"
        assert (figures / f"{figure.name}.py").is_file()


def test_the_snakefile_lists_all_paths() -> None:
    text = (ROOT / "Snakefile").read_text(encoding="utf-8")
    listed = "".join(f"#   {line}\n" for line in path_grammar().splitlines())
    assert listed in text, f"put this into the Snakefile's first comment:\n{listed}"


def test_stages_are_declared_once() -> None:
    assert len({stage.name for stage in STAGES}) == len(STAGES)
    assert len({stage.folder for stage in STAGES}) == len(STAGES)
