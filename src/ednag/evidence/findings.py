"""The page of findings: templates of sentences, and the computed numbers that fill them.

A test ensures that the templates have no digits but those of names. Where the study lacks the
numbers of a sentence, another sentence says what is missing. The first paragraph, and the last one
before the first heading, are also on the front page of the report.
"""

from collections.abc import Mapping, Sequence

import pandas as pd

from ednag.evidence.claim_rules import corrected_sets
from ednag.evidence.claims import EDNAG, MINIMUM_SEEDS, Claim
from ednag.evidence.comparison import BETTER, EQUIVALENT, UNDECIDED, WORSE, budget_of
from ednag.evidence.predictor_sentences import sentences_on
from ednag.evidence.record import PAPER, StudyRecord, drawn_note
from ednag.evidence.standing import Standing, standing_of
from ednag.evidence.statistics import (
    finite,
    mean_interval,
)
from ednag.evidence.summaries import BEST_AFTER, DISTINCT
from ednag.evidence.verdicts import VERDICTS, ClaimVerdict, counts
from ednag.evidence.verdicts_page import apart_text, own_claims_text
from ednag.evidence.writing import (
    NO_VALUE,
    counted,
    enumerated,
    interval_text,
    markdown_table,
    rounded,
)
from ednag.methods import get_method
from ednag.study.comparisons import FEWEST_DATASETS, subject_of
from ednag.tables import get_definition, get_reported_metric

#: Name -> Markdown with named fields. Only names such as NAS-Bench-201 have digits.
TEMPLATES = {
    "rank": "At equal numbers of evaluated architectures, {subject} has mean rank {rank:.1f} among "
    "{methods} over {datasets}; the lowest rank is the best. A test says that {better}, and that "
    "it beats {worse}.",
    "rank_few": "At equal numbers of evaluated architectures, {subject} has mean rank {rank:.1f} "
    "among {methods} over {datasets}; the lowest rank is the best. That is too few datasets for a "
    "test, which needs {fewest}.",
    "ranking": "## How the methods are ranked\n\nMean ranks: {names}. Methods are ranked by the "
    "mean of the best value seen within {budget}.{by_space}{test}{not_counted}{not_compared}"
    "{left_out}",
    "ranking_by_space": " The datasets are of {spaces}, and those of one space share its "
    "architectures: they are not independent, and tests that take them so find too much rather "
    "than too little.{names}",
    "ranking_one_vote": " With each space counted once, the mean of its datasets first, mean ranks "
    "are: {names}.",
    "ranking_test": " Test: Friedman's ({p}), then each method against {subject} by its mean rank, "
    "corrected by Holm, at {level:g} %. The figure of ranks compares all pairs of methods, and so "
    "tells fewer of them apart.",
    "rank_left_out": " Not ranked, because they have another number of seeds, lack a dataset, were "
    "tuned on one, or have drawn at random only within the budget: {names}.",
    "rank_not_counted": " Not counted, because a dataset before them measures the same in the same "
    "space: {names}.",
    "rank_not_compared": " Not counted, because most runs of {subject} end before the smallest "
    "compared budget: {names}.",
    "rank_budgets": "{low} to {high} distinct evaluations, on each dataset the largest compared "
    "budget that at least every second run of {subject} spends",
    "rank_none": "This study ranks {subject} among no other method: that needs {subject} and "
    "another method with as many seeds, on a dataset with measured values, under protocol *paper*.",
    "asked": "Computed from {runs} under protocol *paper*, where the search sees the metric that "
    "is reported, as in the reference implementation: {methods} on {benchmarks}, seeds "
    "{seeds}{few}. Nobody selected the seeds. Other protocols are in the tables, not here. "
    "Intervals: {level} %.",
    "seeds_fewer": " ({names}: fewer)",
    "claims": "## What became of the paper's claims\n\n{table}",
    "datasets": "## Dataset by dataset\n\nWhat {subject} reports at its own end, and all other "
    "methods of the study compared with it at an equal budget of distinct evaluations: how many "
    "are better, how many worse, how many equivalent in practice (means differ by less than "
    "{region:g}), and how many undecided (Mann and Whitney's test, corrected by Holm, as in the "
    "tables of comparisons). Of the evaluations of a run, some are of no architecture (invalid), "
    "and some are repeats.\n\n{table}",
    "datasets_none": "## Dataset by dataset\n\nThis study does not run {subject} under protocol "
    "*paper*.",
    "drawn": "\n\nOn {names} an evaluation draws one of several trainings. Means here are over "
    "the trainings of an architecture; the reference reports the value drawn.",
    "states": "\n\n{odd} of {runs} of {subject} did not complete ({states}).",
    "others": "\n\nNo claim of the paper is about {titles}.",
    "seeds": "## The authors' seeds\n\nOn {rare} of {sets} the values that the authors list are "
    "better than unselected seeds explain (permutation test, corrected by Holm over these "
    "datasets). The rarest is {rarest}: {chance:.3f} % of equally large sets of unselected seeds "
    "are as good (interval {low:.3f} to {high:.3f} %). Of the {listed}, {same} are ours for the "
    "same seed.",
    "seeds_few": "## The authors' seeds\n\nOf the {listed} in the authors' comments, {same} are "
    "ours for the same seed. How rare the listed sets are cannot be told from {seeds}; {least} "
    "are needed.",
    "seeds_none": "## The authors' seeds\n\nThis study does not run them (the key `authors_seeds` "
    "of the configuration does, on the paper's benchmarks).",
    "predictor": "## What the meta-predictor is worth\n\n{text}",
    "missing": "## What could not be searched\n\nConfigured, but without their files:\n\n{rows}",
    "missing_row": "- **{benchmark}**: {commands}.",
}

