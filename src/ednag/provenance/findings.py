"""What an audit finds: kinds of faults and notes, in words, each with its next step."""

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ednag.provenance.stages import stage_of

#: Kind -> what it means.
KINDS = {
    "wrong source": "a source does not hold the bytes that the registry or sources.lock names",
    "unknown source": "a file under resources that the registry does not know",
    "changed": "a file is not what its job left",
    "changed input": "a file of the project is not what a job read",
    "missing": "a file is not there",
    "no record": "no record tells how a file was made",
    "other bytes read": "a job read other bytes than the job before it wrote",
    "unregistered input": "a job read a file that is neither made by a job nor registered",
    "made from nothing": "a job that should read data declares no input",
    "circle": "a job read what was made of its own output",
    "broken record": "a record is damaged or was changed after it was written",
    "claimed twice": "two records say that their job wrote the same file",
    "undeclared read": "a job opened a file that it did not declare",
    "connection": "a job that fetches nothing used the network",
    "other code": "a file was made by other code than is here now",
    "code alone": "made of code and a seed alone, from no data",
    "no commit known": "the commit of the code that made a file is not known",
    "uncommitted code": "made from a checkout in which tracked files had changed",
    "modules from elsewhere": "made with modules from folders such as those of PYTHONPATH",
    "unrecorded": "a file without a record that nothing rests on",
}


@dataclass(frozen=True)
class Finding:
    """One thing that an audit found.

    Attributes:
        kind: A key of KINDS.
        files: Names of the files at fault, the earliest in the flow first.
        explanation: What was found, in a sentence.
        next_step: What to do, as a command where one does it.
        fault: Whether the audit fails for it; otherwise it is only noted.
        others: What else it speaks of: readers, records, modules.
        first_broken_link: `link` of the earliest fault that the file rests on.
        touches: Number of targets that rest on it.
    """

    kind: str
    files: tuple[str, ...]
    explanation: str
    next_step: str = ""
    fault: bool = True
    others: tuple[str, ...] = ()
    first_broken_link: str = ""
    touches: int = 0

    @property
    def file(self) -> str:
        """The file at fault."""
        return self.files[0]

    @property
    def stage(self) -> str:
        """The stage of the file at fault; of a record, that of what it claims to have made."""
        if self.kind == "broken record":
            return stage_of(self.files[1]) if len(self.files) > 1 else "records"
        return stage_of(self.file)

    @property
    def link(self) -> str:
        """Where the chain breaks: `file (stage): kind`, or from one file to the next."""
        came_from = f"{self.others[0]} -> " if self.kind == "other bytes read" else ""
        return f"{came_from}{self.file} ({self.stage}): {self.kind}"


def short(digest: str) -> str:
    """A checksum as sentences show it."""
    return f"{digest[:12]}..."


def listed(names: Sequence[str], most: int = 4) -> str:
    """Names in a sentence, the first few of many."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def rerun(names: Iterable[str]) -> str:
    """The command that makes files again, and all that rests on them."""
    quoted = " ".join(shlex.quote(name) for name in names)
    return f"snakemake --cores 2 --forcerun {quoted}"
