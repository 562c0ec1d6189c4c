"""`ednag evaluate`: what has a name, what it needs, what it costs, and its answer."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from ednag.cli import group
from ednag.errors import EdnagError
from ednag.evaluation.badges import badges_of
from ednag.evaluation.costs import cost_of, predicted
from ednag.evaluation.jobs import Job, needed_jobs
from ednag.evaluation.session import Session
from ednag.evaluation.subjects import subjects_of, with_all_data
from ednag.evidence.claims import read_claims
from ednag.fork_server import FEWEST_JOBS
from ednag.methods.instances import define_methods
from ednag.provenance.recording import project_folder
from ednag.sources.registry import load_registry

BETTER, PRINTED = "beats-random-nasbench201-cifar10", "archs-nasbench201-pets"


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Session]:
    """The default study without any file of the paper's tables, in an empty folder."""
    for name in ("EDNAG_MIRROR", "EDNAG_CACHE"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    yield Session.of(None)
    define_methods("")


def test_every_claim_and_every_file_has_its_own_name(session: Session) -> None:
    claims = read_claims(project_folder() / "published" / "claims.yaml")
    plan = with_all_data(session.plan)
    subjects = subjects_of(plan, claims)
    assert {claim.id for claim in claims} <= subjects.keys()
    assert set(plan.shown()) <= {path for each in subjects.values() for path in each.paths}
    for each in subjects.values():
        assert bool(each.paths) != bool(each.hindrance) or each.claim is not None


def test_a_claim_is_judged_from_its_own_dataset_and_its_seeds(session: Session) -> None:
    subjects = subjects_of(with_all_data(session.plan), session.claims)
    assert subjects[BETTER].files == {"summary": ("results/summaries/nasbench201/cifar10.parquet",)}
    listed = subjects["always-optimal-nasbench201-cifar10"].files
    assert listed["authors_sets"] == ("results/evidence/authors-sets-nasbench201.csv",)
    assert not subjects[PRINTED].paths


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("beats-randm-nasbench201-cifar10", ["closest: beats-random-nasbench201-cifar10"]),
        (BETTER, ["nasbench201-cifar10-csv (2.4 MB)", "ednag sources fetch nasbench201-cifar10"]),
        ("figures/nasbench201/cifar10/paper/mapping.png", ["nasbench201-cifar10-csv (2.4 MB)"]),
        ("beats-random-nasbench101-cifar10", [" can once it has ", "MB)", "--study config/"]),
        ("cell-mobilenetv3-aircraft", ["fgvc-aircraft", "published nowhere"]),
    ],
)
def test_what_gives_no_answer_is_told_in_one_line(
    name: str, words: list[str], session: Session
) -> None:
    with pytest.raises(EdnagError) as caught:
        session.find(name)
    assert "\n" not in str(caught.value)
    assert all(word in str(caught.value) for word in words), caught.value


def test_a_study_of_few_seeds_is_refused_before_it_runs(session: Session) -> None:
    few = session.plan.study.model_copy(update={"seeds": (0, 1, 2)})
    subjects = subjects_of(with_all_data(replace(session.plan, study=few)), session.claims)
    assert subjects[BETTER].hindrance == "it runs 3 seeds, and the rule needs 30"


def test_a_claim_on_printed_numbers_needs_no_workflow(session: Session, tmp_path: Path) -> None:
    name = next(each.id for each in session.claims if each.rule == "comments-mean")
    result = CliRunner().invoke(group, ["evaluate", name])
    assert result.exit_code == 0, result.output
    assert "verdict: " in result.output
    assert not (tmp_path / "results").exists()


def test_jobs_run_when_what_they_need_is_there() -> None:
    first, second = ("results/tables/nasbench201/cifar10.parquet", "figures/illustration.csv")
    jobs = [
        Job("benchmark_table", (first,), (), True),
        Job("illustration", (second,), (), True),
        Job("summary", ("results/summaries/nasbench201/cifar10.parquet",), (0,), True),
    ]
    registry = load_registry()
    one, two = (predicted(jobs, cores, registry) for cores in (1, 2))
    assert one.jobs == two.jobs == 3
    assert one.seconds > two.seconds > cost_of(jobs[0], registry).seconds
    assert two.memory > one.memory
    assert [job.rule for job in needed_jobs(jobs, jobs[2].outputs)] == [
        "benchmark_table",
        "summary",
    ]
    assert predicted([], 2, registry).text(2) == "nothing"


def test_a_job_costs_less_where_jobs_are_forks() -> None:
    job = Job("summary", ("results/summaries/nasbench201/cifar10.parquet",), (), True)
    alone, forked = (
        predicted([job] * count, 1, load_registry()).seconds / count
        for count in (FEWEST_JOBS - 1, FEWEST_JOBS)
    )
    assert 0.5 < alone - forked < 0.9


def test_more_seeds_cost_more() -> None:
    path = "results/runs/nasbench201/cifar10/paper/ednag/seeds-0-{}.parquet"
    few, many = (
        cost_of(Job("run", (path.format(last),), (), True), load_registry()) for last in (9, 999)
    )
    assert many.seconds > 20 * (few.seconds - 0.7) > 0
    assert many.disk > few.disk


def test_badges_say_what_they_rest_on(session: Session) -> None:
    badges = {badge.name: badge for badge in badges_of(session)}
    assert list(badges) == ["available", "functional", "reusable", "reproduced"]
    assert badges["available"].state == "does not hold"
    assert "DOI" in badges["available"].rests_on[0]
    assert all(badge.rests_on for badge in badges.values())
    assert badges["reproduced"].next.startswith("ednag evaluate verdicts")


def test_a_call_names_one_thing(session: Session) -> None:
    for arguments in ([], [BETTER, "--list"], ["--list", "--badges"]):
        assert CliRunner().invoke(group, ["evaluate", *arguments]).exit_code == 2
