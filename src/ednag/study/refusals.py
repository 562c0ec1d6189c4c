"""What is refused of a valid study before anything is planned: contradictions and sizes.

The limits are what a machine with 24 GB of memory can plan and summarise. The numbers of runs and
evaluations are known from the study alone; only how many networks are trained depends on which data
is here.
"""

from collections.abc import Sequence
from math import ceil, inf
from pathlib import Path

from ednag.errors import EdnagError
from ednag.files import user_path
from ednag.naming import suggestion
from ednag.sources.places import folder_fault
from ednag.spaces import get_space
from ednag.study import trained
from ednag.study.configuration import (
    Study,
    definition_of,
    method_of,
    methods_on,
    protocols_of,
    seeds_of,
    trained_methods,
)
from ednag.study.ranking import searched_by_rankers
from ednag.study.seeds import format_seeds
from ednag.tables import has_epochs, is_table
from ednag.tables.costs import cost_tables
from ednag.tables.interface import COSTS

#: Jobs of a study. Snakemake needs about 50 KB of memory and 2 ms for each, and prints it.
MOST_JOBS = 20_000
#: Evaluations of all runs: the compiled engine makes about a million a second.
MOST_EVALUATIONS = 10**12
#: Memory of the job that summarises the runs of a benchmark.
MOST_MEGABYTES = 24_000
#: Bytes of a run in memory for each distinct evaluation.
_BYTES = 16
#: Evaluations of each individual in a denoising step.
_EVALUATIONS = 3


def check_folders(study: Study, called: Path) -> None:
    """Raise EdnagError if a folder that a study names is missing, or holds no images.

    Args:
        study: The study.
        called: What relative paths in the study are relative to.
    """
    check_mirrors(study, called)
    if study.own_images:
        from ednag.training.image_files import images_of_classes

        try:
            images_of_classes(user_path(study.own_images, called))
        except EdnagError as error:
            raise EdnagError(f"own_images: {error}") from None


def check_mirrors(study: Study, called: Path) -> None:
    """Raise EdnagError if a mirror that a study names cannot be searched."""
    for position, folder in enumerate(user_path(named, called) for named in study.mirrors):
        if fault := folder_fault(folder):
            raise EdnagError(
                f"mirrors[{position}]: {folder} cannot be searched ({fault}); name a folder that "
                "is here, or leave it out"
            )


def refuse_contradictions(study: Study, searched: Sequence[tuple[str, str]]) -> None:
    """Raise EdnagError where keys of a study contradict each other.

    Args:
        study: The study.
        searched: (space, dataset) that are searched here.
    """
    for space, dataset in searched:
        for protocol in protocols_of(study, space, dataset):
            definition = definition_of(study, space, dataset).protocols[protocol]
            for name in methods_on(study, space, dataset):
                method_of(study, name).read_hyperparameters({}, get_space(space), definition)
    _check_checkpoints(study, searched)
    _check_datasets(study)
    _check_spaces(study)
    _check_costs(study)
    for space, dataset in trained.trained_places(searched):
        _check_top_k(study, methods_on(study, space, dataset), f"{space}/{dataset}")


def _check_checkpoints(study: Study, searched: Sequence[tuple[str, str]]) -> None:
    """No method is compared at more evaluations than every run ends with."""
    most = max((n for place in searched for n in _evaluations(study, *place).values()), default=inf)
    highest = study.statistics.checkpoints[-1]
    if highest > most:
        raise EdnagError(
            f"statistics.checkpoints: {highest} is more than the {most} evaluations that a run of "
            f"this study can make; give numbers up to {most}, or raise budget"
        )


def _check_datasets(study: Study) -> None:
    """Datasets that a part of the study is limited to are among those of the study."""
    searched = dict.fromkeys(
        name
        for benchmarks in (study.benchmarks, study.if_present)
        for names in benchmarks.values()
        for name in names
    )
    limits = {
        f"methods[{position}].datasets": entry.datasets or ()
        for position, entry in enumerate(study.methods)
    }
    for place, names in {**limits, "ranker.datasets": study.ranker.datasets}.items():
        for position, name in enumerate(names):
            if name not in searched:
                raise EdnagError(
                    f"{place}[{position}]: the study does not search {name}"
                    f"{suggestion(name, searched)}; or add it to benchmarks"
                )
    for position, entry in enumerate(study.methods):
        kind = entry.as_method.further
        for name in entry.datasets or () if kind else ():
            named = (*study.benchmarks, *study.if_present)
            spaces = (space for space in named if is_table(space, name))
            if not any(entry.table_read(space, name) for space in spaces):
                which = f"with {entry.cost}" if entry.cost else f"{kind} beside that of the dataset"
                raise EdnagError(
                    f"methods[{position}].datasets: {entry.id} reads a table {which}, and nobody "
                    f"has one of {name}; leave {name} out"
                )


