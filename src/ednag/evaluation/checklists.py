"""Checklists answered from a study: `checklists.yaml` and the study's numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ednag.evaluation.costs import machine_of_the_costs
from ednag.evidence.claims import MINIMUM_SEEDS
from ednag.study.comparisons import VARIANTS, variants_in
from ednag.study.plan import Plan
from ednag.yaml_files import read_yaml

_FILE = Path(__file__).with_suffix(".yaml")


@dataclass(frozen=True)
class Item:
    """A question with its answer, why, and the evidence."""

    question: str
    answer: str
    because: str
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class Checklist:
    """A checklist, where it is from, and its items."""

    title: str
    source: str
    items: tuple[Item, ...]


def answered(plan: Plan) -> list[Checklist]:
    """The checklists with the answers of a study."""
    facts = _facts(plan)
    return [
        Checklist(each["title"], each["source"], tuple(_item(e, facts) for e in each["items"]))
        for each in read_yaml(_FILE)
    ]


def _item(raw: Mapping[str, Any], facts: Mapping[str, Any]) -> Item:
    answer = raw["answer"]
    if isinstance(answer, dict):
        answer = "yes" if facts[answer["if"]] else _word(answer["otherwise"])
    because = raw["because"].format(**facts)
    return Item(raw["question"], _word(answer), because, tuple(raw["evidence"]))


def _word(answer: object) -> str:
    """The answer; YAML reads yes and no as booleans."""
    return ("no", "yes")[answer] if isinstance(answer, bool) else str(answer)


def _facts(plan: Plan) -> dict[str, Any]:
    """What items ask of a study, and the numbers that they tell."""
    compared = {name for each in VARIANTS for name in variants_in(each, plan.methods_run)}
    variants = [name for name in plan.methods_run if name in compared - {"ednag"}]
    return {
        "ablation": bool(variants),
        "random": "random" in plan.methods_run,
        "runs": len(plan.study.seeds) >= MINIMUM_SEEDS,
        "tabular": len(plan.searched) > len(plan.trained_benchmarks),
        "trains": bool(plan.small_predictor or plan.trained_benchmarks),
        "variants": ", ".join(variants) or "none",
        "methods": len(plan.methods_run),
        "seeds": len(plan.study.seeds),
        "total": f"{plan.number_of_runs():,}",
        "datasets": len(plan.searched),
        "sources": len(plan.sources),
        "machine": machine_of_the_costs(),
    }
