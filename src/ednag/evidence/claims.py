"""The paper's checkable claims: statement, source, and the rule that tests each.

`published/claims.yaml` lists them by id. A claim names one of RULES; `ednag.evidence.verdicts`
applies it.
"""

from itertools import pairwise
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ednag.errors import EdnagError
from ednag.naming import suggestion
from ednag.validation import validated
from ednag.yaml_files import read_yaml

#: A statement on a distribution needs at least so many runs from unselected seeds.
MINIMUM_SEEDS = 30
#: Added to a tolerance for the last bits of a number.
MARGIN = 1e-9

#: Rule -> its description on the page of verdicts.
RULES = {
    "mean": "reproduced: the confidence interval of our mean over the study's unselected seeds, "
    "widened by the tolerance, holds the printed number. Partly: it does not, but the mean over "
    "the seeds the authors list is within the tolerance of it.",
    "always": "reproduced: every run ends with the best architecture of the benchmark. Partly: "
    "not every run does, but every run of the seeds the authors list.",
    "every-run": "reproduced: the quantity is the printed number, within the tolerance, in every "
    "run. Partly: in some runs.",
    "extreme": "reproduced: the best (worst) over all runs is within the tolerance of the printed "
    "number. Partly: single runs reach beyond the printed number and others do not.",
    "best-possible": "reproduced: the benchmark's best value, times the factor of the fitness "
    "where one is named, is within the tolerance of the printed number.",
    "gap": "reproduced: the interval of the mean difference of paired seeds, widened by the "
    "tolerance, holds the printed gap. Partly: it does not, but lies on the same side of zero.",
    "better-than": "reproduced: at equal distinct evaluations the interval of the mean difference "
    "of paired seeds lies on EDNAG's side of zero. Partly: it holds zero.",
    "comments": "reproduced: our runs of the listed seeds give the values in the authors' "
    "comments, each within the tolerance. Partly: some do.",
    "comments-mean": "reproduced: the mean of the values in the authors' comments is within the "
    "tolerance of the printed number.",
    "unselected": "reproduced: at least one in twenty equally large sets of unselected seeds is "
    "as good as the values the authors list (Wilson's interval of the drawn sets lies above that "
    "share). Partly: the interval holds that share. Not reproduced: so good a set is rarer.",
    "tier-draws": "reproduced: NAR's sampler, configured as published, draws as its best tier is "
    "distributed in some iterations of every search. Partly: only where the configuration is "
    "changed so that it may. By the study's small ranker.",
    "guided-draws": "reproduced: in each search that may draw as the best tier is distributed, "
    "guided draws are more often truly of the best tier than the random draws beside them. Partly: "
    "in some searches. By the study's small ranker, and our reading of what a target is.",
    "published-records": "reproduced: every number of the published records follows from their "
    "cells. Partly: of some records.",
    "enumerated": "reproduced: enumeration gives the printed number of cells.",
    "arithmetic": "reproduced: the printed numbers it is made of give it, within the tolerance.",
    "not-comparable": "never decided: the claim's reason says why.",
    "unavailable": "never decided here: what it needs is named.",
}
_NUMBERED = {"mean", "every-run", "extreme", "best-possible", "gap", "comments-mean", "arithmetic"}
#: Rules on cells, and on searches by a ranker; they need no runs of a method.
_ON_CELLS = {"published-records", "enumerated"}
ON_RANKING = {"tier-draws", "guided-draws", *_ON_CELLS}
#: Rules on printed numbers alone; they are decided without any data.
ON_PRINTED = {"arithmetic", "comments-mean"}
_ON_RUNS = set(RULES) - {*ON_PRINTED, *_ON_CELLS, "not-comparable", "unavailable"}
_AGAINST = {"gap", "better-than"}


class Claim(BaseModel):
    """One claim.

    The numbers `printed` and `tolerance` are in the unit of the quantity.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z0-9-]+$", description="Unique; lower case, words by hyphens.")
    statement: str = Field(min_length=10, description="What is claimed, in one sentence.")
    source: str = Field(min_length=3, description="Table, figure or section that claims it.")
    rule: str = Field(description="One of RULES: how it is tested.")
    printed: float | None = Field(None, description="The number that is claimed.")
    tolerance: float = Field(0.0, ge=0, description="Difference that rounding explains.")
    space: str = Field("", description="Search space of the runs that test it.")
    dataset: str = Field("", description="Dataset of the runs that test it.")
    method: str = Field("ednag", description="Method of the runs that test it.")
    against: str = Field("", description="The method it is compared with.")
    quantity: str = Field("outcome", description="Column of the summary that is tested.")
    scaled: bool = Field(False, description="Whether the fitness factor is applied first.")
    percent: bool = Field(False, description="Whether a share is claimed in %.")
    numbers: tuple[float, float] | None = Field(
        None, description="For arithmetic: (new, old); the claim is 100 (new - old) / old."
    )
    reason: str = Field("", description="Why it is not comparable.")
    needs: tuple[str, ...] = Field((), description="Ids of the sources it needs.")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.rule not in RULES:
            raise ValueError(f"unknown rule {self.rule!r}{suggestion(self.rule, RULES)}")
        required = {
            "printed": self.rule in _NUMBERED or self.rule == "enumerated",
            "space": self.rule in {*_ON_RUNS, *_ON_CELLS, "comments-mean"},
            "dataset": self.rule in {*_ON_RUNS, "comments-mean"},
            "against": self.rule in _AGAINST,
            "numbers": self.rule == "arithmetic",
            "reason": self.rule == "not-comparable",
            "needs": self.rule == "unavailable" or self.rule in _ON_RUNS | _ON_CELLS,
        }
        for name, is_required in required.items():
            if is_required and getattr(self, name) in (None, "", ()):
                raise ValueError(f"rule {self.rule!r} needs {name!r}")
        return self

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods whose runs test it."""
        return tuple(name for name in (self.method, self.against) if name)

    @property
    def number(self) -> float:
        """The printed number, in rules that need one."""
        assert self.printed is not None
        return self.printed

    def matches(self, value: Any) -> Any:
        """Whether a number, or each of an array, is the printed one within the tolerance."""
        return abs(value - self.number) <= self.tolerance + MARGIN


def read_claims(path: Path) -> list[Claim]:
    """The claims of a file, in its order.

    Raises:
        EdnagError: The file is no YAML list of claims, is not sorted by id, or repeats an id; one
            line that names the claim.
    """
    raw = read_yaml(path)
    if not isinstance(raw, list):
        raise EdnagError(f"{path.name}: a list of claims is expected")
    claims = [_read_claim(entry, position, path.name) for position, entry in enumerate(raw)]
    for before, after in pairwise(claims):
        if after.id == before.id:
            raise EdnagError(f"{path.name}: {after.id}: is repeated")
        if after.id < before.id:
            raise EdnagError(f"{path.name}: {after.id}: must come before {before.id}")
    return claims


def _read_claim(entry: Any, position: int, name: str) -> Claim:
    if not isinstance(entry, dict):
        raise EdnagError(f"{name}: entry {position}: a mapping is expected")
    try:
        return validated(Claim, entry)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        place = f"{entry.get('id', f'entry {position}')}{f': {where}' if where else ''}"
        raise EdnagError(f"{name}: {place}: {message}") from None
