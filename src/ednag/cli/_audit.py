"""The audit of a tree of results against the study that it belongs to."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from ednag.own_code import search_in
from ednag.provenance.audit import Audit, audit
from ednag.provenance.findings import Finding, no_study
from ednag.provenance.recording import project_folder
from ednag.provenance.setting import Declared, Setting
from ednag.sources.registry import load_registry
from ednag.stages import STUDY_FILE
from ednag.study.belonging import foreign_results
from ednag.study.declared import read_plan
from ednag.study.plan import Plan


def plan_at(root: Path) -> Plan | None:
    """The plan of the study in `results/study.json`; None without that file.

    Raises EdnagError if that file or the registry of sources cannot be read.
    """
    if not (root / STUDY_FILE).is_file():
        return None
    search_in(root)
    return read_plan(root, load_registry(), project_folder() / "published")


def setting_of(root: Path, plan: Plan | None) -> Setting:
    """The tree of results at `root`, whose study has this plan."""
    if plan is None:
        return Setting.of_user(root)
    targets = (*plan.targets(), *plan.files("pages"))
    return Setting.of_user(root, Declared(targets, frozenset(plan.made())))


def audit_tree(root: Path, targets: Sequence[Path] = (), written: Iterable[Path] = ()) -> Audit:
    """The audit of the results at `root`; see `ednag.provenance.audit.audit`."""
    plan = plan_at(root)
    setting = setting_of(root, plan)
    if plan is None:
        return audit(setting, targets, [no_study(setting.workflow)], written)
    foreign = [
        Finding(
            "another study", (name,), f"{name} is not of this study: {why}", setting.again([name])
        )
        for name, why in foreign_results(plan)
    ]
    return audit(setting, targets, foreign, written)
