"""The real workflow, run in a folder of its own."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.copies import with_variables

ROOT = Path(__file__).resolve().parents[2]

#: EDNAG in hundredths of a second.
EDNAG = {"id": "ednag", "hyperparameters": {"num_step": 5, "population_num": 10}}
#: Seconds of work, every stage of the DAG.
TINY = {
    "benchmarks": {"nasbench201": ["cifar10-analog"]},
    "ranker": {"seeds": []},
    "seeds": "0-1",
    "block": 1,
    "budget": 20,
    "methods": [EDNAG, "random"],
    "statistics": {"checkpoints": [5, 20], "resamples": 100},
}


@dataclass
class Workflow:
    """A folder in which the project's Snakefile runs on a study of its own.

    Attributes:
        folder: Where the study and its results are.
        project: The folder of the Snakefile.
        study: Name of the study's file.
    """

    folder: Path
    project: Path = ROOT
    study: str = "study.yaml"

    def configure(self, **changes: object) -> None:
        """Write the study: TINY with changes."""
        (self.folder / self.study).write_text(yaml.safe_dump({**TINY, **changes}))

    def command(self, *arguments: str) -> list[str]:
        """The snakemake call."""
        return [
            sys.executable,
            "-m",
            "snakemake",
            "--snakefile",
            str(self.project / "Snakefile"),
            "--directory",
            str(self.folder),
            "--configfile",
            str(self.folder / self.study),
            *arguments,
        ]

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """This environment with some variables more."""
        return with_variables(extra or {})

    def run(
        self, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run snakemake to its end; stdout and stderr together."""
        return subprocess.run(
            self.command("--cores", "2", *arguments),
            env=self.environment(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def results(self) -> dict[str, bytes]:
        """Generated files of results and figures by path, but for records and the report."""
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for top in ("results", "figures")
            for path in sorted((self.folder / top).rglob("*"))
            if path.is_file() and not {"provenance", "report"}.intersection(path.parts)
        }

    def planned(self, *folders: str) -> set[str]:
        """Files below these folders that the workflow would make."""
        told = self.run("--dry-run", "--quiet", "--detailed-summary")
        assert told.returncode == 0, told.stdout
        rows = [line.split("\t") for line in told.stdout.splitlines() if "\t" in line]
        plan = rows[0].index("plan")
        changed = {row[0] for row in rows[1:] if row[plan] != "no update"}
        return {path for path in changed if path.startswith(folders)}

    def ednag(
        self, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """A subcommand of `ednag` in the folder; stdout and stderr together."""
        return subprocess.run(
            [sys.executable, "-m", "ednag", *arguments],
            cwd=self.folder,
            env=self.environment(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )


@pytest.fixture
def workflow(tmp_path: Path) -> Workflow:
    """A folder with the tiny study, nothing run yet."""
    made = Workflow(tmp_path / "study")
    made.folder.mkdir()
    made.configure()
    return made
