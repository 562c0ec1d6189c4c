"""One workflow at a time in a folder, and the jobs that it has."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from ednag.errors import EdnagError
from ednag.files import WITHOUT_LOCKS

#: Variable that names a file: the workflow writes its jobs there.
JOBS = "EDNAG_JOBS"
#: Locks of this process, referenced here because a lock is released when it is collected.
_held: list[Any] = []


def hold_folder(folder: Path) -> None:
    """Lock `folder` for this workflow until its process ends, however it ends.

    Where the file system has no locks, a line on stderr says so and nothing is locked.

    Raises:
        EdnagError: Another workflow runs there, or the lock file cannot be opened.
    """
    from filelock import FileLock, Timeout

    path = folder / ".snakemake" / "running"
    try:
        _held.append(FileLock(path, fallback_to_soft=False).acquire(timeout=0))
    except Timeout:
        raise EdnagError(
            "another workflow runs in this folder; wait for it to end, or stop it"
        ) from None
    except OSError as error:
        if error.errno not in WITHOUT_LOCKS:
            raise EdnagError(
                f"{path} cannot be locked: {error.strerror}; make it writable or delete it"
            ) from None
        print(
            f"this file system has no locks ({error.strerror}): a second workflow in this folder "
            "would not be noticed; do not start one",
            file=sys.stderr,
        )


def write_jobs(dag: Any) -> None:
    """Write the jobs of Snakemake's DAG to the file that JOBS names, if the variable is set.

    A job has its rule, its outputs, the positions of the jobs that it needs, and whether it is
    pending. Snakemake itself lists jobs without their inputs, or inputs without their jobs.
    """
    if JOBS not in os.environ:
        return
    jobs = [job for job in dag.jobs if job.output]
    numbers = {job: number for number, job in enumerate(jobs)}
    listed = [
        {
            "rule": job.rule.name,
            "outputs": [str(file) for file in job.output],
            "needs": [numbers[each] for each in dag.dependencies[job]],
            "pending": dag.needrun(job),
        }
        for job in jobs
    ]
    Path(os.environ[JOBS]).write_text(json.dumps(listed), encoding="utf-8")