#: Prefix of the ids of the paper's claims -> what they claim.
GROUPS = {
    "cell": "the mean that EDNAG reaches",
    "always-optimal": "the best architecture in every run",
    "beats-random": "better than random search",
    "beats-regularised": "better than regularised evolution",
    "quality": "best, mean and worst of what one run generates",
    "validity": "all that is generated is valid",
    "mapping": "what the energy mapping gains",
    "fewer-steps": "fewer denoising steps are worse",
    "seeds-mean": "the printed mean is that of the authors' listed values",
    "seeds-sd": "the printed SD is that of the authors' listed values",
    "seeds-values": "the listed seeds give the listed values",
    "gain": "what EDNAG gains over DiffusionNAG",
    "coreset-gain": "what the coreset gains",
    "speed": "how much faster EDNAG is",
    "cost": "GPU hours",
    "archs": "trained architectures that EDNAG needs",
    "predictor": "correlation of the predictor",
    "room-layout": "better on room layout",
    "steps": "denoising steps",
}


def _fill(name: str, **fields: object) -> str:
    return TEMPLATES[name].format_map(fields)


def findings_page(
    record: StudyRecord,
    claims: Sequence[Claim],
    verdicts: Sequence[ClaimVerdict],
    missing: Mapping[tuple[str, str], Sequence[str]] | None = None,
    predictor: pd.DataFrame | None = None,
    title: str = "",
) -> str:
    """The page as Markdown; without `claims`, nothing is said of the papers.

    `missing` maps a (space, dataset) that the study could not search to ids of absent sources;
    `predictor` is of `ednag.evidence.predictions.quality_table`; `title` is that of the study.
    """
    methods = list(dict.fromkeys(record.summary["method"])) or ["ednag"]
    subject = subject_of(methods)
    standing = standing_of(record.summary, subject, record.statistics.confidence)
    of_claims = [
        f"{own_claims_text(verdicts)} [Every claim with its verdict](verdicts.md).",
        apart_text(verdicts),
    ]
    sections = [
        f"# Findings{f': {title}' if title else ''}",
        _rank(subject, standing),
        *(of_claims if claims else ()),
        _asked(record),
        *([_ranking(subject, standing)] if standing else ()),
        *([_claims(verdicts)] if claims else ()),
        _datasets(subject, record, claims),
        *([_authors(record)] if claims else ()),
        *_predictor(predictor),
        *_missing(missing or {}),
    ]
    return "\n\n".join(sections) + "\n"


def _rank(method: str, standing: Standing | None) -> str:
    """Where a method stands among the methods."""
    subject = get_method(method).title
    if standing is None:
        return _fill("rank_none", subject=subject)
    better, worse = (_several(names, standing) for names in (standing.better, standing.worse))
    return _fill(
        "rank" if standing.is_tested else "rank_few",
        subject=subject,
        rank=standing.rank,
        methods=counted(len(standing.ranks), "method"),
        datasets=counted(standing.datasets, "measured dataset"),
        better=f"{better} {'beat' if len(standing.better) > 1 else 'beats'} it",
        worse=worse,
        fewest=FEWEST_DATASETS,
    )


