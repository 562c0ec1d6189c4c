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

#: Kind of claim -> what it is, in the plural. Kinds are counted apart.
EDNAG, NAR, AUDIT, IDENTITY, ANCHOR = "ednag", "nar", "audit", "identity", "anchor"
KINDS = {
    EDNAG: "claims of the EDNAG paper and of the seeds published with it",
    NAR: "claims of the NAR paper and its code",
    AUDIT: "statements of our audit of EDNAG's code",
    IDENTITY: "identities, which hardly can fail: best values of tables, constants, one quotient",
    ANCHOR: "numbers from elsewhere that our own methods must meet",
}

#: Rule -> its description on the page of verdicts.
RULES = {
    "mean": "reproduced: the confidence interval of our mean over the study's unselected seeds, "
    "widened by the tolerance, holds the printed number.",
    "printed-mean": "two parts. First: the printed mean of k runs and our mean of n unselected "
    "ones differ, beyond the tolerance, by no more than two samples of one distribution do "
    "(standard error: pooled SD times sqrt(1/k + 1/n); k and the SD of the printed sample are "
    "those of the values the authors list). Second: our mean over the listed seeds is the printed "
    "one, within the tolerance. Where p, corrected by Benjamini and Hochberg over all claims "
    "of this rule, is at most the level: not reproduced, or partly if the second holds. "
    "Reproduced: p is above the level, and the means differ by less than one pooled SD (two "
    "one-sided tests). Undecided: neither.",
    "always": "two parts: every run ends with the best architecture of the benchmark; and every "
    "run of the seeds that the authors list. Reproduced: the first. Partly: only the second.",
    "every-run": "reproduced: the quantity is the printed number, within the tolerance, in every "
    "run.",
    "single-run": "of a claim about one run. Reproduced: the printed number (without one: the best "
    "value of the benchmark) lies among our single runs, that is, it is no more extreme than it "
    "would be by chance as one more run of ours (two-sided, ties within the tolerance). "
    "Undecided: it lies beyond all our runs, which are too few to say that it is extreme.",
    "best-possible": "reproduced: the benchmark's best value, times the factor of the fitness "
    "where one is named, is within the tolerance of the printed number.",
    "gap": "two parts: direction and size. The direction is decided by Welch's test, corrected by "
    "Holm over all claims of this rule; the size fits if the interval of the mean difference, "
    "widened by the tolerance, holds the printed gap. Reproduced: both. Partly: the direction. "
    "Undecided: the size only, or a direction that is found before the correction only. Where the "
    "printed gap may be in points or in %, one that fits is enough.",
    "better-than": "the decision of the tables of comparisons (Mann and Whitney's test, corrected "
    "by Holm over all methods and budgets of the dataset): reproduced if EDNAG is better at equal "
    "distinct evaluations, undecided if that is undecided. Not reproduced: worse, or equivalent in "
    "practice.",
    "ends-better": "the same tests of what each method reports at its own end, corrected by Holm "
    "over all claims of this rule.",
    "comments": "a part for each listed seed: our run gives the value in the authors' comment, "
    "within the tolerance. Partly: some do.",
    "comments-mean": "reproduced: the mean of the values in the authors' comments is within the "
    "tolerance of the printed number.",
    "comments-sd": "reproduced: the standard deviation (n - 1) of the values in the authors' "
    "comments is within the tolerance of the printed one.",
    "unselected": "reproduced: at least one in twenty equally large sets of unselected seeds is "
    "as good as the values the authors list; the interval of this share, which includes the "
    "sampling of our seeds, lies above. Not reproduced: a permutation test of the listed values "
    "among ours, corrected by Holm over all listed sets, says that they are better. Undecided: "
    "neither.",
    "tier-draws": "two parts: NAR's sampler draws as its best tier is distributed in some "
    "iterations of every search, as published; and where the configuration is changed so that it "
    "may. Reproduced: the first. Partly: only the second. By the study's ranker.",
    "guided-draws": "reproduced: in each search that may draw as the best tier is distributed, "
    "guided draws are more often truly of the best tier than the random draws beside them. Not "
    "reproduced: in none. Undecided: in some. By the study's ranker.",
    "searches-find-optimum": "a part for each search by the ranker of NAR's size, as published: "
    "50 iterations, uniform draws forced, the best test accuracy of the top 5 of each. It is the "
    "best of the table.",
    "published-records": "a part for each record: every number follows from its cell.",
    "enumerated": "reproduced: enumeration gives the printed number of cells.",
    "arithmetic": "reproduced: the printed numbers give it as 100 (new - old) / old, within the "
    "tolerance.",
    "quotient": "reproduced: the printed numbers give it as their quotient, within the tolerance.",
    "not-comparable": "never decided: the claim's reason says why.",
    "unavailable": "never decided here: what it needs is named.",
}
_NUMBERED = {
    *("mean", "printed-mean", "every-run", "best-possible", "gap", "comments-mean", "comments-sd"),
    *("arithmetic", "quotient", "enumerated"),
}
#: Rules on the values in the authors' comments.
_ON_COMMENTS = {"comments-mean", "comments-sd"}
_ON_NUMBERS = {"arithmetic", "quotient"}
#: Rules on printed numbers alone; they are decided without any data.
ON_PRINTED = _ON_COMMENTS | _ON_NUMBERS
#: Rules on cells, and on searches by a ranker; they need no runs of a method.
_ON_CELLS = {"published-records", "enumerated"}
ON_RANKING = {"tier-draws", "guided-draws", "searches-find-optimum", *_ON_CELLS}
_ON_RUNS = set(RULES) - {*ON_PRINTED, *_ON_CELLS, "not-comparable", "unavailable"}
_AGAINST = {"gap", "better-than", "ends-better"}
#: Rules that need the runs of the authors' seeds; those that use them where they are; and of these
#: the one that corrects over all sets of such seeds.
NEED_LISTED, USE_LISTED = {"comments", "unselected"}, {"printed-mean", "always"}
OVER_ALL_SETS = "unselected"
#: Rules whose p-values are corrected over all claims of the rule.
CORRECTED = {"printed-mean", "gap", "ends-better"}
#: Rules on runs that any number of seeds decides; the others need MINIMUM_SEEDS.
OF_ANY_NUMBER = {"every-run", "best-possible", "comments"}
#: Quantities that depend on the search space and the schedule, and not on the values of a table: a
#: claim on one need not name a dataset.
OF_A_SPACE = frozenset({"total", "steps", "first_invalid_share", "last_valid_share"})


