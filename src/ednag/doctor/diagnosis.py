"""The checks of `ednag doctor`. A check that fails does not prevent the others.

Only the standard library is imported at the top of this module, because the package's
dependencies may be missing.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ednag.doctor.machine import Machine, look_at_machine, python_fault
from ednag.doctor.packages import PackageDifference, differences, lock_file, pinned_versions
from ednag.errors import EdnagError

if TYPE_CHECKING:
    from ednag.doctor.holdings import Mirror
    from ednag.doctor.needs import Needs
    from ednag.doctor.verdict import StudyVerdict
    from ednag.sources.obtain import Surroundings
    from ednag.sources.reachability import Reachability
    from ednag.sources.registry import Source


@dataclass(frozen=True)
class StudyDiagnosis:
    """A study file: its needs and whether it can run, or the fault of the file."""

    file: str
    needs: "Needs | None" = None
    verdict: "StudyVerdict | None" = None
    fault: str | None = None


@dataclass
class Diagnosis:
    """The results of all checks."""

    machine: Machine
    lock: Path | None = None  # the file that pins packages
    pinned: int = 0  # number of packages that it pins on this machine
    packages: Sequence[PackageDifference] = ()  # those that differ from it
    mirrors: "Sequence[Mirror]" = ()
    cache: tuple[Path, int, int] | None = None  # folder of downloads, number of files, bytes
    servers: "Sequence[Reachability] | None" = None  # None if none was asked
    studies: list[StudyDiagnosis] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)  # each with the next step
    remarks: list[str] = field(default_factory=list)


def diagnose(studies: Sequence[Path], online: bool = False) -> Diagnosis:
    """Run all checks on the machine and the study files; `online`: ask servers if they answer."""
    diagnosis = Diagnosis(look_at_machine(Path.cwd(), Path.cwd()))
    if fault := python_fault(sys.version_info[:3]):
        diagnosis.faults.append(fault)
    checks = {
        "packages": lambda: _packages(diagnosis),
        "sources and studies": lambda: _sources(diagnosis, studies, online),
    }
    for subject, check in checks.items():
        try:
            check()
        except EdnagError as error:
            diagnosis.faults.append(f"{subject}: {error}")
        except ImportError as error:
            fault = f"{subject} cannot be checked: {error}; run: make environment"
            diagnosis.faults.append(fault)
    return diagnosis


def project_studies() -> list[Path]:
    """config.yaml and config/*.yaml of the current folder, or else of the clone; may be empty."""
    clone = Path(__file__).resolve().parents[3]
    for folder in (Path(), clone):
        if (folder / "Snakefile").is_file():
            return [*folder.glob("config.yaml"), *sorted((folder / "config").glob("*.yaml"))]
    return []


def _packages(diagnosis: Diagnosis) -> None:
    diagnosis.lock = lock_file()
    pinned = pinned_versions(diagnosis.lock)
    diagnosis.pinned, diagnosis.packages = len(pinned), differences(pinned)
    if diagnosis.packages:
        count = len(diagnosis.packages)
        diagnosis.faults.append(
            f"{count} package{'s are' if count > 1 else ' is'} not as pinned in {diagnosis.lock}; "
            "run: make environment"
        )


def _sources(diagnosis: Diagnosis, studies: Sequence[Path], online: bool) -> None:
    from ednag.doctor.holdings import folder_size, look_at_mirrors
    from ednag.own_code import search_in
    from ednag.sources.obtain import Surroundings
    from ednag.sources.registry import load_registry

    for path in studies:
        search_in(path.parent)
    registry, around = load_registry(), Surroundings.of_user()
    diagnosis.machine = look_at_machine(Path.cwd(), around.cache)
    diagnosis.mirrors = look_at_mirrors(around.mirrors, registry, around.lock)
    for mirror in diagnosis.mirrors:
        if not mirror.exists:
            diagnosis.remarks.append(
                f"EDNAG_MIRROR: the folder {mirror.folder} does not exist or cannot be read; "
                "correct the variable"
            )
        for id, size in mirror.wrong.items():
            diagnosis.remarks.append(
                f"{mirror.folder}: {registry[id].file} has {size:,} bytes, which is not {id}; "
                "it is ignored"
            )
    diagnosis.cache = (around.cache, *folder_size(around.cache))
    if online:
        from ednag.sources.reachability import reach_all

        diagnosis.servers = reach_all(registry.values())
        diagnosis.remarks += _silent(diagnosis.servers)
    for path in studies:
        try:
            diagnosis.studies.append(_study(diagnosis, path, registry, around))
        except EdnagError as error:
            diagnosis.studies.append(StudyDiagnosis(str(path), fault=str(error)))
            diagnosis.faults.append(str(error))


def _silent(servers: "Sequence[Reachability]") -> list[str]:
    """Remarks on servers that do not answer."""
    silent = [each for each in servers if not each.reached]
    if silent and len(silent) == len(servers):
        return ["no server answers; to work without: docs/data.md, A cluster without network"]
    remarks = []
    for each in silent:
        first, more = ", ".join(each.sources[:3]), len(each.sources) - 3
        rest = f" and {more} more" if more > 0 else ""
        remarks.append(f"{each.server} does not answer; it has {first}{rest}")
    return remarks


def _study(
    diagnosis: Diagnosis, path: Path, registry: "dict[str, Source]", around: "Surroundings"
) -> StudyDiagnosis:
    from ednag.doctor.needs import needs_of
    from ednag.doctor.verdict import judge
    from ednag.study.configuration import load_study
    from ednag.study.plan import stock_of
    from ednag.study.refusals import check_mirrors

    study = load_study(path)
    try:
        check_mirrors(study, Path.cwd())
    except EdnagError as error:
        raise EdnagError(f"{path}: {error}") from None
    needs = needs_of(study, str(path), stock_of(study, registry, around), Path("resources"))
    return StudyDiagnosis(str(path), needs, judge(study, str(path), needs, diagnosis.machine))