def _ranking(method: str, standing: Standing) -> str:
    """All mean ranks, and what they are made of."""
    subject = get_method(method).title
    low, high = standing.budgets
    same = f"{low} distinct evaluations"
    again = enumerated([_title(*place) for place in standing.not_counted])
    short = enumerated([_title(*place) for place in standing.not_compared])
    left_out = enumerated([get_method(name).title for name in standing.left_out])
    p = "not defined" if pd.isna(standing.friedman_p) else f"p = {standing.friedman_p:.2g}"
    level = 100 * standing.confidence
    test = _fill("ranking_test", p=p, subject=subject, level=level)
    return _fill(
        "ranking",
        names=_ranked(tuple(standing.ranks), standing),
        budget=same if low == high else _fill("rank_budgets", subject=subject, low=low, high=high),
        by_space=_by_space(standing) if standing.spaces < standing.datasets else "",
        test=test if standing.is_tested else "",
        left_out=_fill("rank_left_out", names=left_out) if left_out else "",
        not_counted=_fill("rank_not_counted", names=again) if again else "",
        not_compared=_fill("rank_not_compared", subject=subject, names=short) if short else "",
    )


def _by_space(standing: Standing) -> str:
    """What it is where each space counts once."""
    ordered = sorted(standing.by_space.items(), key=lambda each: each[1])
    names = [f"{get_method(name).title} {rank:.1f}" for name, rank in ordered]
    spaces = counted(standing.spaces, "search space")
    several = _fill("ranking_one_vote", names=enumerated(names)) if standing.spaces > 1 else ""
    return _fill("ranking_by_space", spaces=spaces, names=several)


def _several(names: Sequence[str], standing: Standing) -> str:
    """`no method`, or how many with their names and ranks."""
    if not names:
        return "no method"
    return f"{counted(len(names), 'method')} ({_ranked(names, standing)})"


def _ranked(names: Sequence[str], standing: Standing) -> str:
    return enumerated([f"{get_method(name).title} {standing.ranks[name]:.1f}" for name in names])


def _title(space: str, dataset: str) -> str:
    """`CIFAR-10 (nasbench201)`, with the direction of the reported metric if lower is better."""
    higher = get_reported_metric(space, dataset, PAPER).higher_is_better
    direction = "" if higher else ", lower is better"
    return f"{get_definition(space, dataset).title} ({space}{direction})"


def _paper(record: StudyRecord) -> pd.DataFrame:
    return record.summary[record.summary["protocol"] == PAPER]


def _benchmarks(frame: pd.DataFrame) -> list[tuple[str, str]]:
    return list(frame[["space", "dataset"]].drop_duplicates().itertuples(index=False, name=None))


def _on(frame: pd.DataFrame, space: str, dataset: str) -> pd.DataFrame:
    return frame[(frame["space"] == space) & (frame["dataset"] == dataset)]


def _of(method: str, runs: pd.DataFrame) -> pd.DataFrame:
    return runs[runs["method"] == method]


def _asked(record: StudyRecord) -> str:
    """What the study ran."""
    summary = _paper(record)
    seeds = summary.groupby("method", sort=False)["seed"].nunique()
    few = [get_method(str(name)).title for name in seeds.index[seeds < seeds.max()]]
    return _fill(
        "asked",
        runs=counted(len(summary), "run"),
        methods=counted(summary["method"].nunique(), "method"),
        benchmarks=counted(len(_benchmarks(summary)), "dataset"),
        seeds=record.seeds_text,
        few=_fill("seeds_fewer", names=enumerated(few)) if few else "",
        level=f"{100 * record.statistics.confidence:g}",
    )


def _claims(verdicts: Sequence[ClaimVerdict]) -> str:
    """What the paper claims, by subject: how many claims have each verdict, and which fail."""
    rows = []
    for prefix, title in GROUPS.items():
        group = [each for each in verdicts if each.kind == EDNAG and group_of(each.claim) == prefix]
        if group:
            rows.append([title, str(len(group)), *map(str, counts(group).values())])
    head = ["Claim", "Number", *(name.capitalize() for name in VERDICTS)]
    return _fill("claims", table=markdown_table(head, rows))


def group_of(claim: str) -> str:
    """The prefix in GROUPS of a claim's id, the longest one; "" for none."""
    return max((prefix for prefix in GROUPS if claim.startswith(prefix)), key=len, default="")


def _datasets(method: str, record: StudyRecord, claims: Sequence[Claim]) -> str:
    """A table with a row per dataset: a method at its own end, and beside all others."""
    summary, subject = _paper(record), get_method(method).title
    ours = _of(method, summary)
    if ours.empty:
        return _fill("datasets_none", subject=subject)
    groups = [(each, _on(summary, *each)) for each in _benchmarks(ours)]
    rows = [
        [_title(*place), *_own_end(_of(method, group), record), *_at_equal(method, group, record)]
        for place, group in groups
    ]
    text = _fill(
        "datasets",
        region=record.statistics.equivalence,
        subject=subject,
        table=markdown_table([name or subject for name in _DATASET_HEAD], rows),
    )
    claimed = {(claim.space, claim.dataset) for claim in claims}
    others = [_title(*place) for place, _ in groups if claimed and place not in claimed]
    drawn = [_title(*place) for place, group in groups if drawn_note(_of(method, group), "outcome")]
    states = ours["status"][ours["status"] != "completed"].value_counts().sort_index()
    if drawn:
        text += _fill("drawn", names=enumerated(drawn))
    if len(states):
        words = ", ".join(f"{status}: {count}" for status, count in states.items())
        runs = counted(len(ours), "run")
        text += _fill("states", odd=states.sum(), runs=runs, subject=subject, states=words)
    return text + (_fill("others", titles=enumerated(others)) if others else "")


