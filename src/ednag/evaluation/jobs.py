"""Jobs of the workflow: which ones some files need, and running them."""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ednag.errors import EdnagError, shown
from ednag.study.running import JOBS

#: Snakemake's line on how far it is.
_PROGRESS = re.compile(r"\d+ of \d+ steps")


@dataclass(frozen=True)
class Job:
    """A job of Snakemake's DAG.

    Attributes:
        rule: Name of its rule.
        outputs: Paths relative to the folder of the study.
        needs: Positions of the jobs that it waits for.
        pending: Whether Snakemake would run it now.
    """

    rule: str
    outputs: tuple[str, ...]
    needs: tuple[int, ...]
    pending: bool


def needed_jobs(jobs: Sequence[Job], files: Sequence[str]) -> list[Job]:
    """The jobs behind some files, with positions among themselves."""
    maker = {file: number for number, job in enumerate(jobs) for file in job.outputs}
    waiting, reached = [maker[file] for file in files if file in maker], set[int]()
    while waiting:
        number = waiting.pop()
        if number not in reached:
            reached.add(number)
            waiting += jobs[number].needs
    return _among(jobs, reached)


def pending_jobs(jobs: Sequence[Job]) -> list[Job]:
    """Those that would run now, with positions among themselves."""
    return _among(jobs, {number for number, job in enumerate(jobs) if job.pending})


def _among(jobs: Sequence[Job], chosen: Collection[int]) -> list[Job]:
    place = {number: at for at, number in enumerate(sorted(chosen))}
    return [
        replace(jobs[number], needs=tuple(place[n] for n in jobs[number].needs if n in place))
        for number in place
    ]


@dataclass(frozen=True)
class Workflow:
    """The project's workflow on one study.

    Attributes:
        study: The file of the study.
        project: The folder of the Snakefile.
    """

    study: Path
    project: Path

    def jobs(self, files: Sequence[str] = ()) -> list[Job]:
        """The DAG of some files, or of the whole study; nothing runs.

        Raises:
            EdnagError: Snakemake refuses the study or a file.
        """
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "jobs.json")
            status, lines = self._call(["--dry-run", "--quiet", "all"], files, listing=path)
            if status or not path.is_file():
                raise EdnagError(f"snakemake: {shown(lines[-1] if lines else 'no answer')}")
            listed = json.loads(path.read_text(encoding="utf-8"))
        return [
            Job(each["rule"], tuple(each["outputs"]), tuple(each["needs"]), each["pending"])
            for each in listed
        ]

    def make(self, files: Sequence[str], cores: int, say: Callable[[str], None]) -> None:
        """Make files; `say` is called with how many jobs are done, and with all about a failure.

        Raises:
            EdnagError: A job failed, or another call works in the folder.
        """
        quiet = ["--quiet", "host", "reason", "rules"]
        status, lines = self._call(["--cores", str(cores), *quiet], files, say)
        if status:
            for line in lines:
                say(line)
            raise EdnagError("a job failed; its log is above: mend what it names and call again")

    def _call(
        self,
        options: Sequence[str],
        files: Sequence[str],
        say: Callable[[str], None] = lambda line: None,
        listing: Path | None = None,
    ) -> tuple[int, list[str]]:
        """Exit status and lines of Snakemake; progress is said as it comes."""
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        around = {**os.environ, "PATH": programs}
        if listing is not None:
            around[JOBS] = str(listing)
        snakefile = str(self.project / "Snakefile")
        command = [sys.executable, "-m", "snakemake", "--snakefile", snakefile, *options]
        lines = []
        with subprocess.Popen(
            [*command, "--configfile", str(self.study), "--", *files],
            env=around,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            for line in process.stdout or ():
                lines.append(line.rstrip())
                if _PROGRESS.search(line):
                    say(line.strip())
        return process.returncode, lines