class Claim(BaseModel):
    """One claim.

    The numbers `printed` and `tolerance` are in the unit of the quantity.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z0-9-]+$", description="Unique; lower case, words by hyphens.")
    statement: str = Field(min_length=10, description="What is claimed, in one sentence.")
    kind: str = Field(description="One of KINDS: whose claim it is.")
    source: str = Field(min_length=3, description="Table, figure or section that claims it.")
    version: str = Field(min_length=3, description="Version of the paper or file it is read from.")
    rule: str = Field(description="One of RULES: how it is tested.")
    printed: float | None = Field(None, description="The number that is claimed.")
    tolerance: float = Field(0.0, ge=0, description="Difference that rounding explains.")
    space: str = Field("", description="Search space of the runs that test it.")
    dataset: str = Field(
        "", description="Dataset of the runs that test it; none: any measured one of the space."
    )
    method: str = Field("ednag", description="Method of the runs that test it.")
    against: str = Field("", description="The method it is compared with.")
    quantity: str = Field("outcome", description="Column of the summary that is tested.")
    scaled: bool = Field(False, description="Whether the fitness factor is applied first.")
    percent: bool = Field(False, description="Whether a share is claimed in %.")
    relative: bool = Field(False, description="Whether a gap may be meant in %, or in points.")
    numbers: tuple[float, float] | None = Field(
        None, description="The printed numbers of arithmetic and quotient."
    )
    reason: str = Field("", description="Why it is not comparable.")
    needs: tuple[str, ...] = Field((), description="Ids of the sources it needs.")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for name, given, known in (("rule", self.rule, RULES), ("kind", self.kind, KINDS)):
            if given not in known:
                raise ValueError(f"unknown {name} {given!r}{suggestion(given, known)}")
        required = {
            "printed": self.rule in _NUMBERED,
            "space": self.rule in _ON_RUNS | _ON_CELLS | _ON_COMMENTS,
            "dataset": self.rule in _ON_RUNS | _ON_COMMENTS and self.quantity not in OF_A_SPACE,
            "against": self.rule in _AGAINST,
            "numbers": self.rule in _ON_NUMBERS,
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
