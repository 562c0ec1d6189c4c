"""All that `ednag doctor` finds, gathered so that a broken part hides none of the others.

Only the standard library is imported at the top: machines without the project's packages are those
that are asked about most.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ednag.doctor.machine import Machine, look_at_machine, python_fault
from ednag.doctor.packages import Difference, differences, lock_file, pinned_versions
from ednag.errors import EdnagError
from ednag.files import user_path

if TYPE_CHECKING:
    from ednag.doctor.holdings import Mirror
    from ednag.doctor.needs import Needs
    from ednag.doctor.verdict import Verdict
    from ednag.sources.inventory import Holding
    from ednag.sources.obtain import Surroundings
    from ednag.sources.reachability import Reachability
    from ednag.sources.registry import Source
    from ednag.study.configuration import Study


@dataclass(frozen=True)
class StudyDiagnosis:
    """A study file: what it needs and whether it can run, or what is wrong with the file."""

    file: str
    needs: "Needs | None" = None
    verdict: "Verdict | None" = None
    fault: str | None = None


@dataclass
class Diagnosis:
    """What was found. `faults` are what is broken, each with the next step.

    Attributes:
        machine: The machine.
        lock: The file that pins packages; None without one.
        pinned: Number of packages that it asks for here.
        packages: Those that differ from it.
        mirrors: Folders of EDNAG_MIRROR.
        cache: The folder that keeps downloads, its number of files and their bytes.
        servers: Answers of servers; None where none was asked.
        studies: The studies.
        faults: What is broken.
        remarks: What is not broken and should be known.
    """

    machine: Machine
    lock: Path | None = None
    pinned: int = 0
    packages: Sequence[Difference] = ()
    mirrors: "Sequence[Mirror]" = ()
    cache: tuple[Path, int, int] | None = None
    servers: "Sequence[Reachability] | None" = None
    studies: list[StudyDiagnosis] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def diagnose(studies: Sequence[Path], online: bool = False) -> Diagnosis:
    """Look at everything.

    Args:
        studies: Study files.
        online: Whether servers are asked if they answer.
    """
    here = Path.cwd()
    found = Diagnosis(machine=look_at_machine(here, here))
    fault = python_fault(sys.version_info[:3])
    if fault is not None:
        found.faults.append(fault)
    _guarded(found, "packages", lambda: _packages(found))
    _guarded(found, "sources and studies", lambda: _sources(found, studies, online))
    return found


def project_studies() -> list[Path]:
    """config.yaml and config/*.yaml of the current folder, or else of the clone; may be none."""
    clone = Path(__file__).resolve().parents[3]
    for folder in (Path(), clone):
        if (folder / "Snakefile").is_file():
            return [*folder.glob("config.yaml"), *sorted((folder / "config").glob("*.yaml"))]
    return []


def _guarded(found: Diagnosis, what: str, look: Callable[[], None]) -> None:
    """Look; what fails is a fault and hides nothing else."""
    try:
        look()
    except EdnagError as error:
        found.faults.append(f"{what}: {error}")
    except ImportError as error:
        found.faults.append(f"{what} cannot be looked at: {error}; run: make environment")


def _packages(found: Diagnosis) -> None:
    found.lock = lock_file()
    pinned = pinned_versions(found.lock)
    found.pinned, found.packages = len(pinned), differences(pinned)
    if found.packages:
        count = len(found.packages)
        found.faults.append(
            f"{count} package{'s are' if count > 1 else ' is'} not as pinned in {found.lock}; "
            "run: make environment"
        )


def _sources(found: Diagnosis, studies: Sequence[Path], online: bool) -> None:
    from ednag.doctor.holdings import folder_size, look_at_mirrors
    from ednag.sources.obtain import Surroundings
    from ednag.sources.registry import load_registry

    registry, around = load_registry(), Surroundings.of_user()
    found.machine = look_at_machine(Path.cwd(), around.cache)
    found.mirrors = look_at_mirrors(around.mirrors, registry, around.lock)
    for mirror in found.mirrors:
        if not mirror.exists:
            found.remarks.append(
                f"EDNAG_MIRROR: the folder {mirror.folder} does not exist or cannot be read; "
                "correct the variable"
            )
        for id, size in (mirror.wrong or {}).items():
            found.remarks.append(
                f"{mirror.folder}: {registry[id].file} has {size:,} bytes, which is not {id}; "
                "it will be passed over"
            )
    found.cache = (around.cache, *folder_size(around.cache))
    if online:
        from ednag.sources.reachability import reach_all

        found.servers = reach_all(registry.values())
        found.remarks += _silent(found.servers)
    _studies(found, studies, registry, around)


def _silent(servers: "Sequence[Reachability]") -> list[str]:
    """What to know of servers that do not answer."""
    silent = [each for each in servers if not each.reached]
    if silent and len(silent) == len(servers):
        return ["no server answers; how to do without: docs/data.md, A cluster without network"]
    found = []
    for each in silent:
        named, more = ", ".join(each.sources[:3]), len(each.sources) - 3
        rest = f" and {more} more" if more > 0 else ""
        found.append(f"{each.server} does not answer; it holds {named}{rest}")
    return found


def _studies(
    found: Diagnosis,
    studies: Sequence[Path],
    registry: "dict[str, Source]",
    around: "Surroundings",
) -> None:
    from dataclasses import replace

    from ednag.sources.inventory import take_stock
    from ednag.sources.places import folder_fault
    from ednag.study.configuration import load_study

    for path in studies:
        try:
            study = load_study(path)
            mirrors = tuple(user_path(folder) for folder in study.mirrors)
            for folder in mirrors:
                if fault := folder_fault(folder):
                    found.remarks.append(f"{path}: mirrors: {folder} cannot be searched ({fault})")
            wider = replace(around, mirrors=(*mirrors, *around.mirrors))
            stock = {each.source.id: each for each in take_stock(registry, wider)}
            found.studies.append(_study(found.machine, path, study, stock))
        except EdnagError as error:
            found.studies.append(StudyDiagnosis(str(path), fault=str(error)))
            found.faults.append(str(error))


def _study(
    machine: Machine, path: Path, study: "Study", stock: "dict[str, Holding]"
) -> StudyDiagnosis:
    from ednag.doctor.needs import needs_of
    from ednag.doctor.verdict import judge

    needs = needs_of(study, stock, Path("resources"))
    return StudyDiagnosis(str(path), needs, judge(study, str(path), needs, machine))
