"""`results/study.json`: the study is planned from it as the workflow planned it."""

import json
from pathlib import Path

import pytest

from ednag.errors import EdnagError
from ednag.sources.obtain import Surroundings
from ednag.sources.registry import load_registry
from ednag.stages import STUDY_FILE
from ednag.study.artefacts import artefact_named
from ednag.study.configuration import load_study
from ednag.study.declared import declared, read_plan, write_declared
from ednag.study.plan import Plan, plan_of, stock_of

ROOT = Path(__file__).parents[2]
STUDIES = sorted([ROOT / "config.yaml", *ROOT.glob("config/*.yaml")])


def _plan(study: Path) -> Plan:
    around = Surroundings(mirrors=(), cache=Path("nothing"), lock=Path("sources.lock"))
    registry = load_registry(ROOT / "sources.yaml")
    loaded = load_study(study)
    return plan_of(loaded, stock_of(loaded, registry, around), ROOT)


def test_its_path_is_the_declared_one() -> None:
    assert artefact_named("study").path() == STUDY_FILE


@pytest.mark.parametrize("study", STUDIES, ids=lambda path: path.stem)
def test_the_written_study_has_the_same_plan(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a clone may hold results, whose blocks a plan keeps
    plan = _plan(study)
    write_declared(declared(plan), tmp_path / STUDY_FILE)
    again = read_plan(tmp_path, load_registry(ROOT / "sources.yaml"), ROOT / "published")
    for name in ("targets", "audited", "shown"):
        assert getattr(again, name)() == getattr(plan, name)()
    assert again.run_blocks == plan.run_blocks
    assert again.records == plan.records


@pytest.mark.parametrize("study", STUDIES, ids=lambda path: path.stem)
def test_where_every_file_is_here_the_study_is_written_alike_again(
    study: Path, tmp_path: Path
) -> None:
    registry = load_registry(ROOT / "sources.yaml")
    published = ROOT / "published"
    plan = Plan(load_study(study), lambda source: True, lambda id: registry[id].file, published)
    assert not plan.lacking
    write_declared(declared(plan), tmp_path / STUDY_FILE)
    again = read_plan(tmp_path, registry, published)
    assert again.searched == plan.searched
    assert declared(again) == declared(plan)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 100_000, "not JSON"),
        ("{}", "not of the format"),
        ('{"format": "ednag study 1", "study": {}, "sources": 3}', "not a study and its sources"),
        (
            '{"format": "ednag study 1", "study": {"seed": 1}, "sources": []}',
            "unknown key 'seed'",
        ),
    ],
)
def test_another_text_is_refused_with_the_command_that_mends_it(
    text: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / STUDY_FILE
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(EdnagError, match=message) as refusal:
        read_plan(tmp_path, {}, ROOT / "published")
    assert "snakemake --cores 1 results/study.json" in str(refusal.value)
    assert json.dumps(str(path))[1:-1] in str(refusal.value)