#: Headings of the table of datasets: of a method at its own end, and at an equal budget. "" stands
#: for the method.
_DATASET_HEAD = (
    "Dataset", "Runs", "Mean [interval]", "Best possible", "Found it (%)", "Look-ups", "Distinct",
    "Invalid (%)", "Budget", "", "Others better", "worse", "equivalent", "undecided",
    "Best other",
)  # fmt: skip
#: Decisions on the method, in the order of these headings: others are better where it is worse.
_SIDES = (WORSE, BETTER, EQUIVALENT, UNDECIDED)


def _own_end(runs: pd.DataFrame, record: StudyRecord) -> list[str]:
    """What a method reports on one dataset, and what it asks for."""
    mean = mean_interval(finite(runs["outcome"]), record.statistics.confidence)
    optimum = runs["optimum"].iloc[0]
    found = 100 * runs["found_optimum"].mean() if pd.notna(optimum) else float("nan")
    return [
        str(len(runs)),
        f"{mean.estimate:.2f} {interval_text(mean.low, mean.high)}",
        rounded(float(optimum)),
        rounded(float(found), 0),
        rounded(float(runs["total"].mean()), 0),
        rounded(float(runs["distinct"].mean()), 0),
        rounded(float(100 * runs["invalid"].sum() / runs["total"].sum()), 0),
    ]


def _at_equal(method: str, group: pd.DataFrame, record: StudyRecord) -> list[str]:
    """All other methods on one dataset beside one, after as many distinct evaluations."""
    budget = budget_of(_of(method, group))
    space, dataset, protocol = map(str, group[["space", "dataset", "protocol"]].iloc[0])
    rows = record.comparisons(space, dataset, method)
    rows = rows[(rows["counted"] == DISTINCT) & (rows["budget"] == budget)]
    if rows.empty:
        return [NO_VALUE] * (2 + len(_SIDES) + 1)
    sign = get_reported_metric(space, dataset, protocol).sign
    column = BEST_AFTER[DISTINCT].format(budget)
    means = group.groupby("method", sort=False)[column].mean()
    best = max(rows["against"], key=lambda name: sign * means[name])
    decisions = list(rows["decision"])
    return [
        str(budget),
        rounded(float(means[method])),
        *(str(decisions.count(side)) for side in _SIDES),
        f"{get_method(best).title} ({means[best]:.2f})",
    ]


def _authors(record: StudyRecord) -> str:
    """The authors' seeds among unselected ones."""
    if record.sets.empty or record.seeds.empty:
        return _fill("seeds_none")
    listed = counted(len(record.seeds), "value")
    values = {"same": int(record.seeds["same"].sum()), "listed": listed}
    sets = corrected_sets(record.sets)
    sets = sets[sets["study_seeds"] >= MINIMUM_SEEDS]
    if sets.empty:
        seeds = counted(int(record.sets["study_seeds"].max()), "seed")
        return _fill("seeds_few", **values, seeds=seeds, least=MINIMUM_SEEDS)
    rarest = sets.sort_values(["chance_comment", "space", "dataset"], kind="stable").iloc[0]
    level = 1 - record.statistics.confidence
    return _fill(
        "seeds",
        **values,
        rare=int((sets["p_holm"] < level).sum()),
        sets=counted(len(sets), "dataset"),
        rarest=_title(str(rarest["space"]), str(rarest["dataset"])),
        chance=100 * rarest["chance_comment"],
        low=100 * rarest["chance_comment_low"],
        high=100 * rarest["chance_comment_high"],
    )


def _predictor(table: pd.DataFrame | None) -> list[str]:
    return [] if table is None else [_fill("predictor", text=" ".join(sentences_on(table)))]


def _missing(missing: Mapping[tuple[str, str], Sequence[str]]) -> list[str]:
    rows = [
        _fill(
            "missing_row",
            benchmark=_title(space, dataset),
            commands=", ".join(f"`ednag sources fetch {source}`" for source in sources),
        )
        for (space, dataset), sources in missing.items()
    ]
    return [_fill("missing", rows="\n".join(rows))] if rows else []
