"""ACM's properties of artifacts (artifact review and badging, version 1.1), as far as they hold."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ednag.evaluation.session import Session
from ednag.evidence.claim_rules import REPRODUCED
from ednag.evidence.verdicts import TESTED
from ednag.study.artefacts import artefact_named
from ednag.text_files import parse_json
from ednag.yaml_files import read_yaml

#: Whether a property holds.
YES, PARTLY, NO = "holds", "holds in part", "does not hold"
#: Files of the project that the properties rest on.
_DOCUMENTED = ("README.md", "docs/tutorial.md", "docs/data.md", "docs/reference/commands.md")
_REUSED = (
    *("LICENSE", "CITATION.cff", "CONTRIBUTING.md", "envs/requirements.lock", "tests"),
    *("docs/own-method.md", "docs/own-dataset.md", "docs/own-search-space.md"),
)


@dataclass(frozen=True)
class Badge:
    """A property: whether it holds, what that rests on, and what would make it hold."""

    name: str
    state: str
    rests_on: tuple[str, ...]
    next: str = ""


def badges_of(session: Session) -> list[Badge]:
    """The four properties, of the project and of the study's results in their folder.

    ACM gives badges after an independent review: this says what such a review will find.
    """
    functional = _functional(session)
    return [_available(session), functional, _reusable(session, functional), _reproduced(session)]


def _available(session: Session) -> Badge:
    """Whether an archive with a permanent identifier has it."""
    citation = read_yaml(session.workflow.project / "CITATION.cff")
    named = [citation.get("doi", ""), *(e["value"] for e in citation.get("identifiers", ()))]
    found = [text for text in named if text]
    if found:
        return Badge("available", YES, (f"CITATION.cff: {', '.join(found)}",))
    step = "archive a release (.zenodo.json is ready) and name its DOI in CITATION.cff"
    return Badge("available", NO, ("CITATION.cff names no DOI",), step)


def _functional(session: Session) -> Badge:
    """Whether it is documented, complete and exercisable."""
    plan = session.plan
    hidden = [id for id in plan.sources if not (plan.is_here(id) or session.registry[id].addresses)]
    audit = plan.folder / artefact_named("audit").path("json")
    audited = parse_json(audit.read_text(encoding="utf-8")) if audit.is_file() else {}
    absent = _absent(session.workflow.project, _DOCUMENTED)
    rests = (
        f"documented: {', '.join(_DOCUMENTED)}" if not absent else f"absent: {', '.join(absent)}",
        f"complete: {len(plan.sources)} source files, of which {len(hidden)} cannot be had",
        f"exercised: {audited.get('verdict', 'no audit in the folder of the study')}",
    )
    is_sound = bool(audited.get("sound"))
    state = NO if absent or hidden else YES if is_sound else PARTLY
    step = "" if is_sound else "run the study: snakemake --cores all; its audit is then read"
    return Badge("functional", state, rests, step)


def _reusable(session: Session, functional: Badge) -> Badge:
    """Whether others can build on it: it is functional, licensed, tested and can be extended."""
    absent = _absent(session.workflow.project, _REUSED)
    have = [name for name in _REUSED if name not in absent]
    rests = (f"functional: {functional.state}", f"has {', '.join(have)}")
    state = NO if absent else functional.state
    return Badge("reusable", state, rests, f"write {', '.join(absent)}" if absent else "")


def _reproduced(session: Session) -> Badge:
    """Whether the papers' claims are reproduced by this study, which is not of their authors."""
    path = session.plan.folder / artefact_named("verdicts").path("json")
    if not path.is_file():
        step = f"ednag evaluate verdicts --study {session.file.name}"
        return Badge("reproduced", NO, ("no verdicts in the folder of the study",), step)
    kinds = parse_json(path.read_text(encoding="utf-8"))["kinds"]
    tested = {name: sum(kind["tested"][name] for kind in kinds) for name in TESTED}
    rests = tuple(
        f"{kind['title']}: {_counted(kind['tested'])}"
        for kind in kinds
        if any(kind["tested"].values())
    )
    found, total = tested[REPRODUCED], sum(tested.values())
    return Badge("reproduced", YES if found == total else PARTLY if found else NO, rests)


def _counted(numbers: dict[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in numbers.items() if number)


def _absent(project: Path, names: Sequence[str]) -> list[str]:
    return [name for name in names if not (project / name).exists()]


def badges_text(badges: Sequence[Badge]) -> str:
    """Properties for people."""
    lines = []
    for badge in badges:
        lines += [f"{badge.name}: {badge.state}", *(f"  {text}" for text in badge.rests_on)]
        lines += [f"  next: {badge.next}"] if badge.next else []
    return "\n".join(lines)


def badges_json(badges: Sequence[Badge]) -> str:
    """The same for programs."""
    return json.dumps([asdict(badge) for badge in badges], indent=1, ensure_ascii=False)
