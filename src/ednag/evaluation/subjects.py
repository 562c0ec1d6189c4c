"""What can be evaluated: every claim, table, figure and page of a study, by name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ednag.errors import listed
from ednag.evidence.claims import (
    MINIMUM_SEEDS,
    NEED_LISTED,
    OF_ANY_NUMBER,
    ON_PRINTED,
    ON_RANKING,
    OVER_ALL_SETS,
    USE_LISTED,
    Claim,
)
from ednag.sources.registry import Source
from ednag.sources.sizes import size_in_words
from ednag.stages import EVIDENCE
from ednag.study.artefacts import ARTEFACTS, Artefact
from ednag.study.configuration import protocols_of, seeds_of
from ednag.study.plan import PAPER, Plan
from ednag.tables import is_predicted

#: What a claim is told of that no run can decide.
_NEVER = {"not-comparable", "unavailable"}


@dataclass(frozen=True)
class Subject:
    """What can be evaluated.

    Attributes:
        name: A claim's id; of a file its path without suffix and without `results/evidence/` or
            `results/`.
        kind: claim, table, figure or page.
        title: What it says.
        files: Artefact -> the files to make: those that a claim is judged from, or its own formats.
        hindrance: Why this study cannot make it here; "" if it can.
        needs: Ids of the sources that it needs, where a claim names them.
        claim: The claim; None for a file. On a space alone, it is placed on a dataset.
    """

    name: str
    kind: str
    title: str
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    hindrance: str = ""
    needs: tuple[str, ...] = ()
    claim: Claim | None = None

    @property
    def paths(self) -> tuple[str, ...]:
        """All its files, once."""
        return tuple(dict.fromkeys(file for files in self.files.values() for file in files))


def subjects_of(plan: Plan, claims: Sequence[Claim]) -> dict[str, Subject]:
    """Name -> subject, of a study on this machine: claims first, then files as declared."""
    made = [_of_claim(plan, claim) for claim in claims]
    for artefact in ARTEFACTS:
        if artefact.is_shown and artefact.audited:
            made += [_of_file(artefact, place) for place in plan.places(artefact)]
    return {each.name: each for each in made}


def name_of(path: str) -> str:
    """The name of a file, from its path in any format."""
    for suffix in sorted({suffix for each in ARTEFACTS for suffix in each.suffixes if suffix}):
        path = path.removesuffix(f".{suffix}")
    return path.removeprefix(f"{EVIDENCE.folder}/").removeprefix("results/")


def _of_file(artefact: Artefact, place: Mapping[str, object]) -> Subject:
    files = tuple(artefact.path(suffix, **place) for suffix in artefact.suffixes)
    where = ", ".join(str(value) for value in place.values())
    title = f"{artefact.title} ({where})" if where else artefact.title
    return Subject(name_of(files[0]), artefact.kind.value, title, {artefact.name: files})


def _of_claim(plan: Plan, claim: Claim) -> Subject:
    placed = _placed(plan, claim)
    hindrance = _hindrance(plan, placed)
    return Subject(
        claim.id,
        "claim",
        claim.statement,
        {} if hindrance else _files(plan, placed),
        hindrance,
        claim.needs,
        placed,
    )


def _placed(plan: Plan, claim: Claim) -> Claim:
    """A claim on a space, placed as `ednag.evidence.verdicts` does: on the first dataset."""
    if claim.dataset or not claim.space or claim.rule in ON_RANKING | ON_PRINTED | _NEVER:
        return claim
    for space, dataset in plan.searched:
        is_paper = PAPER in protocols_of(plan.study, space, dataset)
        runs = claim.method in plan.methods_on(space, dataset)
        if space == claim.space and is_paper and runs and not is_predicted(space, dataset):
            return claim.model_copy(update={"dataset": dataset})
    return claim


def _hindrance(plan: Plan, claim: Claim) -> str:
    """Why the study cannot test a claim here, "" if it can; what rules raise, before any run."""
    if claim.rule in ON_PRINTED:
        return ""
    if claim.rule in _NEVER:
        return claim.reason or "nothing that runs here decides it"
    place = {"space": claim.space, "dataset": claim.dataset}
    if claim.rule in ON_RANKING:
        if claim.rule == "enumerated":
            return "" if plan.enumerated else "the list of cells is not enumerated"
        if claim.rule == "published-records":
            is_compared = {"space": claim.space} in plan.nar_record_spaces
            return "" if is_compared else "records of NAR are not compared"
        if not any(place.items() <= each.items() for each in plan.searchers):
            return "the ranker does not search there (ranker.datasets, ranker.ranker_seeds)"
        is_small = claim.rule == "searches-find-optimum" and plan.study.ranker.model != "published"
        return "its ranker is not of NAR's size (ranker.model: published)" if is_small else ""
    return _no_runs(plan, claim)


def _no_runs(plan: Plan, claim: Claim) -> str:
    """The same of a claim on runs."""
    here = (claim.space, claim.dataset)
    if here not in plan.searched or PAPER not in protocols_of(plan.study, *here):
        return f"it does not search {'/'.join(filter(None, here))} under protocol {PAPER}"
    if is_predicted(*here):
        return "values there are predicted, not measured"
    if absent := [name for name in claim.methods if name not in plan.methods_on(*here)]:
        return f"it does not run {listed(absent)} there"
    if changed := [name for name in claim.methods if name in plan.changed_methods]:
        return f"it runs {listed(changed)} with other hyper-parameters"
    if claim.rule not in OF_ANY_NUMBER:
        fewest = min(len(seeds_of(plan.study, name)) for name in claim.methods)
        if fewest < MINIMUM_SEEDS:
            return f"it runs {fewest} seeds, and the rule needs {MINIMUM_SEEDS}"
    has_listed = any(each["space"] == claim.space for each in plan.authors_spaces)
    if claim.rule in NEED_LISTED and not (has_listed and here in plan.listed_seeds):
        return "it does not run the authors' seeds (authors_seeds)"
    return ""


def _files(plan: Plan, claim: Claim) -> dict[str, tuple[str, ...]]:
    """Artefact -> the files that a claim is judged from."""
    if claim.rule in ON_PRINTED:
        return {}
    if claim.rule == "enumerated":
        return {"cells_counted": tuple(plan.files("cells_counted"))}
    names = ["summary"]
    if claim.rule == "published-records":
        names = ["nar_records"]
    elif claim.rule in ON_RANKING:
        names = ["ranker_search", "summary"]
    elif claim.rule in NEED_LISTED | USE_LISTED:
        names += ["authors_seeds", "authors_sets"]
    files = {name: tuple(plan.files(name, claim)) for name in names}
    if claim.rule == OVER_ALL_SETS:
        files["authors_sets"] = tuple(plan.files("authors_sets"))
    return files


# --- what is not here -----------------------------------------------------------------------------


def with_all_data(plan: Plan) -> Plan:
    """The plan of the same study where every source is here."""
    return replace(plan, is_here=lambda source: True)


def why_not(subject: Subject, claim: Claim, plan: Plan, registry: Mapping[str, Source]) -> str:
    """One line on a claim that cannot be tested: the data it needs, or what the study lacks."""
    absent = [id for id in subject.needs if not plan.is_here(id)]
    if absent and (claim.rule == "unavailable" or can_test(with_all_data(plan), claim)):
        return f"{subject.name}: {_to_get(absent, registry)}"
    return f"{subject.name}: this study cannot test it: {subject.hindrance}"


def why_not_here(name: str, plan: Plan, registry: Mapping[str, Source]) -> str:
    """One line on a file that the study would make if data were here: that of its datasets."""
    of_space = [each for each in plan.lacking if each.space in name] or plan.lacking
    named = [each for each in of_space if each.dataset in name.split("/")] or of_space
    ids = dict.fromkeys(id for each in named for id in each.sources)
    return f"{name}: {_to_get(list(ids), registry)}"


def _to_get(ids: Sequence[str], registry: Mapping[str, Source]) -> str:
    """`needs data that is not here: a (1.2 MB); next: ednag sources fetch a`."""
    sizes = listed([f"{id} ({size_in_words(registry[id].size)})" for id in ids])
    hidden = [id for id in ids if not registry[id].addresses]
    note = f" ({listed(hidden)}: published nowhere, to be placed by hand)" if hidden else ""
    return f"needs data that is not here: {sizes}; next: ednag sources fetch {' '.join(ids)}{note}"


def can_test(plan: Plan, claim: Claim) -> bool:
    """Whether a study tests a claim."""
    return not _of_claim(plan, claim).hindrance


def number_of_rule(rule: str, subjects: Mapping[str, Subject]) -> int:
    """How many claims of a rule the study tests here."""
    claims = [each.claim for each in subjects.values() if each.claim and not each.hindrance]
    return sum(claim.rule == rule for claim in claims)
