"""Absent files that a study could use: which are fetched unasked, and a line on the rest."""

from pathlib import Path

import pytest

from ednag.sources.registry import Source
from ednag.study.configuration import read_study
from ednag.study.downloads import (
    MOST_BYTES,
    Absent,
    absent_files,
    data_command,
    what_is_left_out,
)
from ednag.study.plan import Plan

STUDY = {
    "benchmarks": {"nasbench201": ["cifar10-analog"]},
    "if_present": {"nasbench201": ["cifar100"], "transnas-micro": ["jigsaw", "normal"]},
    "ranker": {"if_present": True},
}
CIFAR100 = ("nasbench201-cifar100-csv",)
JIGSAW, NORMAL = "transnas-jigsaw-csv", "transnas-normal-csv"
INDEX = "transnas-arch-index"
RANKED = ("nasbench101-vis-20k", "nar-example-101", "nar-example-201")


def plan_where(*here: str, **study: object) -> Plan:
    """The plan where the package of the study's own benchmark is here, and these files."""
    is_here = {"analog-nasbench", *here}.__contains__
    return Plan(read_study({**STUDY, **study}), is_here, str, Path("published"))


def registry(**sizes: int | None) -> dict[str, Source]:
    """All sources of the study with 1 MB each; `sizes` are by id, with _ for -."""
    ids = (*CIFAR100, JIGSAW, NORMAL, INDEX, *RANKED)
    named = {id.replace("_", "-"): size for id, size in sizes.items()}
    return {
        id: Source(
            id=id, file=id, size=named.get(id, 1_000_000), addresses=("https://e.example/" + id,)
        )
        for id in ids
    }


def test_everything_small_that_is_absent_is_fetched_once() -> None:
    absent = absent_files(plan_where(*RANKED), registry())
    assert sorted(absent.optional) == sorted((*CIFAR100, JIGSAW, INDEX, NORMAL))
    assert (absent.needed, absent.others) == ((), ())
    assert absent_files(plan_where(), registry()).optional[-3:] == RANKED
    everything = plan_where(*registry())
    assert absent_files(everything, registry()) == Absent((), (), ())
    assert what_is_left_out(everything, registry(), "make data") == ""


@pytest.mark.parametrize("size", [MOST_BYTES, None], ids=["too large", "unknown"])
def test_nothing_large_is_fetched_and_nothing_that_goes_with_it(size: int | None) -> None:
    known = registry(transnas_jigsaw_csv=size, nasbench101_vis_20k=MOST_BYTES - 2_000_000)
    absent = absent_files(plan_where(), known)
    # What jigsaw alone would need is no use without it; the index serves the other task.
    assert sorted(absent.optional) == sorted((*CIFAR100, INDEX, NORMAL, *RANKED[1:]))
    assert absent.others == (JIGSAW, RANKED[0])
    line = what_is_left_out(plan_where(), known, "make data")
    assert line.startswith("left out, as their files are not here: nasbench201/cifar100, ")
    assert line.endswith(
        "to get them: make data (5 files, 5.0 MB) and "
        f"ednag sources fetch {JIGSAW} nasbench101-vis-20k"
    )
    assert "\n" not in line


def test_what_nobody_publishes_is_named_and_not_fetched() -> None:
    unpublished = Source(id=CIFAR100[0], file="c", size=5, status="unpublished", stand_in="none")
    known = registry() | {CIFAR100[0]: unpublished}
    absent = absent_files(plan_where(INDEX, JIGSAW, NORMAL, *RANKED), known)
    assert absent == Absent((), (), CIFAR100)


def test_what_the_study_cannot_do_without_is_apart() -> None:
    named = {"benchmarks": {"transnas-micro": ["jigsaw"]}, "if_present": STUDY["if_present"]}
    absent = absent_files(plan_where(INDEX, *RANKED, **named), registry())
    assert absent.needed == (JIGSAW,)
    assert sorted(absent.optional) == sorted((*CIFAR100, NORMAL))


def test_the_command_is_one_that_works_where_it_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert data_command([Path("config.yaml")], tmp_path) == "make data"
    for named in (Path("config/my study.yaml"), tmp_path / "config/my study.yaml"):
        assert data_command([named], tmp_path) == "make data STUDY='config/my study.yaml'"
    assert data_command([Path("a.yaml"), Path("overlay.yaml")], tmp_path) is None
    assert data_command([Path("config.yaml")], tmp_path / "elsewhere") is None
    monkeypatch.chdir(tmp_path.parent)
    assert data_command([Path("config.yaml")], tmp_path) is None
    assert data_command([tmp_path / "config.yaml"], tmp_path, tmp_path) == "make data"
    line = what_is_left_out(plan_where(INDEX, JIGSAW, NORMAL, *RANKED), registry(), None)
    assert f"to get them: ednag sources fetch {CIFAR100[0]} (1 file, 1.0 MB)" in line