def _check_spaces(study: Study) -> None:
    """Methods that a study names can search some space of it."""
    spaces = list(dict.fromkeys((*study.benchmarks, *study.if_present)))
    for position, entry in enumerate(study.methods if "methods" in study.model_fields_set else ()):
        if not any(map(entry.is_run_in, spaces)):
            own = entry.spaces or entry.as_method.spaces or ()
            raise EdnagError(
                f"methods[{position}]: {entry.id} searches {', '.join(own)}, and the study "
                f"{', '.join(spaces)}; leave {entry.id} out, or add a benchmark of its space"
            )


def _check_costs(study: Study) -> None:
    """Costs that a study names are columns of tables that its datasets have, or beside them."""
    named = [(space, name) for space, names in study.benchmarks.items() for name in names]
    named += [(space, name) for space, names in study.if_present.items() for name in names]
    places = [place for place in named if not has_epochs(*place)]
    known = list(dict.fromkeys(cost for place in places for cost in cost_tables(*place)))
    asked = {f"costs.names[{place}]": name for place, name in enumerate(study.costs.names)}
    if asked and not known:
        raise EdnagError(
            f"costs: no dataset of the study has a cost, or a table of {COSTS} costs beside it; "
            "leave costs out, or add one that has, such as nasbench201: [cifar10]"
        )
    for position, entry in enumerate(study.methods):
        if known and entry.cost:
            asked[f"methods[{position}].hyperparameters.cost"] = entry.cost
    for place, name in asked.items():
        if name not in known:
            raise EdnagError(f"{place}: unknown cost {name!r}{suggestion(name, known)}")


def _check_top_k(study: Study, methods: Sequence[str], place: str) -> None:
    """Searches whose best are trained are searches that are run."""
    chosen = trained_methods(study, methods)
    given = study.top_k.model_fields_set
    absent = [name for name in study.top_k.methods if name not in methods]
    if absent:
        raise EdnagError(
            f"top_k.methods: {place} is not searched by {', '.join(absent)}; name some of "
            f"{', '.join(methods)}"
        )
    for name in chosen:
        run = seeds_of(study, name)
        outside = sorted(set(study.top_k.runs) - set(run))
        if len(outside) == len(study.top_k.runs) or (outside and "runs" in given):
            raise EdnagError(
                f"top_k.runs: {name} does not run the seeds {format_seeds(outside)}; name some of "
                f"{format_seeds(run)}"
            )


def _evaluations(study: Study, space: str, dataset: str) -> dict[str, float]:
    """Method -> evaluations of one run at most; infinite if nothing says how many."""
    protocols = definition_of(study, space, dataset).protocols
    most: dict[str, float] = {}
    for name in methods_on(study, space, dataset):
        method = method_of(study, name)
        most[name] = study.budget
        if method.has_own_end:
            own = [
                method.read_hyperparameters({}, get_space(space), protocols[protocol]).model_dump()
                for protocol in protocols_of(study, space, dataset)
            ]
            steps = [each.get("num_step", inf) * each.get("population_num", inf) for each in own]
            most[name] = _EVALUATIONS * max(steps)
    return most


def refuse_too_large(study: Study, searched: Sequence[tuple[str, str]]) -> None:
    """Raise EdnagError with the numbers if no machine can run a study.

    Args:
        study: The study.
        searched: (space, dataset) that are searched here.
    """
    evaluations = 0.0
    for space, dataset in searched:
        protocols = len(protocols_of(study, space, dataset))
        size = getattr(get_space(space), "size", inf)
        memory = 0.0
        for name, most in _evaluations(study, space, dataset).items():
            runs = len(seeds_of(study, name)) * protocols
            runs += len(study.authors_seeds) if name == "ednag" else 0
            if most < inf:
                evaluations += runs * most
                memory += runs * min(most, size) * _BYTES
        if memory > MOST_MEGABYTES * 1e6:
            raise EdnagError(
                f"seeds: the runs of {space}/{dataset} take up to {memory / 1e9:,.0f} GB of memory "
                f"where they are summarised, and the limit is {MOST_MEGABYTES / 1000:g} GB; lower "
                "seeds, budget, num_step or population_num"
            )
    if evaluations > MOST_EVALUATIONS:
        raise EdnagError(
            f"seeds: the study makes up to {evaluations:,.0f} evaluations, and the limit is "
            f"{MOST_EVALUATIONS:,}; lower seeds, budget, num_step or population_num"
        )
    for keys, jobs in _jobs(study, searched).items():
        if jobs > MOST_JOBS:
            raise EdnagError(
                f"{keys}: make {jobs:,} jobs, and a study has at most {MOST_JOBS:,}; lower them"
            )


def _jobs(study: Study, searched: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Keys -> number of jobs that they make, at most; besides those of run files."""
    places = trained.trained_places(searched)
    small, ranked = study.small_instance, len(searched_by_rankers(study, searched)) + 1
    ranker_seeds = len(study.ranker.seeds) + len(study.ranker.ranker_seeds)
    parts = trained.small_parts(study).values()
    tasks = sum(ceil(len(seeds) / small.block) for seeds, _ in parts)
    return {
        "top_k.runs, k, random and seeds": len(places) * trained.networks_trained(study),
        "ranker.seeds and ranker_seeds": ranked * ranker_seeds if study.ranker.seeds else 0,
        "small_instance.tasks and block": tasks if trained.SMALL_PLACE in searched else 0,
    }
