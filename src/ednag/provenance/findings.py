"""Findings of an audit: kinds of faults and notes, in words, each with its next step."""

from collections.abc import Sequence
from dataclasses import dataclass

from ednag.provenance.stages import stage_of
from ednag.stages import STUDY_FILE

#: Kind -> its meaning.
KINDS = {
    "wrong source": "a source does not have the bytes that the registry or sources.lock names",
    "unknown source": "a file in resources is not in the registry",
    "changed": "a file differs from what its job wrote",
    "changed input": "a file of the project differs from what a job read",
    "missing": "a file does not exist",
    "no record": "a file has no record of the job that made it",
    "other bytes read": "a job read other bytes than the job before it wrote",
    "unregistered input": "a job read a file that no job made and that is not registered",
    "made from nothing": "a job that should read data declares no input",
    "circle": "a job read a file made from its own output",
    "broken record": "a record is damaged or was changed after it was written",
    "claimed twice": "two records name the same output",
    "misplaced record": "a record is not that of the job after whose output it is named",
    "incomplete": "files that the study makes were never made",
    "link": "a link leads out of the folder of the study",
    "undeclared read": "a job opened a file that it did not declare",
    "connection": "a job that fetches no source used the network",
    "other code": "a file was made by other code than the current code",
    "code alone": "a file was made from code and a seed only, without data",
    "no commit known": "the commit of the code that made a file is not known",
    "uncommitted code": "a file was made from a checkout with changed tracked files",
    "modules from elsewhere": "a file was made with modules from other folders (PYTHONPATH)",
    "unrecorded": "a file has no record, and no target depends on it",
    "another study": "a file is of a study with other settings, seeds or sources",
    "left over": "a file is no part of the study",
    "no study": "the study that results belong to is not known",
}


@dataclass(frozen=True)
class Finding:
    """One finding of an audit."""

    kind: str  # a key of KINDS
    files: tuple[str, ...]  # names of the files concerned, in the order of the data flow
    explanation: str  # one sentence
    next_step: str = ""  # a command if possible
    fault: bool = True  # whether the audit fails because of it; otherwise it is a note
    others: tuple[str, ...] = ()  # other names that it concerns: readers, records, modules
    first_broken_link: str = ""  # `link` of the earliest fault that the file depends on
    touches: int = 0  # number of targets that depend on the files

    @property
    def file(self) -> str:
        """The first file."""
        return self.files[0]

    @property
    def stage(self) -> str:
        """The stage of the first file; of a record, the stage of its first output."""
        if self.kind in ("broken record", "misplaced record"):
            return stage_of(self.files[1]) if len(self.files) > 1 else "records"
        return stage_of(self.file)

    @property
    def link(self) -> str:
        """Where the chain breaks: `file (stage): kind`, or between two files."""
        if self.kind == "incomplete":
            return self.explanation
        came_from = f"{self.others[0]} -> " if self.kind == "other bytes read" else ""
        return f"{came_from}{self.file} ({self.stage}): {self.kind}"


def short(digest: str) -> str:
    """A checksum as it is shown in sentences."""
    return f"{digest[:12]}..."


def counted(things: Sequence[object], name: str) -> str:
    """The number of things with their name: `2 files`."""
    return f"{len(things):,} {name}{'' if len(things) == 1 else 's'}"


def no_study(workflow: str) -> Finding:
    """The note on results without the file of the study that they belong to.

    `workflow`: the call of the workflow; see `Setting.workflow`.
    """
    text = f"{STUDY_FILE} does not exist: whether results are missing or left over is not known"
    return Finding("no study", (STUDY_FILE,), text, workflow, fault=False)
