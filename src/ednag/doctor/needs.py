"""What a study needs, read from its configuration and the registry: nothing is run or fetched."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from ednag.files import user_path
from ednag.sources.inventory import Holding, State
from ednag.sources.registry import Source, find_source
from ednag.study.configuration import Study
from ednag.study.downloads import what_is_left_out
from ednag.study.plan import plan_of
from ednag.study.refusals import refuse_contradictions, refuse_too_large
from ednag.study.trained import networks_trained, training_hours
from ednag.tables.memory import megabytes_to_read
from ednag.training.places import IMAGE_SOURCES

#: Bytes of results, figures and logs: of a study without runs, and of each run. Rounded up from the
#: default study (10,212 runs, 92 MB) and config/tables.yaml (46,540 runs, 314 MB).
_BYTES_OF_A_STUDY, _BYTES_OF_A_RUN = 30_000_000, 6_500
#: Bytes of memory of the largest job that neither trains registered images nor reads a large file:
#: `ednag run`, 1,057 MB.
BYTES_OF_A_JOB = 1_100_000_000


@dataclass(frozen=True)
class TrainingNeeds:
    """What training on registered images takes.

    Attributes:
        networks: Trainings, at most.
        core_hours: Hours of all of them on one core, by times measured on another machine.
        memory: Bytes of the largest of these jobs.
    """

    networks: int
    core_hours: float
    memory: int


@dataclass(frozen=True)
class Needs:
    """What a study needs here.

    Attributes:
        sources: Ids of all source files that it reads.
        download: Those that must be fetched, with their bytes; None where nobody says.
        download_size: Least bytes of what must be fetched; an unknown size counts as the
            `least_size` of the source.
        unobtainable: Those that are not here and that nobody publishes.
        left_out: What it leaves out because the data is not here, and how to get it; "" if nothing.
        runs: Runs that it makes, at most.
        training: On registered images; None for a study that trains on none.
        disk: Bytes that it writes below its own folder, sources included; more where the size of a
            source is not known.
        memory: Bytes of its largest job.
        own_images: The folder of the user's images; None where it reads none.
    """

    sources: tuple[str, ...]
    download: Mapping[str, int | None]
    download_size: int
    unobtainable: tuple[str, ...]
    left_out: str
    runs: int
    training: TrainingNeeds | None
    disk: int
    memory: int
    own_images: Path | None

    @property
    def unknown_sizes(self) -> int:
        """Number of files that must be fetched and whose size nobody says."""
        return sum(size is None for size in self.download.values())


def needs_of(study: Study, file: str, stock: Mapping[str, Holding], resources: Path) -> Needs:
    """What a study needs.

    Args:
        study: The study.
        file: Where it was read from.
        stock: Source id -> how it stands here.
        resources: The folder where the workflow keeps verified sources, which need not exist.

    Raises:
        EdnagError: The study is refused; see `refuse_contradictions`.
    """
    plan = plan_of(study, stock, resources.parent)
    refuse_too_large(study, plan.searched)
    refuse_contradictions(study, plan.searched)
    sources = plan.sources
    absent = [
        holding
        for holding in (_holding(stock, id) for id in sources)
        if holding.path is None
        and not (resources / holding.source.id / holding.source.file).is_file()
    ]
    runs, training = plan.number_of_runs(), _training(study, plan.searched)
    copies = sum(_least_size(_holding(stock, id).source) for id in sources)
    registry = {id: holding.source for id, holding in stock.items()}
    missing = [holding.source for holding in absent if holding.state is State.MISSING]
    return Needs(
        sources=sources,
        download={source.id: source.size for source in missing},
        download_size=sum(map(_least_size, missing)),
        unobtainable=tuple(h.source.id for h in absent if h.state is State.UNOBTAINABLE),
        left_out=what_is_left_out(plan, registry, f"ednag sources fetch --study {quote(file)}"),
        runs=runs,
        training=training,
        disk=_BYTES_OF_A_STUDY + runs * _BYTES_OF_A_RUN + copies,
        memory=max(
            BYTES_OF_A_JOB,
            training.memory if training else 0,
            megabytes_to_read(sources) * 1_000_000,
        ),
        own_images=user_path(study.own_images)
        if plan.own_features or plan.own_small_features
        else None,
    )


def _least_size(source: Source) -> int:
    """Bytes of a source; where they are not known, the least that its file must have."""
    return source.size or source.least_size or 0


def _holding(stock: Mapping[str, Holding], id: str) -> Holding:
    """How a source stands; raises EdnagError where the registry has none of that name."""
    find_source({known: holding.source for known, holding in stock.items()}, id)
    return stock[id]


def _training(study: Study, searched: list[tuple[str, str]]) -> TrainingNeeds | None:
    """What training on registered images takes, by the times that its jobs ask for."""
    places = [place for place in searched if place in IMAGE_SOURCES]
    if not places:
        return None
    # Here: they import torch, which takes seconds, and few studies train.
    from ednag.training.cost import ONE_CORE, megabytes_of_a_job
    from ednag.training.image_tasks import image_task

    hours = sum(training_hours(study, *place, ONE_CORE[place[0]])[0] for place in places)
    images = study.training.images
    memory = max(megabytes_of_a_job(image_task(*place), images) for place in places)
    return TrainingNeeds(networks_trained(study) * len(places), hours, memory * 1_000_000)
